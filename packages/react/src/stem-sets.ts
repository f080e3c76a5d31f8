import type { AudioFacts, StemCandidate, StemGroup } from "@audiotricks/audio-preflight";

/** More files than that are no stems of one piece, and would be compared for nothing. */
const MOST_STEMS = 200;

type FindStems = (files: readonly StemCandidate[], folder: string | null) => StemGroup | null;

/** Stems that were dropped together, and are offered as one unit. */
export interface StemSet extends StemGroup {
  id: string;
}

/** Which unit a file is part of. */
export interface StemMark {
  /** The `id` of one of `stems`. */
  set: string;
  name: string | null;
}

interface Place {
  folder: string | null;
  files: Map<string, StemCandidate | null>;
  /** Something is other than when it was last compared. */
  isNew: boolean;
  set: StemSet | null;
}

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
  /** The folder it came from. */
  folder: (id: string) => string | null;
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
      const place = places.get(key) ?? { folder, files: new Map(), isNew: true, set: null };
      places.set(key, place);
      place.files.set(id, null);
      place.isNew = true;
      placeOf.set(id, place);
    },
    know: (id, name, audio) => {
      const place = placeOf.get(id);
      if (place === undefined) return;
      const { sampleRate = null, durationSeconds = null } = audio ?? {};
      place.files.set(id, { id, name, sampleRate, durationSeconds });
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
        const group = files.length > MOST_STEMS ? null : find(files, place.folder);
        hasChanged ||= group !== null || place.set !== null;
        place.set = group === null ? null : { ...group, id: key };
      }
      if (hasChanged) gather();
      return hasChanged;
    },
    sets: () => sets,
    of: (id) => marks.get(id) ?? null,
    folder: (id) => placeOf.get(id)?.folder ?? null,
    dismiss: (set) => {
      dismissed.add(set);
      gather();
    },
  };
}
