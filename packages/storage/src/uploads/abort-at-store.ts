import { UploadError } from "@audiotricks/protocol";
import { deleteObject } from "../s3/delete-objects.ts";
import { abortMultipartUpload, listParts, listUploadsAt } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { type Lease, letGo, whileLeased } from "./lease.ts";
import { getSession, type Session, storeOf } from "./session.ts";

/** Parts that were on their way when an upload was aborted can bring it back. */
const MAX_ROUNDS = 5;

/**
 * Takes away what an `aborting` session has at the store, then says `aborted`.
 *
 * @returns Whether that was possible; otherwise the sweep tries again.
 */
export async function abortAtStore(
  context: StorageContext,
  sessionId: string,
  lease: Lease,
): Promise<boolean> {
  try {
    return await whileLeased(context, [lease], async () => {
      // Read under the lease: whoever was creating the upload has written its id by now, or never will.
      const session = await getSession(context, sessionId);
      const store = await storeOf(context, session);
      if (!(await removeTraces(store, session))) {
        await letGo(context, lease);
        return false;
      }
      const { numUpdatedRows } = await context.db
        .updateTable("multipart_uploads")
        .set({ status: "aborted", lease_token: null, lease_expires_at: null })
        .where("id", "=", sessionId)
        .where("status", "=", "aborting")
        .where("lease_token", "=", lease.token)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  } catch (error) {
    await letGo(context, lease);
    if (error instanceof UploadError && error.retryable) return false;
    throw error;
  }
}

async function removeTraces(store: Store, session: Session): Promise<boolean> {
  if (!(await removeWhatWasSent(store, session))) return false;
  // What the store refused may have reached it twice, and have been carried out the second time. Only whoever is to have nothing of it
  // gets here, by cancelling or with the owner: of one whose time is up, the sweep has looked (`settleAsked`).
  if (mayHaveBeenAssembled(session)) await deleteObject(store.s3, session.key);
  return true;
}

/** Whether the store was ever asked to make the object. */
function mayHaveBeenAssembled({ target, expectedEtag }: Session): boolean {
  return expectedEtag !== null || (target.method === "put" && target.putEtag !== null);
}

async function removeWhatWasSent(store: Store, session: Session): Promise<boolean> {
  const { target, key } = session;
  if (target.method === "put") {
    await deleteObject(store.s3, target.tempKey);
    return true;
  }
  const isOneKnown = target.uploadId !== null && session.takeovers === 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const uploadIds =
      isOneKnown && target.uploadId !== null ? [target.uploadId] : await listUploadsAt(store.s3, key);
    for (const uploadId of uploadIds) await abortMultipartUpload(store.s3, { key, uploadId });
    const left = await Promise.all(uploadIds.map((uploadId) => listParts(store.s3, { key, uploadId })));
    if (left.every((parts) => parts === undefined)) return true;
  }
  return false;
}
