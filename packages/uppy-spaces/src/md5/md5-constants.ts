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
  switch (step >> 4) {
    case 0:
      return step;
    case 1:
      return (5 * step + 1) & 15;
    case 2:
      return (3 * step + 5) & 15;
    default:
      return (7 * step) & 15;
  }
}
