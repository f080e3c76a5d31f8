import { createBlobHasher, type HashBlob } from "./md5/blob-hasher.ts";

export type HashRequest = { type: "hash"; id: number; blob: Blob } | { type: "cancel"; id: number };
export type HashAnswer =
  | { type: "ready" }
  | { type: "hashed"; id: number; digest: Uint8Array }
  | { type: "failed"; id: number; message: string };

/** A picked file can no longer be read: it was changed, moved or unplugged. */
export class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
}

export interface PartHasher {
  /** MD5 of a part, 16 bytes. @throws {UnreadableFileError} */
  hash: HashBlob;
  close: () => void;
}

interface Job {
  blob: Blob;
  signal: AbortSignal;
  resolve: (digest: Uint8Array) => void;
  reject: (reason: unknown) => void;
}

/**
 * Hashes in one worker: it takes four parts at once, and a second worker would only take the core that sends. Where the
 * browser refuses workers (or the bundle lost the file), the page does it itself.
 */
export function createPartHasher(
  openWorker: () => Worker = () =>
    new Worker(new URL("./md5-worker.ts", import.meta.url), { type: "module", name: "audiotricks-md5" }),
): PartHasher {
  const jobs = new Map<number, Job>();
  let worker: Worker | null = null;
  let hashHere: HashBlob | null = null;
  let lastId = 0;

  const fallBack = () => {
    if (hashHere !== null) return;
    worker?.terminate();
    worker = null;
    hashHere = createBlobHasher({ rest: () => new Promise((resolve) => setTimeout(resolve)) });
    for (const [id, job] of jobs) void runHere(id, job);
  };

  const runHere = async (id: number, job: Job) => {
    try {
      const digest = await hashHere?.(job.blob, job.signal);
      if (digest !== undefined) settle(id, (it) => it.resolve(digest));
    } catch (error) {
      settle(id, (it) => it.reject(new UnreadableFileError(String(error))));
    }
  };

  const settle = (id: number, run: (job: Job) => void) => {
    const job = jobs.get(id);
    jobs.delete(id);
    if (job !== undefined) run(job);
  };

  const onAnswer = ({ data }: MessageEvent<HashAnswer>) => {
    if (data.type === "hashed") settle(data.id, ({ resolve }) => resolve(data.digest));
    if (data.type === "failed")
      settle(data.id, ({ reject }) => reject(new UnreadableFileError(data.message)));
  };

  const start = () => {
    if (worker !== null || hashHere !== null) return;
    try {
      worker = openWorker();
      worker.onmessage = onAnswer;
      worker.onerror = fallBack;
    } catch {
      fallBack();
    }
  };

  return {
    hash: (blob, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        start();
        lastId += 1;
        const id = lastId;
        const onAbort = () => {
          worker?.postMessage({ type: "cancel", id } satisfies HashRequest);
          settle(id, () => reject(signal.reason));
        };
        const unwatch = () => signal.removeEventListener("abort", onAbort);
        const job: Job = {
          blob,
          signal,
          resolve: (digest) => {
            unwatch();
            resolve(digest);
          },
          reject: (reason) => {
            unwatch();
            reject(reason);
          },
        };
        signal.addEventListener("abort", onAbort, { once: true });
        jobs.set(id, job);
        if (worker !== null) worker.postMessage({ type: "hash", id, blob } satisfies HashRequest);
        else void runHere(id, job);
      }),
    close: () => {
      worker?.terminate();
      worker = null;
      jobs.clear();
    },
  };
}
