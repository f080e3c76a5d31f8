import { abortMultipartUpload, createMultipartUpload } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { MultipartTarget, Session } from "../uploads/session.ts";
import { type ExportLease, ExportLost, isHeldBy } from "./export-lease.ts";
import { leaveOut } from "./export-progress.ts";

/**
 * So much was left out that the archive has fewer parts than were sent: the store has no way to take one back, and Ceph completes no
 * upload of which a part is not named. What a crash leaves of the new upload goes with the sweep, as the session does not name it.
 */
export async function beginUploadAnew(
  context: StorageContext,
  lease: ExportLease,
  { session, store }: { session: Session & { target: MultipartTarget }; store: Store },
): Promise<void> {
  const { key, mimeType: contentType, target } = session;
  await leaveOut(context, lease, { ordinals: [], fromPart: 1 });
  const uploadId = await createMultipartUpload(store.s3, { key, contentType });
  const { numUpdatedRows } = await context.db
    .updateTable("multipart_uploads")
    .set({ spaces_upload_id: uploadId })
    .where("id", "=", session.id)
    .where("status", "=", "active")
    .where("spaces_upload_id", "=", target.uploadId)
    // Whoever was asleep since would take the upload from under another, who is at it.
    .where((eb) => eb.exists(eb.selectFrom("storage_exports").select("id").where(isHeldBy(lease))))
    .executeTakeFirst();
  const unused = numUpdatedRows === 0n ? uploadId : target.uploadId;
  if (unused !== null) await abortMultipartUpload(store.s3, { key, uploadId: unused });
  if (numUpdatedRows === 0n) throw new ExportLost();
}
