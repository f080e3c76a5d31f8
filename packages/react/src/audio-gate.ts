import type { AudioFacts, AudioFinding, AudioRules, Preflight } from "@audiotricks/audio-preflight";
import { neededFacts } from "./needed-facts.ts";

/** Files that are looked into with one question, and questions under way. */
const BATCH = 16;
const QUESTIONS = 2;
/** How many files that have not begun may be at the engine: the disk is for what is sent, and what is looked into long before is not seen. */
const AHEAD = 200;
/** What a file may take: where uploads wait for it, and where a rule does, or nobody. Milliseconds. */
const TIME_LIMIT_MS = 150;
const LONG_TIME_LIMIT_MS = 10_000;
/** How long uploads wait for files to be looked into where no rule needs it: loading the worker may take longer. Milliseconds. */
const PATIENCE_MS = 1000;

type Module = typeof import("@audiotricks/audio-preflight");

/** What is known of a file's sound. */
export interface KnownAudio {
  /** `null` until it is looked into, and for what could not be. */
  audio: AudioFacts | null;
  /** What is not as it should be, and does not keep it from being uploaded. */
  warnings: readonly AudioFinding[];
}

/** A file, as it is handed to the engine when it may begin. */
interface Held {
  id: string;
}

interface Entry<Item extends Held> {
  item: Item;
  state: "unknown" | "asked" | "known";
  /** It is not waited for any more. */
  isLate: boolean;
  /** It was looked into once more, after the first time had told nothing. */
  isTriedAgain: boolean;
  known: KnownAudio;
  /** Why it is not to be uploaded, among others. */
  findings: readonly AudioFinding[];
}

/** Stands between the list and the engine: what breaks a rule goes no further, and no upload waits for more than its own file. */
export interface AudioGate<Item extends Held> {
  /** Files that were added, in the order in which they are to begin. */
  hold: (items: readonly Item[]) => void;
  /** Files in sight: these are looked into first. */
  see: (ids: readonly string[]) => void;
  of: (id: string) => KnownAudio;
  /** Files may have begun. */
  look: () => void;
  /** It is no longer in the list. */
  remove: (id: string) => void;
  /** The cover in a file, as a square of so many pixels. */
  cover: (file: Blob, options: { bytesRead: number; side: number }) => Promise<ImageBitmap | null>;
  close: () => void;
}

const UNKNOWN: KnownAudio = { audio: null, warnings: [] };

export function createAudioGate<Item extends Held>(options: {
  /** `false`: nothing is looked into. */
  rules: () => AudioRules | false;
  /** A file of the list, with its bytes where they are on this device. */
  file: (id: string) => { name: string; size: number; blob: Blob | null } | undefined;
  /** Whether it still waits for its turn, and would not if there were one. */
  isInLine: (id: string) => boolean;
  /** Whether the engine takes all files at once, as soon as it is given one. */
  isAllAtOnce: () => boolean;
  pass: (items: readonly Item[]) => void;
  refuse: (files: readonly { id: string; findings: readonly AudioFinding[] }[]) => void;
  /** Something was found out of these. */
  onKnown: (ids: readonly string[], module: Module | null) => void;
  load?: () => Promise<Module>;
}): AudioGate<Item> {
  const { rules, file, isInLine, isAllAtOnce, pass, refuse, onKnown } = options;
  const { load = () => import("@audiotricks/audio-preflight") } = options;
  const entries = new Map<string, Entry<Item>>();
  /** In order; those before `head` have been let go. */
  let line: Entry<Item>[] = [];
  let head = 0;
  const passed = new Set<string>();
  let seen: readonly string[] = [];
  let loading: Promise<Module> | null = null;
  let preflight: Preflight | null = null;
  let questions = 0;
  /** Questions that are not waited for any more. */
  let lateQuestions = 0;
  let isClosed = false;

  const loadOnce = async (): Promise<Module | null> => {
    loading ??= load();
    try {
      return await loading;
    } catch {
      // The network may be back for the next file.
      loading = null;
      return null;
    }
  };

  const room = () => Math.max(0, AHEAD - passed.size);
  const next = (count: number) => line.slice(head, head + count);
  const nextBatch = () => {
    const batch = new Set<Entry<Item>>();
    const inSight = seen.flatMap((id) => entries.get(id) ?? []);
    for (const entry of [...inSight, ...next(isAllAtOnce() ? line.length : room())]) {
      if (batch.size < BATCH && entry.state === "unknown") batch.add(entry);
    }
    return [...batch];
  };
  /** In sight, and nothing known: a drive may have been asleep, or the machine busy. */
  const secondLooks = () =>
    seen
      .flatMap((id) => entries.get(id) ?? [])
      .filter(({ state, known, isTriedAgain }) => state === "known" && known.audio === null && !isTriedAgain)
      .slice(0, BATCH);

  const pump = () => {
    while (!isClosed && questions < QUESTIONS) {
      const first = nextBatch();
      const batch = first.length > 0 ? first : secondLooks();
      if (batch.length === 0) return;
      for (const entry of batch) {
        // What is looked into once more has begun, or may.
        if (entry.state === "known") {
          entry.isTriedAgain = true;
          entry.isLate = true;
        }
        entry.state = "asked";
      }
      questions += 1;
      void ask(batch).finally(() => {
        questions -= 1;
        release();
        pump();
      });
    }
  };

  const ask = async (batch: readonly Entry<Item>[]) => {
    const own = rules() || {};
    const needed = neededFacts(own);
    let isLate = false;
    const beLate = () => {
      isLate = true;
      lateQuestions += 1;
      for (const entry of batch) entry.isLate = true;
      releaseLate();
    };
    const timer = needed.length > 0 ? undefined : setTimeout(beLate, PATIENCE_MS);
    const module = await loadOnce();
    const files = batch.map(({ item }) => file(item.id));
    let facts: readonly (AudioFacts | null)[] = [];
    if (module !== null && !isClosed) {
      preflight ??= module.openPreflight();
      const blobs = files.map((each) => each?.blob ?? new Blob());
      const isLong = needed.length > 0 || batch.every(({ isTriedAgain }) => isTriedAgain);
      facts = await preflight.facts(blobs, isLong ? LONG_TIME_LIMIT_MS : TIME_LIMIT_MS);
    }
    clearTimeout(timer);
    if (isLate) lateQuestions -= 1;
    if (isClosed) return;
    for (const [index, entry] of batch.entries()) {
      entry.state = "known";
      const each = files[index];
      if (each === undefined) continue;
      const audio = each.blob === null ? null : (facts[index] ?? null);
      const untold =
        needed.length > 0 ? [{ code: "unknown", severity: "refuse", facts: needed } as const] : [];
      const findings = module?.judgeAudio(audio, each, own) ?? untold;
      // It has begun: what would have kept it back is still worth saying.
      entry.findings = entry.isLate ? [] : findings;
      const warnings = entry.isLate ? findings : findings.filter(({ severity }) => severity === "warn");
      entry.known = { audio, warnings };
    }
    onKnown(
      batch.map(({ item }) => item.id),
      module,
    );
  };

  /** Lets those go that nothing is waited for of, and none before one that was there first. */
  const release = () => {
    if (isClosed) return;
    const isOpen = ({ state, isLate }: Entry<Item>) => state !== "known" && !isLate;
    if (isAllAtOnce() && next(line.length).some(isOpen)) return;
    const start = head;
    while (head < line.length && !isOpen(line[head] as Entry<Item>)) head += 1;
    const going = line.slice(start, head).filter((entry) => entries.get(entry.item.id) === entry);
    if (head === line.length) {
      line = [];
      head = 0;
    }
    const refused = going.filter(isRefused);
    const passing = going.filter((entry) => !isRefused(entry));
    for (const { item } of passing) passed.add(item.id);
    if (passing.length > 0) pass(passing.map(({ item }) => item));
    if (refused.length > 0) refuse(refused.map(({ item, findings }) => ({ id: item.id, findings })));
  };

  /** Nobody answers: as many go as the engine has use for. */
  const releaseLate = () => {
    if (lateQuestions >= QUESTIONS) for (const entry of next(room())) entry.isLate = true;
    release();
  };

  return {
    hold: (items) => {
      if (rules() === false) return pass(items);
      for (const item of items) {
        const entry: Entry<Item> = {
          item,
          state: "unknown",
          isLate: false,
          isTriedAgain: false,
          known: UNKNOWN,
          findings: [],
        };
        entries.set(item.id, entry);
        line.push(entry);
      }
      pump();
    },
    see: (ids) => {
      seen = ids;
      pump();
    },
    of: (id) => entries.get(id)?.known ?? UNKNOWN,
    look: () => {
      for (const id of passed) if (!isInLine(id)) passed.delete(id);
      if (lateQuestions > 0) releaseLate();
      pump();
    },
    remove: (id) => {
      const entry = entries.get(id);
      entries.delete(id);
      passed.delete(id);
      // Others wait behind it.
      if (entry !== undefined) entry.state = "known";
    },
    cover: async (blob, { bytesRead, side }) => {
      const module = await loadOnce();
      if (module === null || isClosed) return null;
      preflight ??= module.openPreflight();
      return await preflight.cover(blob, { maxBytes: module.MAX_BYTES_READ - bytesRead, side });
    },
    close: () => {
      isClosed = true;
      preflight?.close();
      entries.clear();
      line = [];
      head = 0;
    },
  };
}

function isRefused({ findings }: { findings: readonly AudioFinding[] }): boolean {
  return findings.some(({ severity }) => severity === "refuse");
}
