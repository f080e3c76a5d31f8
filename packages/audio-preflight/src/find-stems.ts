/** A file that may be a stem. */
export interface StemCandidate {
  id: string;
  name: string;
  /** `null` where it cannot be told. */
  sampleRate: number | null;
  durationSeconds: number | null;
  /** Of what has no such thing, `null` as well. Default: `null`. */
  bitDepth?: number | null;
  /** Whether less of it is there than its header tells of. Default: `false`. */
  isCutShort?: boolean;
}

/** Files that were made to be played together. */
export interface StemGroup {
  /** Of the folder, or what their names have in common; `null` where that is nothing. */
  name: string | null;
  sampleRate: number;
  durationSeconds: number;
  /** Those that have this rate, this length and one bit depth, in their order. */
  members: readonly string[];
  /** Files that came with them and differ. */
  odd: readonly OddStem[];
  /** Numbers that are left out where names are numbered: `[3]` of `01 Kick`, `02 Snare`, `04 Bass`. */
  missing: readonly number[];
  /** What sides of a stereo pair would be called whose other side is there: `["OH R"]` beside `OH L.wav` alone. */
  unpaired: readonly string[];
}

export interface OddStem {
  id: string;
  name: string;
  /** What differs, the first of these. `unknown`: neither rate nor length can be told. */
  differs: "unknown" | "cutShort" | "sampleRate" | "duration" | "bitDepth";
  sampleRate: number | null;
  durationSeconds: number | null;
  bitDepth: number | null;
}

/** One length: exports of one project agree to the sample, and encoders add a frame at most to all of them alike. */
const SAME_LENGTH_SECONDS = 0.005;
/** Loops and samples of a library are as long as each other, too. */
const SHORTEST_SECONDS = 5;
/** Of fewer files, length alone proves nothing. */
const ENOUGH_WITHOUT_NAME = 3;
/** What stems are called, as a word of their name, in any spelling that studios use. */
const STEM_WORD =
  /^(?:kick|kik|bd|snare|snr|sd|hats?|hh|hihats?|toms?|oh|overheads?|room|perc|percussion|drums?|drms|cymbals?|claps?|shaker|tamb|bass|sub|gtrs?|guitars?|acoustic|keys|piano|pno|rhodes|organ|synths?|pads?|strings|brass|horns?|fx|sfx|vox|vocals?|voc|lead|bgvs?|bvs?|choir|adlibs?|harmon(?:y|ies)|music|instrumental|acapella)$/i;
const SHORTEST_NAME = 3;
const MOST_MISSING = 20;

/**
 * Whether files that were dropped together are the stems of one piece: of the same rate and the same length, all of them or most. Songs
 * of an album never are.
 *
 * @param folder The folder they came from; `null` for none.
 * @returns `null` where they are none.
 */
export function findStems(files: readonly StemCandidate[], folder: string | null): StemGroup | null {
  const alike = withOneDepth(mostAlike(files));
  const [first] = alike;
  if (first === undefined || alike.length < 2) return null;
  const isMost = alike.length === files.length || (alike.length >= 3 && alike.length * 2 > files.length);
  const name = lastStep(folder) ?? commonName(alike.map((file) => file.name));
  const isNamed = name !== null || alike.every((file) => isCalledStem(file.name));
  if (!isMost || (!isNamed && alike.length < ENOUGH_WITHOUT_NAME)) return null;
  const members = new Set(alike.map(({ id }) => id));
  const { sampleRate, durationSeconds } = first;
  return {
    name,
    sampleRate,
    durationSeconds,
    members: [...members],
    odd: files.filter(({ id }) => !members.has(id)).map((file) => oddOf(file, first)),
    missing: missingNumbers(files.map((file) => file.name)),
    unpaired: missingSides(files.map((file) => file.name)),
  };
}

type Known = StemCandidate & { sampleRate: number; durationSeconds: number };

/** The largest set of files that agree. */
function mostAlike(files: readonly StemCandidate[]): Known[] {
  const known = files.filter(
    (file): file is Known =>
      file.isCutShort !== true &&
      file.sampleRate !== null &&
      file.durationSeconds !== null &&
      file.durationSeconds >= SHORTEST_SECONDS,
  );
  let best: Known[] = [];
  for (const group of Map.groupBy(known, ({ sampleRate }) => sampleRate).values()) {
    const sorted = group.toSorted((a, b) => a.durationSeconds - b.durationSeconds);
    let start = 0;
    for (const [end, file] of sorted.entries()) {
      while (file.durationSeconds - (sorted[start]?.durationSeconds ?? 0) > SAME_LENGTH_SECONDS) start += 1;
      if (end + 1 - start > best.length) best = sorted.slice(start, end + 1);
    }
  }
  const ids = new Set(best.map(({ id }) => id));
  return known.filter(({ id }) => ids.has(id));
}

/** Those of the bit depth that most have; all of them where no depth is that of most. What is compressed has none. */
function withOneDepth(alike: readonly Known[]): readonly Known[] {
  const deep = alike.filter(({ bitDepth = null }) => bitDepth !== null);
  const most = [...Map.groupBy(deep, ({ bitDepth }) => bitDepth).values()].find(
    (some) => some.length * 2 > deep.length,
  );
  if (most === undefined) return alike;
  const odd = new Set(deep.filter((file) => !most.includes(file)));
  return alike.filter((file) => !odd.has(file));
}

function oddOf(file: StemCandidate, wanted: { sampleRate: number; durationSeconds: number }): OddStem {
  const { id, name, sampleRate, durationSeconds, bitDepth = null } = file;
  return { id, name, differs: differenceOf(file, wanted), sampleRate, durationSeconds, bitDepth };
}

function differenceOf(
  { sampleRate, durationSeconds, isCutShort }: StemCandidate,
  wanted: { sampleRate: number; durationSeconds: number },
): OddStem["differs"] {
  if (sampleRate === null && durationSeconds === null) return "unknown";
  if (isCutShort === true) return "cutShort";
  if (sampleRate !== null && sampleRate !== wanted.sampleRate) return "sampleRate";
  const isAsLong =
    durationSeconds !== null && Math.abs(durationSeconds - wanted.durationSeconds) <= 2 * SAME_LENGTH_SECONDS;
  return isAsLong && sampleRate !== null ? "bitDepth" : "duration";
}

function isCalledStem(name: string): boolean {
  return wordsOf(name).some((word) => STEM_WORD.test(word.replace(/\d+$/, "")));
}

function wordsOf(name: string): string[] {
  return bare(name).split(/[\s._()[\]-]+/);
}

/** Without what says the format. */
function bare(name: string): string {
  return name.replace(/\.[^.]*$/, "");
}

function lastStep(folder: string | null): string | null {
  return folder?.split("/").findLast((step) => step !== "") ?? null;
}

/** What all names begin with, up to a whole word. */
function commonName(names: readonly string[]): string | null {
  const [first = "", ...others] = names.map(bare);
  let length = first.length;
  for (const name of others) {
    while (!name.startsWith(first.slice(0, length))) length -= 1;
  }
  const isWhole = others.every((name) => isEnd(name, length)) && isEnd(first, length);
  const shared = isWhole ? first.slice(0, length) : first.slice(0, length).replace(/[^\s._-]*$/, "");
  const name = shared.replace(/[\s._([-]+$/, "").replace(/^[\s._-]+/, "");
  return name.length >= SHORTEST_NAME ? name : null;
}

function isEnd(name: string, length: number): boolean {
  return (
    length === name.length || /[\s._-]/.test(name[length] ?? "") || /[\s._-]/.test(name[length - 1] ?? "")
  );
}

/** Numbers between the first and the last that no name begins with, where all begin with one of their own. */
function missingNumbers(names: readonly string[]): number[] {
  const numbers = names.map((name) => Number(/^(\d{1,3})(?!\d)/.exec(name)?.[1] ?? Number.NaN));
  const there = new Set(numbers);
  if (numbers.some(Number.isNaN) || there.size < names.length) return [];
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  // From 2 on, the first is missing.
  const start = least === 2 ? 1 : least;
  const missing = Array.from({ length: most - start }, (_, index) => start + index).filter(
    (n) => !there.has(n),
  );
  return missing.length > Math.min(MOST_MISSING, names.length) ? [] : missing;
}

const SIDE = /^(.*[\s._([-])(l|r|left|right)([)\]]?)$/i;

/** The other side of each left or right that stands alone, spelled as this one is. */
function missingSides(names: readonly string[]): string[] {
  const there = new Set(names.map((name) => bare(name).toLowerCase()));
  return names.flatMap((name) => {
    const [, before = "", side = "", after = ""] = SIDE.exec(bare(name)) ?? [];
    const other = OTHER_SIDE[side.toLowerCase()];
    if (other === undefined) return [];
    const isUpper = side === side.toUpperCase();
    const spelled = isUpper
      ? other.toUpperCase()
      : side[0] === side[0]?.toUpperCase()
        ? capital(other)
        : other;
    const wanted = `${before}${spelled}${after}`;
    return there.has(wanted.toLowerCase()) ? [] : [wanted];
  });
}

const OTHER_SIDE: Readonly<Record<string, string>> = { l: "r", r: "l", left: "right", right: "left" };

function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}
