import { type Part, partAt, planPartSize, S3_LIMITS } from "@audiotricks/protocol";
import { isMd5Etag, multipartEtag } from "../s3/etag.ts";

/** A part up to this many bytes is taken into memory, and the store refuses one that arrives otherwise; a larger one streams. */
export const LARGEST_IN_MEMORY = 16 * 1024 * 1024;

/** How an object is written so that its ETag can be held against that of the one it is made of. */
export type CopyPlan =
  | { method: "put" }
  /** `isComparable`: parts as the source's, so that the same bytes have the same ETag. */
  | { method: "multipart"; partSize: number; isComparable: boolean };

export interface SourceFacts {
  /** Bytes, at least 1. */
  size: number;
  /** Unquoted. */
  etag: string;
  /** Of the upload that made it, where that is known. */
  partSize: number | undefined;
}

/**
 * @param options.keepsEtag Whether the copy is to have the very ETag of its source, as where it takes its place; else a small object of one
 *   part is written by one PUT, whose ETag says the same.
 */
export function planCopy(source: SourceFacts, { keepsEtag }: { keepsEtag: boolean }): CopyPlan {
  const { size, etag } = source;
  const count = partCountOf(etag);
  const isPlain = isMd5Etag(etag);
  if (size <= LARGEST_IN_MEMORY && (isPlain || (count === 1 && !keepsEtag))) return { method: "put" };
  if (isPlain || count === undefined) return ownPlan(size);
  if (count === 1 && size <= S3_LIMITS.maxPartSize)
    return { method: "multipart", partSize: size, isComparable: true };
  const { partSize } = source;
  const isSame = partSize !== undefined && Math.ceil(size / partSize) === count;
  return isSame ? { method: "multipart", partSize, isComparable: true } : ownPlan(size);
}

function ownPlan(size: number): CopyPlan {
  return { method: "multipart", partSize: planPartSize(size), isComparable: false };
}

/** Of an ETag that was made of the parts' MD5s. */
function partCountOf(etag: string): number | undefined {
  const count = /^[0-9a-f]{32}-(\d+)$/.exec(etag)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** Whether two ETags say that the bytes are the same: equal, or of one PUT and of one part. */
export function saySame(one: string, other: string): boolean {
  return one === other || multipartEtag([one]) === other || one === multipartEtag([other]);
}

/** In order; their sizes add up to `size`. */
export function partsOf(size: number, partSize: number): Part[] {
  return Array.from({ length: Math.ceil(size / partSize) }, (_, index) =>
    partAt({ fileSize: size, partSize, partNumber: index + 1 }),
  );
}
