import { S3_LIMITS } from "@audiotricks/protocol";

const MiB = 1024 * 1024;

/** Every so many parts the next step begins; there are as many steps as fit into `S3_LIMITS.maxPartCount`. */
const PARTS_PER_STEP = 1_000;
/** MiB of a part, step by step; in all 5.2 TB, more than an object may have. */
const STEPS = [8, 8, 16, 16, 32, 64, 256, 1024, 1536, 2048] as const;

/**
 * Bytes of one part of an object whose size nobody knows yet: small while it is small, so that little is held, and larger as
 * it grows, so that `S3_LIMITS.maxPartCount` parts hold as much as an object may have. 16 MiB at most up to 50 GB, 64 MiB up
 * to 150 GB.
 *
 * @throws {RangeError} If there is no such part.
 */
export function partSizeOnLadder(partNumber: number): number {
  const step = STEPS[Math.floor((partNumber - 1) / PARTS_PER_STEP)];
  if (!Number.isSafeInteger(partNumber) || step === undefined)
    throw new RangeError(`Part ${partNumber} is not one of ${S3_LIMITS.maxPartCount}`);
  return step * MiB;
}
