import { partAt, UploadError } from "@audiotricks/protocol";
import type { StoredPart } from "@audiotricks/protocol/messages";
import { multipartEtag } from "../s3/etag.ts";

/** How a file is cut, as the row has it. */
export interface PartPlan {
  fileSize: number;
  partSize: number;
}

/**
 * Holds what the store has against the plan.
 *
 * @throws {UploadError} `parts_missing`: `details.missing` are the part numbers to send (again), among them those whose
 *   size is not the planned one (`details.wrongSize`). `size_mismatch` if there are parts the plan does not have.
 */
export function requirePlannedParts(plan: PartPlan, stored: readonly StoredPart[]): void {
  const partCount = Math.ceil(plan.fileSize / plan.partSize);
  const sizes = new Map(stored.map(({ partNumber, size }) => [partNumber, size]));
  const missing: number[] = [];
  const wrongSize: number[] = [];
  for (let partNumber = 1; partNumber <= partCount; partNumber++) {
    const { size } = partAt({ ...plan, partNumber });
    const storedSize = sizes.get(partNumber);
    if (storedSize === size) continue;
    missing.push(partNumber);
    if (storedSize !== undefined) wrongSize.push(partNumber);
  }
  if (stored.some(({ partNumber }) => partNumber < 1 || partNumber > partCount)) {
    throw new UploadError("size_mismatch", "The store holds parts that do not belong to this file.");
  }
  if (missing.length > 0) {
    throw new UploadError("parts_missing", `${missing.length} of ${partCount} parts are not there yet.`, {
      details: { missing, ...(wrongSize.length === 0 ? {} : { wrongSize }) },
    });
  }
}

/**
 * Holds the store's parts against what the caller knows of its own bytes: two devices may have been sending files of one
 * name and size into one session.
 *
 * @param partsMd5 MD5 over the parts' binary MD5s; nothing is compared without it, nor where ETags are not MD5s.
 * @throws {UploadError} `parts_missing` with an empty `details.missing`: which parts differ, the caller can tell.
 */
export function requireSameBytes(partsMd5: string | undefined, stored: readonly StoredPart[]): void {
  const inOrder = stored.toSorted((a, b) => a.partNumber - b.partNumber);
  const etag = multipartEtag(inOrder.map((part) => part.etag));
  if (partsMd5 === undefined || etag === undefined || etag === `${partsMd5}-${stored.length}`) return;
  throw new UploadError("parts_missing", "The store holds other bytes than were sent from here.", {
    details: { missing: [] },
  });
}

/**
 * As `requirePlannedParts`, for an upload without a plan: the caller's list is the plan, and must name every part the store has.
 *
 * @throws {UploadError} `parts_missing` where the two differ, `size_mismatch` above `maxSize` bytes.
 */
export function requireListedParts(
  listed: readonly { partNumber: number; etag: string }[],
  stored: readonly StoredPart[],
  maxSize: number,
): void {
  const etags = new Map(stored.map(({ partNumber, etag }) => [partNumber, etag]));
  const missing = listed
    .filter(({ partNumber, etag }) => etags.get(partNumber) !== etag)
    .map((p) => p.partNumber);
  const named = new Set(listed.map(({ partNumber }) => partNumber));
  const unlisted = stored.map(({ partNumber }) => partNumber).filter((partNumber) => !named.has(partNumber));
  if (missing.length > 0 || unlisted.length > 0 || stored.length === 0) {
    throw new UploadError("parts_missing", "The parts named are not the parts the store has.", {
      details: { missing, unlisted },
    });
  }
  const total = totalSize(stored);
  if (total > maxSize) {
    throw new UploadError("size_mismatch", "The upload is larger than what was reserved for it.", {
      details: { size: total, reserved: maxSize },
    });
  }
}

export function totalSize(parts: readonly { size: number }[]): number {
  return parts.reduce((sum, { size }) => sum + size, 0);
}
