import type { AudioFacts, StemCandidate, StemGroup } from "@audiotricks/audio-preflight";

/** A file of fewer seconds is none. */
const SHORTEST_SECONDS = 5;
/** More files than that are no stems of one piece, and would be compared for nothing. */
const MOST_STEMS = 200;

type FindStems = (files: readonly StemCandidate[], folder: string | null) => StemGroup | null;

/** Stems that were dropped together, and are offered as one unit. */
export interface StemSet extends StemGroup {
  id: string;
}

/** Which unit a file is part of. */
export interface StemMark {
  /** The `id` of one of `stems` or `stemUnits`. */
  set: string;
  name: string | null;
}

interface Place {
  folder: string | null;
  files: Map<string, StemCandidate | null>;
  /** Something is other than when it was last compared. */
  isNew: boolean;
  set: StemSet | null;
  /** Nobody waits any more for what is found here. */
  isLate: boolean;
}

/** `open`: not all that came with it has been looked into; `offered`: a person has to say; `free`: it is no stem, or need not be one. */
export type StemState = "open" | "offered" | "free";

/** Finds stems among files that were dropped together, once all of them have been looked into. */
export interface StemSets {
  /** @param drop Which of the drops it came with, counted. */
  join: (id: string, drop: number, folder: string | null) => void;
  know: (id: string, name: string, audio: AudioFacts | null) => void;
  leave: (id: string) => void;
  /** Compares what can be compared. @returns Whether the sets are others. */
  settle: (find: FindStems) => boolean;
  sets: () => readonly StemSet[];
  of: (id: string) => StemMark | null;
  stateOf: (id: string) => StemState;
  /** Where these were dropped, nothing is offered any more. */
  beLate: (ids: readonly string[]) => void;
  /** A person wants it as one: it is nobody's to find any more. */
  take: (set: string) => StemSet | undefined;
  /** These are none, a person says. */
  dismiss: (set: string) => void;
}

export function createStemSets(): StemSets {
  const places = new Map<string, Place>();
  const placeOf = new Map<string, Place>();
  const dismissed = new Set<string>();
  let marks = new Map<string, StemMark>();
  let sets: readonly StemSet[] = [];

  const gather = () => {
    sets = [...places.values()].flatMap(({ set }) => (set === null || dismissed.has(set.id) ? [] : [set]));
    const all = sets.flatMap(({ id, name, members }) =>
      members.map((member) => [member, { set: id, name }] as const),
    );
    marks = new Map(all);
  };

  return {
    join: (id, drop, folder) => {
      const key = JSON.stringify([drop, folder]);
      const place = places.get(key) ?? { folder, files: new Map(), isNew: true, set: null, isLate: false };
      places.set(key, place);
      place.files.set(id, null);
      place.isNew = true;
      placeOf.set(id, place);
    },
    know: (id, name, audio) => {
      const place = placeOf.get(id);
      if (place === undefined) return;
      const { sampleRate = null, durationSeconds = null, bitDepth = null, cutShort = null } = audio ?? {};
      place.files.set(id, { id, name, sampleRate, durationSeconds, bitDepth, isCutShort: cutShort !== null });
      place.isNew = true;
    },
    leave: (id) => {
      const place = placeOf.get(id);
      placeOf.delete(id);
      place?.files.delete(id);
      if (place !== undefined) place.isNew = true;
    },
    settle: (find) => {
      let hasChanged = false;
      for (const [key, place] of places) {
        if (!place.isNew) continue;
        if (place.files.size === 0) places.delete(key);
        const files = [...place.files.values()].filter((file) => file !== null);
        if (files.length < place.files.size) continue;
        place.isNew = false;
        const group = files.length > MOST_STEMS || place.isLate ? null : find(files, place.folder);
        hasChanged ||= group !== null || place.set !== null;
        place.set = group === null ? null : { ...group, id: key };
      }
      if (hasChanged) gather();
      return hasChanged;
    },
    sets: () => sets,
    of: (id) => marks.get(id) ?? null,
    stateOf: (id) => {
      const place = placeOf.get(id);
      if (place === undefined || place.isLate || place.files.size > MOST_STEMS) return "free";
      if (place.set !== null)
        return sets.includes(place.set) && isNamedIn(place.set, id) ? "offered" : "free";
      const file = place.files.get(id);
      return place.isNew && place.files.size > 1 && mayBe(file ?? null) ? "open" : "free";
    },
    beLate: (ids) => {
      for (const id of ids) {
        const place = placeOf.get(id);
        if (place !== undefined && place.set === null) place.isLate = true;
      }
    },
    take: (id) => {
      const set = sets.find((each) => each.id === id);
      if (set === undefined) return undefined;
      dismissed.add(id);
      gather();
      return set;
    },
    dismiss: (set) => {
      dismissed.add(set);
      gather();
    },
  };
}

function isNamedIn({ members, odd }: StemSet, id: string): boolean {
  return members.includes(id) || odd.some((file) => file.id === id);
}

/** Whether it is worth waiting for what comes with it. */
function mayBe(file: StemCandidate | null): boolean {
  return file === null || (file.sampleRate !== null && (file.durationSeconds ?? 0) >= SHORTEST_SECONDS);
}
