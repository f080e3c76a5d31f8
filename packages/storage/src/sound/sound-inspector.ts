import { Worker } from "node:worker_threads";
import type { AudioFacts } from "@audiotricks/audio-preflight/inspect";
import { Slots } from "../concurrency.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** A file on which the inspection ended: it took too long, too much memory, or ended the worker. */
export class SoundInspectionFailed extends Error {
  override readonly name = "SoundInspectionFailed";
}

/** No thread came up to inspect anything: not the file's doing, and not known to be anybody's. `cause`: what the thread ended with. */
export class SoundInspectorUnavailable extends Error {
  override readonly name = "SoundInspectorUnavailable";
}

/** The time was up while bytes were still to come: not the file's doing, nor the thread's. */
export class SoundStoreTooSlow extends Error {
  override readonly name = "SoundStoreTooSlow";
}

/** What is read of one file at most; the reader in the worker keeps to less by itself. */
export const MAX_BYTES_FETCHED = 640 * 1024;
export const MAX_RANGES_FETCHED = 64;

/** Reads facts out of files, each in a thread that can be ended, whatever the file does to it. */
export interface SoundInspector {
  /**
   * @param file.read Bytes of the file: few, and never more than the limits above.
   * @param file.signal Ends it, and its thread.
   * @throws What `read` did; `SoundInspectionFailed` where the file is to blame; `SoundInspectorUnavailable` where nothing of it
   *   was looked at; `SoundStoreTooSlow`.
   */
  inspect(file: {
    size: number;
    read: (offset: number, length: number) => Promise<Uint8Array>;
    signal?: AbortSignal;
  }): Promise<AudioFacts | null>;
  /** Ends the threads; what is under way is rejected. */
  close(): void;
}

export interface SoundInspectorOptions {
  /** Files at once, each with a thread of its own. */
  threads?: number;
  /** Milliseconds that one file may take, the store's included. */
  limitMs?: number;
  /** A thread that nobody needs ends after this long. */
  idleMs?: number;
  /** For tests: what runs in the thread. */
  script?: URL;
}

/** MiB of one thread, beside the few KiB that it is sent. */
const MEMORY = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8, stackSizeMb: 4 };
const SCRIPT = new URL("./sound-worker.ts", import.meta.url);

export function createSoundInspector(options: SoundInspectorOptions = {}): SoundInspector {
  const { threads = 2, limitMs = 30_000, idleMs = 30_000, script = SCRIPT } = options;
  const slots = new Slots(threads);
  /** Those at work, by what ends them; those at rest, by the timer that does. */
  const working = new Map<Worker, (why: Error) => void>();
  const resting = new Map<Worker, NodeJS.Timeout>();
  /** Those whose code is there: what ends them from then on is the file's doing. */
  const ready = new WeakSet<Worker>();
  let isClosed = false;

  function startWorker(): Worker {
    try {
      return new Worker(script, { resourceLimits: MEMORY });
    } catch (cause) {
      throw new SoundInspectorUnavailable("no thread can be started", { cause });
    }
  }
  function takeWorker(): Worker {
    const [rested] = resting;
    if (rested === undefined) {
      const worker = startWorker();
      // What ends it while it rests is nobody's.
      return worker.on("error", () => endResting(worker)).on("exit", () => endResting(worker));
    }
    const [worker, timer] = rested;
    clearTimeout(timer);
    resting.delete(worker);
    worker.ref();
    return worker;
  }
  function layDown(worker: Worker): void {
    worker.unref();
    resting.set(worker, setTimeout(() => endResting(worker), idleMs).unref());
  }
  function endResting(worker: Worker): void {
    clearTimeout(resting.get(worker));
    if (resting.delete(worker)) void worker.terminate();
  }

  const inspect: SoundInspector["inspect"] = async ({ size, read, signal }) => {
    if (isClosed) throw new Error("the inspector is closed");
    signal?.throwIfAborted();
    const worker = takeWorker();
    const { promise, resolve, reject } = Promise.withResolvers<AudioFacts | null>();
    working.set(worker, reject);
    const fail = (why: string, cause?: unknown) =>
      reject(
        ready.has(worker)
          ? new SoundInspectionFailed(why, { cause })
          : new SoundInspectorUnavailable(`before its code was there, ${why}`, { cause }),
      );
    let [bytesLeft, rangesLeft, underWay] = [MAX_BYTES_FETCHED, MAX_RANGES_FETCHED, 0];
    const answer = async ({ range, offset, length }: Extract<FromWorker, { say: "read" }>) => {
      const isRead = offset >= 0 && length > 0 && length <= bytesLeft && rangesLeft > 0;
      if (isRead) bytesLeft -= length;
      rangesLeft -= 1;
      underWay += 1;
      const bytes = isRead ? Uint8Array.from(await read(offset, length)).buffer : null;
      underWay -= 1;
      worker.postMessage({ say: "bytes", range, bytes } satisfies ToWorker, bytes === null ? [] : [bytes]);
    };
    const onMessage = (message: FromWorker) => {
      if (message.say === "ready") ready.add(worker);
      else if (message.say === "facts") resolve(message.facts);
      else answer(message).catch(reject);
    };
    const onError = (error: unknown) => fail("its thread failed", error);
    const onExit = () => fail("its thread ended");
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    const timer = setTimeout(() => {
      // A store that is slow is not the file's doing.
      if (underWay > 0) reject(new SoundStoreTooSlow(`the store took more than ${limitMs} ms`));
      else fail(`it took more than ${limitMs} ms`);
    }, limitMs);
    const stop = () => reject(new Error("told to stop"));
    signal?.addEventListener("abort", stop);
    worker.postMessage({ say: "inspect", size } satisfies ToWorker);
    try {
      const facts = await promise;
      layDown(worker);
      return facts;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      working.delete(worker);
      // One by one: the worker has listeners of its own.
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    }
  };

  return {
    inspect: (file) => slots.use(() => inspect(file)),
    close: () => {
      isClosed = true;
      for (const reject of working.values()) reject(new Error("the inspector is closed"));
      for (const worker of resting.keys()) endResting(worker);
    },
  };
}
