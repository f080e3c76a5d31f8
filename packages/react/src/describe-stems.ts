import { formatBitDepth, formatLength, formatSampleRate } from "./format-audio.ts";
import { joinFacts } from "./join-facts.ts";
import type { StemMark, StemSet } from "./stem-sets.ts";
import type { StemUnit } from "./stem-units.ts";
import { ENGLISH, type Words } from "./words.ts";

/** Of those that do not fit in, the first so many are named. */
const MOST_NAMED = 5;

/** `"Stems of Halo"`. */
export function describeStems({ name }: Pick<StemSet, "name">, words: Words = ENGLISH): string {
  return name === null ? words.say("stems") : words.say("stemsOf", { name });
}

/** `"8 files · 3:41 · 48 kHz"`. */
export function describeStemFacts(set: StemSet, words: Words = ENGLISH): string {
  return joinFacts([
    words.count("stemFiles", set.members.length),
    formatLength(set.durationSeconds, words),
    formatSampleRate(set.sampleRate, words),
  ]);
}

/** One of them: `"stem of Halo"`. */
export function describeStem({ name }: StemMark, words: Words = ENGLISH): string {
  return name === null ? words.say("stem") : words.say("stemOf", { name });
}

/** What is odd about them and what is missing, each a sentence. */
export function describeStemTroubles(
  { odd, missing, unpaired }: StemSet,
  words: Words = ENGLISH,
): readonly string[] {
  const named = odd.slice(0, MOST_NAMED).map((file) => describeOdd(file, words));
  const more = odd.length - named.length;
  const numbers = words.list(
    missing.map((number) => words.number(number)),
    "and",
  );
  return [
    ...named,
    ...(more > 0 ? [words.count("moreOdd", more)] : []),
    ...(missing.length > 0 ? [words.count("missingStems", missing.length, { numbers })] : []),
    ...(unpaired.length > 0
      ? [words.count("unpairedStems", unpaired.length, { names: namesOf(unpaired, words) })]
      : []),
  ];
}

/** How far stems are that are uploaded as one, and what keeps them: a sentence or two. */
export function describeStemUnit(unit: StemUnit, words: Words = ENGLISH): string {
  const { status, size, stored, lost, isShared } = unit;
  if (status === "published") return words.count("stemsPublished", size);
  if (status !== "short")
    return words.count(isShared ? "stemsStoredShared" : "stemsStored", size, {
      stored: words.number(stored),
    });
  const names = namesOf(
    lost.map(({ name }) => name),
    words,
  );
  return words.join(
    words.count("stemsLost", lost.length, { names }),
    words.count("stemsStored", size, { stored: words.number(stored) }),
  );
}

function describeOdd(file: StemSet["odd"][number], words: Words): string {
  const { name, differs, sampleRate, durationSeconds, bitDepth } = file;
  const untold = () => words.say("oddStemUntold", { name });
  const odd = (fact: string) => words.say("oddStem", { name, fact });
  switch (differs) {
    case "unknown":
      return untold();
    case "cutShort":
      return words.say("oddStemShort", { name });
    case "sampleRate":
      return sampleRate === null ? untold() : odd(formatSampleRate(sampleRate, words));
    case "bitDepth":
      return bitDepth === null ? untold() : odd(formatBitDepth(bitDepth, words));
    case "duration":
      return durationSeconds === null ? untold() : odd(formatLength(durationSeconds, words));
  }
}

/** The first few by name, and how many more. */
function namesOf(all: readonly string[], words: Words): string {
  const names = words.list(
    all.slice(0, MOST_NAMED).map((name) => words.name(name)),
    "and",
  );
  const more = all.length - MOST_NAMED;
  return more > 0 ? words.count("namesAndMore", more, { names }) : names;
}
