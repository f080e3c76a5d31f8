const MiB = 1024 * 1024;

/** Limits of S3 multipart uploads, in bytes; DigitalOcean Spaces has the same. */
export const S3_LIMITS = {
  minPartSize: 5 * MiB,
  /** 5 GB as Spaces states it: decimal, the smaller reading. */
  maxPartSize: 5_000_000_000,
  maxPartCount: 10_000,
  /** 5 TB, decimal. */
  maxObjectSize: 5_000_000_000_000,
} as const;

/** Largest part in bytes that is wanted; parts are larger only where S3 forces them to be. */
export const PREFERRED_PART_SIZE = 10 * MiB;

/** Files up to this many bytes go as one signed PUT unless the caller asks otherwise. */
export const SINGLE_PUT_MAX_SIZE = 10 * MiB;

/** A file that can be cut into as many parts is: with few large ones, most lanes stand idle while the last ones end. */
const ENOUGH_PARTS = 40;

export interface Part {
  /** Starts at 1. */
  partNumber: number;
  offset: number;
  size: number;
}

/**
 * Size in bytes of every part but the last. The SQL function `plan_part_size` is the same rule.
 *
 * @param fileSize Length of the file in bytes; at least 1 (an empty file is refused earlier).
 * @param preferredPartSize Largest part wanted, in bytes; smaller for smaller files, and raised where S3's limits require it; in
 *   whole MiB.
 * @throws {RangeError} If a size is not a positive integer, or the file exceeds `S3_LIMITS.maxObjectSize`.
 */
export function planPartSize(fileSize: number, preferredPartSize: number = PREFERRED_PART_SIZE): number {
  requirePositiveInteger("fileSize", fileSize);
  requirePositiveInteger("preferredPartSize", preferredPartSize);
  const { minPartSize, maxPartSize, maxPartCount, maxObjectSize } = S3_LIMITS;
  if (fileSize > maxObjectSize)
    throw new RangeError(`${fileSize} bytes exceed the largest object, ${maxObjectSize}`);
  const wanted = Math.min(preferredPartSize, inWholeMiB(fileSize / ENOUGH_PARTS));
  return Math.min(Math.max(wanted, minPartSize, inWholeMiB(fileSize / maxPartCount)), maxPartSize);
}

function inWholeMiB(bytes: number): number {
  return Math.ceil(bytes / MiB) * MiB;
}

/** Cuts a file into parts: in order, without gap or overlap; sizes add up to `fileSize`. Throws as `planPartSize`. */
export function planParts(fileSize: number, preferredPartSize: number = PREFERRED_PART_SIZE): Part[] {
  const partSize = planPartSize(fileSize, preferredPartSize);
  return Array.from({ length: Math.ceil(fileSize / partSize) }, (_, index) =>
    partAt({ fileSize, partSize, partNumber: index + 1 }),
  );
}

/** One part of a plan already made. @throws {RangeError} If the part number is outside the plan. */
export function partAt(plan: { fileSize: number; partSize: number; partNumber: number }): Part {
  const { fileSize, partSize, partNumber } = plan;
  const offset = (partNumber - 1) * partSize;
  if (!Number.isSafeInteger(partNumber) || partNumber < 1 || offset >= fileSize) {
    throw new RangeError(`Part ${partNumber} is outside the plan`);
  }
  return { partNumber, offset, size: Math.min(partSize, fileSize - offset) };
}

function requirePositiveInteger(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${name} must be a positive integer, got ${value}`);
}
