import { headObject } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { Assembly } from "./assembly.ts";
import { settle } from "./complete-upload.ts";
import { writeAlone } from "./completion-writes.ts";
import { claimForCompleting, type Lease, LeaseLost, whileLeased } from "./lease.ts";
import { findPublished } from "./publish-put.ts";
import { returnToActive } from "./record-outcome.ts";
import { getSession, type Session, storeOf } from "./session.ts";

/**
 * Of an open session whose time is up, and for which Complete was asked and refused: looks whether the object is there all the
 * same, because the request had reached the store twice, or because the database is older than the bucket. If it is, the file is
 * stored: it may have been acknowledged. If it is not, the session becomes as if nobody had asked, and can end.
 *
 * @returns Whether the file is stored now.
 */
export async function settleAsked(context: StorageContext, sessionId: string): Promise<boolean> {
  const lease = await claimForCompleting(context, sessionId, ["active"]);
  if (lease === undefined) return false;
  try {
    return await whileLeased(context, [lease], async () => {
      const session = await getSession(context, sessionId);
      const store = await storeOf(context, session);
      const object = await findObject(store, session);
      if (object !== undefined) {
        await settle(context, store, session, lease, { object, request: {}, writes: writeAlone(context) });
        return true;
      }
      await forgetAsked(context, session, lease);
      return false;
    });
  } catch (error) {
    if (error instanceof LeaseLost) return false;
    await returnToActive(context, lease);
    throw error;
  }
}

/** Only what was expected there; other bytes at the key are for the reconciliation to tell of. */
async function findObject(
  store: Store,
  session: Session,
): Promise<Extract<Assembly, { outcome: "assembled" }> | undefined> {
  const { target, expectedEtag, key } = session;
  if (target.method === "put")
    return target.putEtag === null ? undefined : await findPublished(store, session, target.putEtag);
  const head = await headObject(store.s3, key);
  if (head === undefined || head.etag !== expectedEtag) return undefined;
  return { outcome: "assembled", size: head.size, etag: head.etag };
}

async function forgetAsked(context: StorageContext, session: Session, lease: Lease): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable("multipart_uploads")
      .set({
        status: "active",
        lease_token: null,
        lease_expires_at: null,
        complete_asked: false,
        put_etag: null,
      })
      .where("id", "=", session.id)
      .where("status", "=", "completing")
      .where("lease_token", "=", lease.token)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw new LeaseLost();
    await trx
      .updateTable("file_storage")
      .set({ etag: null })
      .where("id", "=", session.fileId)
      .where("status", "=", "uploading")
      .execute();
  });
}
