import type { NotBegun } from "./waiting-files.ts";

/** Names that are said; of more, how many. */
const MOST_NAMES = 3;

/** What had been added and was not begun when the page was left, and what is to be done about it. */
export function describeNotBegun(files: readonly NotBegun[]): { title: string; detail: string } {
  const again = files.filter(({ canRead }) => !canRead);
  const title = `${files.length === 1 ? "1 file" : `${files.length.toLocaleString("en")} files`} had not begun`;
  if (again.length === 0) return { title, detail: namesOf(files) };
  const which = again.length === files.length ? "" : ` ${again.length.toLocaleString("en")} of them`;
  return { title, detail: `Add${which} again: ${namesOf(again)}` };
}

function namesOf(files: readonly NotBegun[]): string {
  const names = files.slice(0, MOST_NAMES).map(({ name }) => name);
  const more = files.length - names.length;
  return more === 0 ? names.join(", ") : `${names.join(", ")} and ${more.toLocaleString("en")} more`;
}
