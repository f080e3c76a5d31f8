import type { NotBegun } from "./waiting-files.ts";

/** Names that are said; of more, how many. */
const MOST_NAMES = 3;

/** What had been added and was not begun when the page was left, and what is to be done about it. */
export function describeNotBegun(files: readonly NotBegun[]): string {
  const again = files.filter(({ canRead }) => !canRead);
  const had = `${count(files.length)} had not begun when the page was left`;
  if (again.length === 0) return `${had}: ${namesOf(files)}.`;
  if (again.length === files.length)
    return `${had} and ${files.length === 1 ? "has" : "have"} to be added again: ${namesOf(files)}.`;
  return `${had}; ${again.length.toLocaleString("en")} of them ${again.length === 1 ? "has" : "have"} to be added again: ${namesOf(again)}.`;
}

function count(files: number): string {
  return files === 1 ? "1 file" : `${files.toLocaleString("en")} files`;
}

function namesOf(files: readonly NotBegun[]): string {
  const names = files.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = files.length - names.length;
  return more === 0 ? names.join(", ") : `${names.join(", ")} and ${more.toLocaleString("en")} more`;
}
