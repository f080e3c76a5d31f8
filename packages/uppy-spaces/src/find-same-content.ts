import type { FileMatch } from "@audiotricks/protocol/messages";
import type { HashBlob } from "./md5/blob-hasher.ts";
import { searchContent } from "./search-content.ts";
import type { FromSearch, ToSearch } from "./search-messages.ts";

/** A worker that has not begun by then is not going to. */
const WORKER_START_MS = 10_000;
/** Nobody asks: the worker ends, and its memory with it. */
const IDLE_MS = 30_000;

/** @returns The first of these stored files that has the same bytes. Rejects when the file cannot be read, or with the reason of the signal. */
export type FindSameContent = (
  blob: Blob,
  stored: readonly FileMatch[],
  signal: AbortSignal,
) => Promise<FileMatch | null>;

interface Waiting {
  blob: Blob;
  stored: readonly FileMatch[];
  signal: AbortSignal;
  resolve: (found: FileMatch | null) => void;
  reject: (reason: unknown) => void;
}

/**
 * Compares files with stored ones, in a worker of its own that is opened with the first and ends when nobody asks. Where the browser has none, or it is lost,
 * the page does it, in turns.
 */
export function openContentSearch({
  openWorker = searchWorker,
}: {
  openWorker?: () => Worker;
} = {}): FindSameContent {
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let worker: Worker | null = null;
  let isReady = false;
  let isHere = typeof Worker === "undefined" && openWorker === searchWorker;
  let hashing: Promise<HashBlob> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const endWorker = () => {
    clearTimeout(timer);
    worker?.terminate();
    worker = null;
    isReady = false;
  };
  const endWhenIdle = () => {
    clearTimeout(timer);
    if (waiting.size === 0) timer = setTimeout(endWorker, IDLE_MS);
  };
  const take = (id: number): Waiting | undefined => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (isReady) endWhenIdle();
    return asked;
  };

  const searchHere = async (id: number) => {
    const asked = waiting.get(id);
    if (asked === undefined) return;
    const { blob, stored, signal } = asked;
    try {
      hashing ??= import("./md5/blob-hasher.ts").then(({ createBlobHasher }) => createBlobHasher());
      const hash = await hashing;
      const found = await searchContent(blob, stored, hash, signal);
      take(id)?.resolve(found);
    } catch (error) {
      take(id)?.reject(error);
    }
  };
  /** The worker is not there, or not any more: what it was asked is done all the same. */
  const moveHere = () => {
    isHere = true;
    endWorker();
    for (const id of waiting.keys()) void searchHere(id);
  };

  const start = () => {
    try {
      const opened = openWorker();
      worker = opened;
      timer = setTimeout(moveHere, WORKER_START_MS);
      opened.onmessage = ({ data }: MessageEvent<FromSearch>) => {
        if (worker !== opened) return;
        if (data.type === "ready") {
          isReady = true;
          return endWhenIdle();
        }
        const asked = take(data.id);
        if (data.type === "failed") asked?.reject(data.error);
        else asked?.resolve(asked.stored.find(({ fileId }) => fileId === data.fileId) ?? null);
      };
      opened.onerror = (event) => {
        event.preventDefault();
        if (worker === opened) moveHere();
      };
    } catch {
      moveHere();
    }
  };
  const post = (message: ToSearch) => worker?.postMessage(message);

  return async (blob, stored, signal) => {
    signal.throwIfAborted();
    count += 1;
    const id = count;
    const { promise, resolve, reject } = Promise.withResolvers<FileMatch | null>();
    waiting.set(id, { blob, stored, signal, resolve, reject });
    const onAbort = () => {
      post({ type: "drop", id });
      take(id)?.reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (isHere) void searchHere(id);
    else {
      if (worker === null) start();
      else if (isReady) clearTimeout(timer);
      // Where it could not be opened, there is nobody to hear it, and it is done here by now.
      post({ type: "search", id, blob, stored });
    }
    return await promise.finally(() => signal.removeEventListener("abort", onAbort));
  };
}

function searchWorker(): Worker {
  return new Worker(new URL("./search-worker.ts", import.meta.url), {
    type: "module",
    name: "audiotricks-search",
  });
}
