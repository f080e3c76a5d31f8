import { type FileToAdd, sizeOf } from "./check-files.ts";
import { type Demand, fitInOrder, type Room } from "./fit-in-order.ts";
import { roomsOf } from "./quota-rooms.ts";
import type { QuotaReading, QuotaWatch } from "./quota-watch.ts";

/** Numbers younger than this are taken as they are, in milliseconds. */
const FRESH_MS = 2000;

/** A file that waits for a person to choose; nothing of it has moved. */
export interface ChoiceFile {
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  /** Whether it fits, after those before it that do. */
  fits: boolean;
}

/** Files that were added together and do not all fit what is left of a quota. */
export interface UploadChoice {
  /** In the order in which room is given to them. */
  files: readonly ChoiceFile[];
  /** How many of them fit. */
  fitting: number;
  /** What is left, of every scope that has a limit. */
  rooms: readonly Room[];
  /** The file that was moved last. */
  moved: string | null;
}

interface Held {
  id: string;
  name: string;
  size: number;
  demand: Demand;
  key: string;
  file: FileToAdd;
}

/** Stands before the way in: what fits goes on at once, and where not all does, a person says what goes first. */
export interface ChoosingUploads {
  /** Where files go that somebody adds. */
  take: (files: readonly FileToAdd[]) => void;
  /** Puts a file at another place, counted from 0. */
  move: (id: string, index: number) => void;
  leaveOut: (id: string) => void;
  /** Adds what fits; the rest stays, and may fit later. */
  uploadFitting: () => void;
  cancel: () => void;
  /** The numbers are others. */
  look: () => void;
  /** Whether files wait for numbers, which takes a moment and needs nobody. */
  isBusy: () => boolean;
  /** Files go elsewhere from now on: what waits for numbers goes where it was meant to, and what waits for a person goes nowhere. */
  settle: () => void;
  stop: () => void;
}

export function createUploadChoice(options: {
  quota: Pick<QuotaWatch, "latest" | "ask">;
  /** Whether the companion's rules take it; what they do not is refused at once, where all files are. */
  isAllowed: (file: { name: string; size: number }) => boolean;
  /** Files of this page that are not through, as `keyOf` has them: they will be refused as known, or go on. */
  underWay: () => ReadonlySet<string>;
  /** Unfinished uploads that nobody works on here: their bytes are reserved, and picking the file goes on with it. */
  reserved: () => Promise<readonly { name: string; size: number }[]>;
  add: (files: readonly FileToAdd[]) => void;
  onChange: (choice: UploadChoice | null) => void;
}): ChoosingUploads {
  const { quota, add, onChange } = options;
  let held: readonly Held[] = [];
  let pending: readonly Held[] = [];
  /** Since the last reading. */
  let granted: { since: QuotaReading | null; demand: Demand } = { since: null, demand: NOTHING };
  let count = 0;
  let moved: string | null = null;
  let isDeciding = false;
  let isStopped = false;

  const roomsNow = (): Room[] => {
    const reading = quota.latest();
    if (reading === null) return [];
    const since = granted.since === reading ? granted.demand : NOTHING;
    return roomsOf(reading.quotas, sum([reading.taken, since]));
  };
  const marksOf = (files: readonly Held[]) =>
    fitInOrder(
      files.map(({ demand }) => demand),
      roomsNow(),
    );
  const allFit = (files: readonly Held[]) => marksOf(files).every((fits) => fits);
  const hasFitting = () => marksOf(held).some((fits) => fits);

  const publish = () => {
    if (isStopped) return;
    if (held.length === 0) return onChange(null);
    const marks = marksOf(held);
    onChange({
      files: held.map(({ id, name, size }, index) => ({ id, name, size, fits: marks[index] === true })),
      fitting: marks.filter((fits) => fits).length,
      rooms: roomsNow(),
      moved,
    });
  };
  const grant = (files: readonly Held[]) => {
    const reading = quota.latest();
    const before = granted.since === reading ? granted.demand : NOTHING;
    granted = { since: reading, demand: sum([before, ...files.map(({ demand }) => demand)]) };
    add(files.map(({ file }) => file));
  };
  const hold = (files: readonly Held[]) => {
    held = [...held, ...files];
    publish();
  };

  const decide = async () => {
    if (isDeciding) return;
    isDeciding = true;
    try {
      let reading = await quota.ask();
      while (pending.length > 0 && !isStopped) {
        const files = pending;
        if (reading === null || (!hasFitting() && allFit(files))) {
          pending = [];
          grant(files);
          continue;
        }
        const known = await options.reserved().catch(() => []);
        if (pending !== files) {
          // More were dropped meanwhile, or what waited went its way.
          reading = await quota.ask();
          continue;
        }
        pending = [];
        const priced = withoutReserved(files, known);
        if (!hasFitting() && allFit(priced)) grant(priced);
        else hold(priced);
      }
    } finally {
      isDeciding = false;
      // A listener of the host threw, and others were added meanwhile.
      if (pending.length > 0 && !isStopped) void decide();
    }
  };

  return {
    take: (files) => {
      const here = options.underWay();
      const waiting = new Set([...held, ...pending].map(({ key }) => key));
      const direct: FileToAdd[] = [];
      const asked: Held[] = [];
      for (const file of files) {
        const size = sizeOf(file);
        const name = file.name ?? "";
        const key = keyOf(name, size, modifiedOf(file));
        // Dropped once more while it waits to be chosen: it is there.
        if (waiting.has(key)) continue;
        if (size === null || here.has(key) || !options.isAllowed({ name, size })) direct.push(file);
        else {
          count += 1;
          const demand = { bytes: size, files: 1 };
          asked.push({ id: `choice-${count}`, name, size, key, demand, file });
        }
      }
      if (direct.length > 0) add(direct);
      if (asked.length === 0) return;
      const reading = quota.latest();
      const isUnlimited = reading !== null && roomsOf(reading.quotas, NOTHING).length === 0;
      const isFresh = reading !== null && performance.now() - reading.at < FRESH_MS;
      const isFree = pending.length === 0 && !hasFitting();
      if (isUnlimited || (isFree && isFresh && allFit(asked))) return grant(asked);
      pending = [...pending, ...asked];
      void decide();
    },
    move: (id, index) => {
      const file = held.find((each) => each.id === id);
      if (file === undefined) return;
      const others = held.filter((each) => each !== file);
      held = others.toSpliced(Math.max(0, Math.min(index, others.length)), 0, file);
      moved = id;
      publish();
    },
    leaveOut: (id) => {
      held = held.filter((each) => each.id !== id);
      publish();
    },
    uploadFitting: () => {
      const marks = marksOf(held);
      const going = held.filter((_, index) => marks[index]);
      if (going.length === 0) return;
      held = held.filter((_, index) => !marks[index]);
      moved = null;
      grant(going);
      publish();
    },
    cancel: () => {
      held = [];
      publish();
    },
    look: () => {
      if (held.length > 0) publish();
    },
    isBusy: () => pending.length > 0,
    settle: () => {
      const files = pending;
      pending = [];
      if (files.length > 0) grant(files);
      if (held.length === 0) return;
      held = [];
      publish();
    },
    stop: () => {
      isStopped = true;
      held = [];
      pending = [];
    },
  };
}

const NOTHING: Demand = { bytes: 0, files: 0 };

/** The same file, as far as can be told without reading it. */
export function keyOf(name: string, size: number | null, lastModified: number | null): string {
  return JSON.stringify([name, size, lastModified]);
}

export function modifiedOf({ data }: { data?: unknown }): number | null {
  return data instanceof File ? data.lastModified : null;
}

/** Each unfinished upload pays for one file. */
function withoutReserved(
  files: readonly Held[],
  reserved: readonly { name: string; size: number }[],
): readonly Held[] {
  const left = Map.groupBy(reserved, ({ name, size }) => keyOf(name, size, null));
  return files.map((file) => {
    const paid = left.get(keyOf(file.name, file.size, null))?.pop();
    return paid === undefined ? file : { ...file, demand: NOTHING };
  });
}

function sum(demands: readonly Demand[]): Demand {
  return {
    bytes: demands.reduce((total, { bytes }) => total + bytes, 0),
    files: demands.reduce((total, { files }) => total + files, 0),
  };
}
