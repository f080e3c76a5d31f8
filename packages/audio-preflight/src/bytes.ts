/** Something with bytes that can be read anywhere. */
export interface Bytes {
  /** Bytes. */
  size: number;
  /** As many as asked for, or as many as there are up to the end. */
  read: (offset: number, length: number) => Promise<Uint8Array>;
}

/** Bytes in memory. */
export function bytesOf(buffer: Uint8Array): Bytes {
  return {
    size: buffer.length,
    read: async (offset, length) => buffer.subarray(offset, offset + length),
  };
}

/** `head`, and then those of `rest` from `from` on. */
export function withHead(head: Uint8Array, rest: Bytes, from: number): Bytes {
  const start = Math.min(from, rest.size);
  return {
    size: head.length + rest.size - start,
    read: async (offset, length) => {
      const own = head.subarray(offset, offset + length);
      const left = length - own.length;
      if (left === 0) return own;
      const others = await rest.read(start + Math.max(0, offset - head.length), left);
      return own.length === 0 ? others : joined([own, others]);
    },
  };
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}

/** Four letters, or what looks like them. */
export function fourLetters(bytes: Uint8Array, offset: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + 4));
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
