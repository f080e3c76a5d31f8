import type { NotBegun } from "./waiting-files.ts";
import { ENGLISH, type Words } from "./words.ts";

/** Names that are said; of more, how many. */
const MOST_NAMES = 3;

/** What had been added and was not begun when the page was left, and what is to be done about it. */
export function describeNotBegun(
  files: readonly NotBegun[],
  words: Words = ENGLISH,
): { title: string; detail: string } {
  const again = files.filter(({ canRead }) => !canRead);
  const title = words.count("notBegun", files.length);
  if (again.length === 0) return { title, detail: namesOf(files, words) };
  const names = namesOf(again, words);
  return {
    title,
    detail:
      again.length === files.length
        ? words.say("addAgain", { names })
        : words.count("addSomeAgain", again.length, { names }),
  };
}

function namesOf(files: readonly NotBegun[], words: Words): string {
  const shown = files.slice(0, MOST_NAMES).map(({ name }) => words.name(name));
  const names = shown.join(words.say("listSeparator"));
  const more = files.length - shown.length;
  return more === 0 ? names : words.count("namesAndMore", more, { names });
}
