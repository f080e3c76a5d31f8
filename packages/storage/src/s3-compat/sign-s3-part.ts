import { UploadError } from "@audiotricks/protocol";
import { totalSize } from "../proof/check-parts.ts";
import type { StorageContext } from "../storage-context.ts";
import { cancelSession } from "../uploads/cancel-upload.ts";
import { type Session, sessionNotOpen, storeOf } from "../uploads/session.ts";
import { listStoredParts } from "../uploads/stored-parts.ts";

/**
 * A URL for one part of unknown size. The bytes at the store are counted first: an upload above what was reserved for
 * it ends here, and nobody gets far ahead of what has been counted.
 */
export async function signS3Part(
  context: StorageContext,
  session: Session,
  partNumber: number,
): Promise<string> {
  if (session.state !== "active" || session.isExpired || session.target.method !== "multipart") {
    throw sessionNotOpen(session);
  }
  const { key, fileSize, target } = session;
  const store = await storeOf(context, session);
  const stored = (await listStoredParts(store, session)) ?? [];
  const isNew = stored.every((part) => part.partNumber !== partNumber);
  const size = totalSize(stored);
  if (size > fileSize || (isNew && size === fileSize)) {
    await cancelSession(context, session);
    throw new UploadError("quota_exceeded", "The upload is larger than what was reserved for it.", {
      details: { size, reserved: fileSize },
    });
  }
  if (isNew && partNumber > stored.length + context.settings.s3PartsAhead) {
    throw new UploadError("invalid_request", "Send the parts before this one first.", {
      details: { partNumber, stored: stored.length },
    });
  }
  return store.s3.presigner.uploadPart({
    key,
    uploadId: target.uploadId ?? "",
    partNumber,
    expiresIn: context.settings.uploadUrlExpiresIn,
  });
}
