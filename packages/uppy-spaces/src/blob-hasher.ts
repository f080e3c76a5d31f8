import { BLOCK_SIZE, LANE_BUFFER_SIZE, type Md5, Md5Lanes } from "./md5-lanes.ts";
import { Md5Scalar } from "./md5-scalar.ts";

export type HashBlob = (blob: Blob, signal: AbortSignal) => Promise<Uint8Array>;

interface Stream {
  reader: ReadableStreamDefaultReader<Uint8Array>;
  signal: AbortSignal;
  /** What was read and found no room in the lane's buffer. */
  rest: Uint8Array;
  buffered: number;
  total: number;
  isRead: boolean;
  resolve: (digest: Uint8Array) => void;
  reject: (reason: unknown) => void;
}

function openMd5(): Md5 {
  try {
    return new Md5Lanes();
  } catch {
    return new Md5Scalar();
  }
}

/**
 * MD5 of blobs, several at once; more than there are lanes wait for one. Runs in a worker, or where there is none on the page
 * itself, so it never works for longer than some milliseconds at a time.
 */
export function createBlobHasher(md5: Md5 = openMd5()): HashBlob {
  const lanes: (Stream | undefined)[] = Array.from({ length: md5.laneCount });
  const queue: { blob: Blob; stream: Omit<Stream, "reader"> }[] = [];
  let isRunning = false;

  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    for (;;) {
      fillLanes();
      if (lanes.every((stream) => stream === undefined)) break;
      await Promise.all(
        lanes.map(async (stream, lane) => {
          if (stream !== undefined) await readInto(stream, lane);
        }),
      );
      hashWhatIsThere();
    }
    isRunning = false;
  };

  const fillLanes = () => {
    for (const [lane, stream] of lanes.entries()) {
      if (stream !== undefined) continue;
      const next = queue.shift();
      if (next === undefined) return;
      md5.reset(lane);
      lanes[lane] = { ...next.stream, reader: next.blob.stream().getReader() };
    }
  };

  const leave = (lane: number, settle: (stream: Stream) => void) => {
    const stream = lanes[lane];
    lanes[lane] = undefined;
    if (stream === undefined) return;
    // A stream read to its end has nothing left to cancel; a broken one has no more to say than its first error.
    stream.reader.cancel().catch(() => {});
    settle(stream);
  };

  const readInto = async (stream: Stream, lane: number) => {
    try {
      while (!stream.isRead && stream.buffered < BLOCK_SIZE) {
        stream.signal.throwIfAborted();
        if (stream.rest.length === 0) {
          const { done, value } = await stream.reader.read();
          if (done) stream.isRead = true;
          else stream.rest = value;
        }
        const taken = stream.rest.subarray(0, LANE_BUFFER_SIZE - stream.buffered);
        md5.buffer(lane).set(taken, stream.buffered);
        stream.rest = stream.rest.subarray(taken.length);
        stream.buffered += taken.length;
        stream.total += taken.length;
      }
    } catch (reason) {
      leave(lane, ({ reject }) => reject(reason));
    }
  };

  const hashWhatIsThere = () => {
    const active = lanes.flatMap((stream, lane) => (stream === undefined ? [] : [{ stream, lane }]));
    const full = active.filter(({ stream }) => stream.buffered >= BLOCK_SIZE);
    const blocks = Math.floor(Math.min(...full.map(({ stream }) => stream.buffered)) / BLOCK_SIZE);
    if (full.length > 0) {
      md5.hash(
        full.map(({ lane }) => lane),
        blocks,
      );
    }
    for (const { stream, lane } of full) {
      md5.buffer(lane).copyWithin(0, blocks * BLOCK_SIZE, stream.buffered);
      stream.buffered -= blocks * BLOCK_SIZE;
    }
    for (const { stream, lane } of active) {
      if (!stream.isRead || stream.rest.length > 0 || stream.buffered >= BLOCK_SIZE) continue;
      md5.hash([lane], pad(md5.buffer(lane), stream.buffered, stream.total));
      const digest = md5.digest(lane);
      leave(lane, ({ resolve }) => resolve(digest));
    }
  };

  return (blob, signal) =>
    new Promise((resolve, reject) => {
      const start = { signal, rest: new Uint8Array(0), buffered: 0, total: 0, isRead: false };
      queue.push({ blob, stream: { ...start, resolve, reject } });
      void run();
    });
}

/** RFC 1321: a one bit, zeros, the length in bits. Returns how many blocks that makes. */
function pad(buffer: Uint8Array, length: number, total: number): number {
  const blocks = length + 9 > BLOCK_SIZE ? 2 : 1;
  const end = blocks * BLOCK_SIZE;
  buffer.fill(0, length, end);
  buffer[length] = 0x80;
  const view = new DataView(buffer.buffer, buffer.byteOffset, end);
  view.setUint32(end - 8, (total * 8) >>> 0, true);
  view.setUint32(end - 4, Math.floor(total / 2 ** 29), true);
  return blocks;
}
