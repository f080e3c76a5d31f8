import type { Blob } from "./disk.ts";
import { S3Error } from "./s3-error.ts";

export interface ByteRange {
  start: number;
  /** Inclusive. */
  end: number;
}

/**
 * Reads a `Range` header. Several ranges, or one that is not well formed, count as none: the whole object is the answer.
 *
 * @throws {S3Error} `InvalidRange` (416) when nothing of the object lies in it.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  if (start >= size || (first === "" && last === "0")) throw new S3Error(416, "InvalidRange");
  return { start, end };
}

/** Which bytes of which files a range of the whole is. */
export function sliceBlobs<T extends Blob>(
  blobs: readonly T[],
  range: ByteRange,
): { blob: T; start: number; end: number }[] {
  const pieces: { blob: T; start: number; end: number }[] = [];
  let offset = 0;
  for (const blob of blobs) {
    const start = Math.max(range.start - offset, 0);
    const end = Math.min(range.end - offset, blob.size - 1);
    if (start <= end) pieces.push({ blob, start, end });
    offset += blob.size;
  }
  return pieces;
}
