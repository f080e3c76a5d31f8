import { formatLength, formatSampleRate } from "./format-audio.ts";
import { joinFacts } from "./join-facts.ts";
import type { StemMark, StemSet } from "./stem-sets.ts";
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
export function describeStemTroubles({ odd, missing }: StemSet, words: Words = ENGLISH): readonly string[] {
  const named = odd.slice(0, MOST_NAMED).map(({ name, differs, sampleRate, durationSeconds }) => {
    const fact =
      differs === "sampleRate" && sampleRate !== null
        ? formatSampleRate(sampleRate, words)
        : durationSeconds === null
          ? null
          : formatLength(durationSeconds, words);
    return fact === null ? words.say("oddStemUntold", { name }) : words.say("oddStem", { name, fact });
  });
  const more = odd.length - named.length;
  const numbers = words.list(
    missing.map((number) => words.number(number)),
    "and",
  );
  return [
    ...named,
    ...(more > 0 ? [words.count("moreOdd", more)] : []),
    ...(missing.length > 0 ? [words.count("missingStems", missing.length, { numbers })] : []),
  ];
}
