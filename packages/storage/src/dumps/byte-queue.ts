/** Bytes of a source by the number that is wanted, however it brings them. */
export interface ByteQueue {
  /** Waits until so many are there, or no more will be. @returns How many there are. */
  fill(length: number): Promise<number>;
  /** Of those that are there. */
  take(length: number): Buffer;
  /** Lets the source go. */
  end(): Promise<void>;
}

export function createByteQueue(source: AsyncIterable<Uint8Array>): ByteQueue {
  const pieces = source[Symbol.asyncIterator]();
  let waiting: Uint8Array[] = [];
  let length = 0;
  let isOver = false;
  return {
    fill: async (wanted) => {
      while (length < wanted && !isOver) {
        const next = await pieces.next();
        if (next.done === true) isOver = true;
        else {
          waiting.push(next.value);
          length += next.value.length;
        }
      }
      return length;
    },
    take: (wanted) => {
      const [first = new Uint8Array()] = waiting;
      // A large piece is cut many times, and copied once.
      const all =
        waiting.length > 1
          ? Buffer.concat(waiting)
          : Buffer.from(first.buffer, first.byteOffset, first.byteLength);
      const rest = all.subarray(wanted);
      waiting = rest.length > 0 ? [rest] : [];
      length = rest.length;
      return all.subarray(0, wanted);
    },
    end: async () => {
      if (!isOver) await pieces.return?.();
      isOver = true;
    },
  };
}
