import { Transform, type TransformCallback } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/** Slices of a tenth of a second each, so that a slow body moves instead of jumping. */
const SLICES_PER_SECOND = 10;

/** Lets bytes through at a rate, until the signal aborts; then as they come. */
export function throttle(bytesPerSecond: number, ended: AbortSignal, onBytes: () => void): Transform {
  const sliceSize = Math.max(1, Math.floor(bytesPerSecond / SLICES_PER_SECOND));
  const stream = new Transform({
    highWaterMark: sliceSize,
    transform(bytes: Buffer, _encoding, done) {
      onBytes();
      void pass(bytes, done);
    },
  });
  return stream;

  async function pass(bytes: Buffer, done: TransformCallback): Promise<void> {
    let at = 0;
    while (at < bytes.length && !ended.aborted && !stream.destroyed) {
      const slice = bytes.subarray(at, at + sliceSize);
      await delay((slice.length / bytesPerSecond) * 1000, undefined, { signal: ended }).catch(
        () => undefined,
      );
      stream.push(slice);
      at += slice.length;
    }
    done(null, bytes.subarray(at));
  }
}

/** Lets so many bytes through, all of them if there are fewer; then it breaks. */
export function cutter(afterBytes: number, onCut: () => void): Transform {
  let left = afterBytes;
  const cut = (): Error => {
    onCut();
    return Object.assign(new Error("reset by a fault"), { code: "ECONNRESET" });
  };
  return new Transform({
    transform(bytes: Buffer, _encoding, done) {
      const passed = bytes.subarray(0, left);
      left -= passed.length;
      if (passed.length === bytes.length) return done(null, passed);
      this.push(passed);
      done(cut());
    },
    flush(done) {
      done(cut());
    },
  });
}
