import { type BlobReader, openBlobReader } from "./blob-reader.ts";
import { BLOCK_SIZE, LANE_BUFFER_SIZE, type Md5, Md5Lanes } from "./md5-lanes.ts";
import { padMd5 } from "./md5-padding.ts";
import { Md5Scalar } from "./md5-scalar.ts";
import { readAlong } from "./read-along.ts";
import { openTurns, type Turns } from "./turns.ts";

export interface Hashed {
  /** MD5, 16 bytes. */
  digest: Uint8Array;
  /** What was hashed, to be sent: the blob, or its bytes where it has at most `HANDED_OVER`. Cutting a blob out anew takes a millisecond. */
  body: Blob | Uint8Array<ArrayBuffer>;
}

/** Rejects when the blob can no longer be read, or with the reason of the signal. */
export type HashBlob = (blob: Blob, signal: AbortSignal) => Promise<Hashed>;

/** Reading so little a second time, to send it, costs more than anything else about the request. */
export const HANDED_OVER = 64 * 1024;

interface Job {
  blob: Blob;
  signal: AbortSignal;
  resolve: (hashed: Hashed) => void;
  reject: (reason: unknown) => void;
}

interface Lane {
  index: number;
  job: Job;
  reader: BlobReader;
  /** Bytes of the blob that were read. */
  offset: number;
  window: Uint8Array<ArrayBuffer>;
  /** Bytes of the window that were hashed. */
  used: number;
}

function openMd5(): Md5 {
  try {
    return new Md5Lanes();
  } catch {
    return new Md5Scalar();
  }
}

/** MD5 of blobs, several at once; more than there are lanes wait for one. */
export function createBlobHasher(md5 = openMd5()): HashBlob {
  const lanes = new Map<number, Lane>();
  const queue: Job[] = [];
  /** While it runs. */
  let turns: Turns | null = null;

  const run = async () => {
    if (turns !== null) return;
    turns = openTurns();
    // What is asked for in one turn is hashed side by side, the first too.
    await Promise.resolve();
    for (;;) {
      fillLanes();
      if (lanes.size === 0) break;
      await Promise.all([...lanes.values()].map(readNext));
      // What is read has mostly arrived: parts were hashed in one turn of 180 ms, for which six lanes waited together.
      await turns.next();
      hashWindows();
    }
    turns.close();
    turns = null;
  };

  const fillLanes = () => {
    for (let index = 0; index < md5.laneCount; index += 1) {
      if (lanes.has(index)) continue;
      let job = queue.shift();
      while (job?.signal.aborted) job = queue.shift();
      if (job === undefined) return;
      md5.reset(index);
      const reader = openBlobReader(job.blob);
      lanes.set(index, { index, job, reader, offset: 0, window: new Uint8Array(0), used: 0 });
    }
  };

  const readNext = async (lane: Lane) => {
    const { job, offset } = lane;
    if (lane.used < lane.window.length || offset >= job.blob.size) return;
    try {
      job.signal.throwIfAborted();
      const window = await lane.reader.next();
      readAlong.heard?.(job.blob, offset, window);
      Object.assign(lane, { window, used: 0, offset: offset + window.length });
    } catch (reason) {
      leave(lane);
      job.reject(reason);
    }
  };

  const leave = ({ index, reader }: Lane) => {
    lanes.delete(index);
    reader.close();
  };

  /** Hashes in step until a lane needs its next window, or is through. */
  const hashWindows = () => {
    while (lanes.size > 0) {
      const active = [...lanes.values()];
      const left = Math.min(...active.map(({ window, used }) => window.length - used), LANE_BUFFER_SIZE);
      const blocks = Math.floor(left / BLOCK_SIZE);
      if (blocks === 0) break;
      for (const lane of active) {
        md5.buffer(lane.index).set(lane.window.subarray(lane.used, lane.used + blocks * BLOCK_SIZE));
        lane.used += blocks * BLOCK_SIZE;
      }
      md5.hash([...lanes.keys()], blocks);
    }
    for (const lane of lanes.values()) {
      if (lane.window.length - lane.used >= BLOCK_SIZE) continue;
      if (lane.offset >= lane.job.blob.size) finish(lane);
    }
  };

  const finish = (lane: Lane) => {
    const tail = lane.window.subarray(lane.used);
    const buffer = md5.buffer(lane.index);
    buffer.set(tail);
    md5.hash([lane.index], padMd5(buffer, tail.length, lane.job.blob.size));
    const { blob } = lane.job;
    const body = blob.size <= HANDED_OVER ? lane.window.slice() : blob;
    leave(lane);
    lane.job.resolve({ digest: md5.digest(lane.index), body });
  };

  return (blob, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Hashed>();
    if (signal.aborted) return Promise.reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    queue.push({ blob, signal, resolve, reject });
    void run();
    return promise.finally(() => signal.removeEventListener("abort", onAbort));
  };
}
