import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import { abortMultipartUpload, createMultipartUpload, listUploadsAt } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { claimForCreating, type Lease, letGo, whileLeased } from "./lease.ts";
import { getSession, type Session, storeOf } from "./session.ts";

/**
 * Brings a session from `creating` to `active`. The row was there first; what an earlier attempt may have begun at the
 * store is adopted, so that nothing is left behind there.
 *
 * @returns The session as it is afterwards: not `active` if someone cancelled it meanwhile.
 * @throws {UploadError} `storage_unavailable`; the session stays `creating` and can be asked for again.
 */
export async function openAtStore(context: StorageContext, session: Session): Promise<Session> {
  if (session.state !== "creating") return session;
  if (session.target.method === "put") {
    await activatePuts(context, [session.id]);
    return getSession(context, session.id);
  }
  const deadline = Date.now() + context.settings.waitForOtherMs;
  for (;;) {
    const lease = await claimForCreating(context, session.id);
    if (lease !== undefined) {
      try {
        return await whileLeased(context, [lease], () => open(context, session, lease));
      } catch (error) {
        await letGo(context, lease);
        throw error;
      }
    }
    const current = await getSession(context, session.id);
    if (current.state !== "creating") return current;
    if (Date.now() > deadline)
      throw new UploadError("storage_unavailable", "The upload is still being set up.");
    await delay(50);
  }
}

/** A single PUT needs nothing at the store beforehand. */
export async function activatePuts(context: StorageContext, sessionIds: readonly string[]): Promise<void> {
  if (sessionIds.length === 0) return;
  await context.db
    .updateTable("multipart_uploads")
    .set({ status: "active" })
    .where("id", "in", sessionIds)
    .where("status", "=", "creating")
    .where("upload_method", "=", "put")
    .execute();
}

async function open(
  context: StorageContext,
  session: Session,
  lease: Lease & { isTakeover: boolean },
): Promise<Session> {
  const store = await storeOf(context, session);
  const uploadId = lease.isTakeover
    ? await adoptOrCreate(store, session)
    : await createMultipartUpload(store.s3, { key: session.key, contentType: session.mimeType });
  const { numUpdatedRows } = await context.db
    .updateTable("multipart_uploads")
    .set({ status: "active", spaces_upload_id: uploadId, lease_token: null, lease_expires_at: null })
    .where("id", "=", session.id)
    .where("status", "=", "creating")
    .where("lease_token", "=", lease.token)
    .executeTakeFirst();
  const current = await getSession(context, session.id);
  const isInUse = current.target.method === "multipart" && current.target.uploadId === uploadId;
  // Too slow: cancelled, or another took over. What we made is ours to take away, unless the other found and kept it;
  // while they are still at it they may be about to, and the end of the session clears what they did not keep.
  if (numUpdatedRows === 0n && !isInUse && current.state !== "creating") {
    await abortMultipartUpload(store.s3, { key: session.key, uploadId });
  }
  return current;
}

async function adoptOrCreate(store: Store, session: Session): Promise<string> {
  const [adopted, ...others] = await listUploadsAt(store.s3, session.key);
  for (const uploadId of others) await abortMultipartUpload(store.s3, { key: session.key, uploadId });
  return adopted ?? createMultipartUpload(store.s3, { key: session.key, contentType: session.mimeType });
}
