import { groupOfFile } from "./file-group.ts";
import { reopen } from "./file-handle.ts";
import type { FileHandles } from "./file-handles.ts";
import { isWaiting, statusOf, type UppyUpload } from "./file-status.ts";
import type { WaitingFile, WaitingShelf } from "./waiting-shelf.ts";

/** Most files are begun before it is worth writing anything down. */
const WRITE_EVERY_MS = 500;
const WRITTEN_AT_ONCE = 100;
/** The page before may hold its lock a moment longer than it is seen. */
const ONE_MORE_LOOK_MS = 1500;
/** After the companion did not say who is signed in. */
const ASK_AGAIN_MS = 30_000;
const FORGET_AFTER_MS = 7 * 24 * 3600 * 1000;
const LOCK_PREFIX = "audiotricks-waiting/";

/** A file that an earlier page had not begun. */
export interface NotBegun {
  name: string;
  /** Whether it can be read again when a person says so; otherwise it has to be added again. */
  canRead: boolean;
}

/** Files that wait for their turn: what a reload would lose without a word. */
export interface WaitingFiles {
  /** Offers what earlier pages left, and goes on with what needs nobody. */
  begin: () => void;
  /** Something about this page's files may have changed. */
  look: () => void;
  /** Adds again what can be read. Call it soon after a click: the browser may have to ask. */
  continueAll: () => Promise<void>;
  /** Forgets what is offered. */
  dismiss: () => void;
  /** The page goes, perhaps for good: what was begun since it was last written down is noted at once. */
  leave: () => void;
  stop: () => void;
}

export function createWaitingFiles(options: {
  companionUrl: string;
  shelf: WaitingShelf;
  handles: FileHandles;
  files: () => readonly UppyUpload[];
  /** Who is signed in: what is written down is offered to nobody else. */
  userId: () => Promise<string>;
  workspaceId: () => string | undefined;
  /** Names and sizes of what is at the companion already. */
  begunFiles: () => Promise<readonly { name: string; size: number }[]>;
  add: (files: readonly { upload: WaitingFile; file: File }[]) => void;
  onChange: (notBegun: readonly NotBegun[]) => void;
  locks?: Pick<LockManager, "request" | "query"> | undefined;
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | null;
}): WaitingFiles {
  const { companionUrl, shelf, handles, userId, workspaceId, add, onChange } = options;
  const { locks = globalThis.navigator?.locks, storage = pageStorage() } = options;
  const page = `${LOCK_PREFIX}${crypto.randomUUID()}`;
  /** This page's files that are written down, and as what. */
  const written = new Map<string, string>();
  const left = new Map<string, WaitingFile>();
  let letGo: (() => void) | null = null;
  /** Who was signed in when the first of those was written down that are. */
  let user: string | null = null;
  let askAgainAt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWriting = false;
  let isStopped = false;

  const keyOf = (fileId: string) => `${page}/${fileId}`;
  const tell = () => {
    if (isStopped) return;
    onChange(Array.from(left.values(), ({ name, handle }) => ({ name, canRead: handle !== null })));
  };
  const take = async (keys: readonly string[]) => {
    for (const key of keys) left.delete(key);
    tell();
    await shelf.remove([...keys]);
  };

  /** As long as the page holds it, nobody else offers its files. A page without waiting files stays fit for the back-forward cache. */
  const holdLock = () => {
    if (letGo !== null || locks === undefined) return;
    const { promise: untilLetGo, resolve } = Promise.withResolvers<void>();
    letGo = resolve;
    locks.request(page, () => untilLetGo).catch(() => {});
  };

  const write = async () => {
    const waiting = new Map(options.files().flatMap((file) => (isWaiting(file) ? [[file.id, file]] : [])));
    const begun = [...written.keys()].filter((id) => !waiting.has(id));
    for (const id of begun) written.delete(id);
    if (begun.length > 0) await shelf.remove(begun.map(keyOf));
    const fresh = [...waiting.values()].filter((file) => written.get(file.id) !== stateOf(file));
    if (fresh.length > 0 && Date.now() >= askAgainAt) {
      holdLock();
      if (user === null) askAgainAt = Date.now() + ASK_AGAIN_MS;
      user ??= await userId();
      askAgainAt = 0;
      const common = { companionUrl, userId: user, workspaceId: workspaceId() ?? null };
      for (let from = 0; from < fresh.length && !isStopped; from += WRITTEN_AT_ONCE) {
        const slice = fresh.slice(from, from + WRITTEN_AT_ONCE);
        const described: [string, WaitingFile][] = [];
        for (const file of slice) {
          const as = stateOf(file);
          const handled = await handles.describe(file);
          const state = { isPaused: isPaused(file), at: Date.now() };
          if (handled !== null) described.push([keyOf(file.id), { ...common, ...handled, ...state }]);
          written.set(file.id, as);
        }
        await shelf.put(described);
      }
    }
    if (written.size > 0) return;
    letGo?.();
    letGo = null;
    user = null;
  };

  const writeSoon = () => {
    if (timer !== undefined || isStopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (isWriting) return writeSoon();
      isWriting = true;
      // Without a companion nobody knows whose the files are; then nothing is written down.
      void write()
        .catch(() => {})
        .finally(() => {
          isWriting = false;
        });
    }, WRITE_EVERY_MS);
  };

  /** A person added some of them again. */
  const strike = () => {
    if (left.size === 0) return;
    const here = new Set(options.files().map(({ name, size }) => JSON.stringify([name, size])));
    const again = [...left].filter(([, { name, size }]) => here.has(JSON.stringify([name, size])));
    if (again.length > 0) void take(again.map(([key]) => key));
  };

  const goOn = async (mayAsk: boolean) => {
    const ready: { upload: WaitingFile; file: File }[] = [];
    const keys: string[] = [];
    // One after the other: the first may be the only one that the browser asks for.
    for (const [key, upload] of left) {
      if (upload.handle === null || (upload.isPaused && !mayAsk)) continue;
      const reopened = await reopen(upload.handle, upload, mayAsk);
      if (isStopped) return;
      // Refused once, and so are all others.
      if (reopened.outcome === "refused") break;
      if (reopened.outcome !== "ready") {
        left.set(key, { ...upload, handle: null });
        continue;
      }
      handles.know(reopened.file, upload.handle);
      ready.push({ upload, file: reopened.file });
      keys.push(key);
    }
    if (ready.length > 0) add(ready);
    await take(keys);
  };

  /** What a page noted when it went, and did not come to write down. */
  const begunAtLast = (of: string): ReadonlySet<string> => {
    try {
      return new Set(JSON.parse(storage?.getItem(of) ?? "[]") as string[]);
    } catch {
      return new Set();
    }
  };

  const begin = async () => {
    let found = (await shelf.all()).filter(([, file]) => file.companionUrl === companionUrl);
    if (found.length === 0) return;
    const user = await userId();
    const stale = found.filter(([, { at }]) => Math.abs(Date.now() - at) > FORGET_AFTER_MS);
    if (stale.length > 0) await shelf.remove(stale.map(([key]) => key));
    const place = workspaceId() ?? null;
    found = found.filter((entry) => {
      const [, file] = entry;
      return file.userId === user && file.workspaceId === place && !stale.includes(entry);
    });
    const known = new Set((await options.begunFiles()).map(({ name, size }) => JSON.stringify([name, size])));
    for (const waitMs of [0, ONE_MORE_LOOK_MS]) {
      if (found.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      const { held = [] } = (await locks?.query().catch(() => undefined)) ?? {};
      const alive = new Set(held.map(({ name }) => name));
      const free = found.filter(([key]) => !alive.has(pageOf(key)));
      found = found.filter((entry) => !free.includes(entry));
      if (isStopped || free.length === 0) continue;
      const over = free.filter(
        ([key, { name, size }]) =>
          begunAtLast(pageOf(key)).has(key.slice(pageOf(key).length + 1)) ||
          known.has(JSON.stringify([name, size])),
      );
      for (const key of new Set(free.map(([each]) => pageOf(each)))) storage?.removeItem(key);
      if (over.length > 0) await shelf.remove(over.map(([key]) => key));
      for (const [key, file] of free) if (!over.some(([each]) => each === key)) left.set(key, file);
      strike();
      tell();
      await goOn(false);
    }
  };

  return {
    begin: () => void begin().catch(() => {}),
    look: () => {
      strike();
      writeSoon();
    },
    continueAll: () => goOn(true),
    dismiss: () => void take([...left.keys()]),
    leave: () => {
      if (written.size === 0) return;
      const waiting = new Set(options.files().flatMap((file) => (isWaiting(file) ? [file.id] : [])));
      const begun = [...written.keys()].filter((id) => !waiting.has(id));
      try {
        storage?.setItem(page, JSON.stringify(begun));
      } catch {
        // Full or forbidden: what was begun in the last moment may be offered again.
      }
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      letGo?.();
    },
  };
}

function pageOf(key: string): string {
  return key.slice(0, key.indexOf("/", LOCK_PREFIX.length));
}

/** What of it may change while it waits. */
function stateOf(file: UppyUpload): string {
  return JSON.stringify([isPaused(file), groupOfFile(file)]);
}

function isPaused(file: UppyUpload): boolean {
  return statusOf(file).status === "paused" || file.isPaused === true;
}

function pageStorage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // Forbidden by the browser's settings, or an opaque origin.
  }
}
