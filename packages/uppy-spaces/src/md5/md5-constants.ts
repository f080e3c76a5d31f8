/** RFC 1321: `floor(2^32 * abs(sin(i + 1)))`. */
export const MD5_ADDENDS = Int32Array.from(
  { length: 64 },
  (_, i) => (Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0,
);

/** RFC 1321: rotations of each round, repeated four times. */
export const MD5_ROTATIONS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

/** RFC 1321: which message word a step takes. */
export function messageIndex(step: number): number {
  const round = step >> 4;
  return (([1, 5, 3, 7][round] ?? 0) * step + ([0, 1, 5, 0][round] ?? 0)) & 15;
}

/** RFC 1321: the state before the first block. */
export const MD5_START = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476] as const;
