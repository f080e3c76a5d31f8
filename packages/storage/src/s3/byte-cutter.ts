import { createHash } from "node:crypto";

/** Bytes that leave together, and their MD5 in hex. */
export interface CutBytes {
  bytes: Uint8Array;
  md5: string;
}

/** Takes what comes in pieces of any length apart into pieces of the length asked for. */
export interface ByteCutter extends Disposable {
  /** The next `length` bytes; fewer, perhaps none, where the source ends. Rejects as the source does. */
  next(length: number): Promise<CutBytes>;
}

/** One at a time: its caller waits for each. Disposing of it tells the source to end, and waits for nothing: it may be one that stands still. */
export function createByteCutter(source: AsyncIterable<Uint8Array>): ByteCutter {
  const iterator = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  return {
    next: async (length) => {
      // Of its own: it leaves with the part, and nothing of it is touched where little comes.
      const bytes = Buffer.allocUnsafeSlow(length);
      const hash = createHash("md5");
      let filled = 0;
      while (filled < length) {
        if (rest.length === 0) {
          const step = await iterator.next();
          if (step.done === true) break;
          rest = step.value;
          continue;
        }
        const piece = rest.subarray(0, length - filled);
        bytes.set(piece, filled);
        hash.update(piece);
        filled += piece.length;
        rest = rest.subarray(piece.length);
      }
      return { bytes: bytes.subarray(0, filled), md5: hash.digest("hex") };
    },
    [Symbol.dispose]: () => {
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    },
  };
}
