/** A file that may be a stem. */
export interface StemCandidate {
  id: string;
  name: string;
  /** `null` where it cannot be told. */
  sampleRate: number | null;
  durationSeconds: number | null;
}

/** Files that were made to be played together. */
export interface StemGroup {
  /** Of the folder, or what their names have in common; `null` where that is nothing. */
  name: string | null;
  sampleRate: number;
  durationSeconds: number;
  /** Those that have this rate and this length, in their order. */
  members: readonly string[];
  /** Files that came with them and differ. */
  odd: readonly OddStem[];
  /** Numbers that are left out where names are numbered: `[3]` of `01 Kick`, `02 Snare`, `04 Bass`. */
  missing: readonly number[];
}

export interface OddStem {
  id: string;
  name: string;
  /** What differs; the rate where both do. `unknown`: neither can be told. */
  differs: "sampleRate" | "duration" | "unknown";
  sampleRate: number | null;
  durationSeconds: number | null;
}

/** One length: exports of one project agree to the sample, and encoders add a frame at most to all of them alike. */
const SAME_LENGTH_SECONDS = 0.005;
/** Loops and samples of a library are as long as each other, too. */
const SHORTEST_SECONDS = 5;
/** Of fewer files, length alone proves nothing. */
const ENOUGH_WITHOUT_NAME = 3;
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
  const alike = mostAlike(files);
  const [first] = alike;
  if (first === undefined || alike.length < 2) return null;
  const isMost = alike.length === files.length || (alike.length >= 3 && alike.length * 2 > files.length);
  const name = lastStep(folder) ?? commonName(alike.map((file) => file.name));
  if (!isMost || (name === null && alike.length < ENOUGH_WITHOUT_NAME)) return null;
  const members = new Set(alike.map(({ id }) => id));
  const { sampleRate, durationSeconds } = first;
  return {
    name,
    sampleRate,
    durationSeconds,
    members: [...members],
    odd: files.filter(({ id }) => !members.has(id)).map((file) => oddOf(file, sampleRate)),
    missing: missingNumbers(files.map((file) => file.name)),
  };
}

type Known = StemCandidate & { sampleRate: number; durationSeconds: number };

/** The largest set of files that agree. */
function mostAlike(files: readonly StemCandidate[]): Known[] {
  const known = files.filter(
    (file): file is Known =>
      file.sampleRate !== null && file.durationSeconds !== null && file.durationSeconds >= SHORTEST_SECONDS,
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

function oddOf({ id, name, sampleRate, durationSeconds }: StemCandidate, wanted: number): OddStem {
  const differs =
    sampleRate === null && durationSeconds === null
      ? "unknown"
      : sampleRate !== null && sampleRate !== wanted
        ? "sampleRate"
        : "duration";
  return { id, name, differs, sampleRate, durationSeconds };
}

function lastStep(folder: string | null): string | null {
  return folder?.split("/").findLast((step) => step !== "") ?? null;
}

/** What all names begin with, up to a whole word. */
function commonName(names: readonly string[]): string | null {
  const [first = "", ...others] = names.map((name) => name.replace(/\.[^.]*$/, ""));
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
