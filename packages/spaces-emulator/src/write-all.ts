import type { FileHandle } from "node:fs/promises";

/** `writev` may write less than it was given, as on a disk that is nearly full; then comes the rest, or the error that says why. */
export async function writeAll(file: Pick<FileHandle, "writev">, pieces: readonly Buffer[]): Promise<void> {
  let left = pieces;
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left);
    left = after(left, bytesWritten);
  }
}

function after(pieces: readonly Buffer[], written: number): readonly Buffer[] {
  let skip = written;
  return pieces.flatMap((piece) => {
    const left = piece.subarray(skip);
    skip = Math.max(0, skip - piece.length);
    return left.length > 0 ? [left] : [];
  });
}
