import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { beginAgain } from "../begin-again.ts";
import { placeAgain } from "../places/place-again.ts";
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

/** A single PUT needs nothing at the store beforehand. @returns The ids of those that are `active` by this. */
export async function activatePuts(
  context: StorageContext,
  sessionIds: readonly string[],
): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set();
  const rows = await beginAgain(() =>
    context.db
      .updateTable("multipart_uploads")
      .set({ status: "active" })
      .where("id", "in", (eb) =>
        eb
          .selectFrom("multipart_uploads as u")
          .select("u.id")
          .where("u.id", "in", sessionIds)
          .orderBy("u.id")
          .forUpdate()
          // What somebody is deleting is not waited for while others are held: the host's DELETE would be what ends the circle.
          .$if(sessionIds.length > 1, (query) => query.noWait()),
      )
      .where("status", "=", "creating")
      .where("upload_method", "=", "put")
      .returning("id")
      .execute(),
  );
  return new Set(rows.map(({ id }) => id));
}

async function open(
  context: StorageContext,
  session: Session,
  lease: Lease & { isTakeover: boolean },
): Promise<Session> {
  // Whoever was at it before may have taken it elsewhere since the session was read, and so may we.
  if (lease.isTakeover) {
    await placeAgain(context, lease);
    session = await getSession(context, session.id);
  }
  const store = await storeOf(context, session);
  const uploadId = lease.isTakeover
    ? await adoptOrCreate(store, session)
    : await createMultipartUpload(store.s3, objectOf(session));
  const isWritten = (await recordOpened(context, [{ lease, uploadId }])).has(session.id);
  const current = await getSession(context, session.id);
  if (!isWritten) await leaveUnused(store, current, uploadId);
  return current;
}

/** @returns Of those still their caller's to open, the ids. */
export async function recordOpened(
  context: StorageContext,
  opened: readonly { lease: Lease; uploadId: string }[],
): Promise<Set<string>> {
  const values = opened.map(({ lease, uploadId }) => ({
    id: lease.sessionId,
    token: lease.token,
    upload_id: uploadId,
  }));
  const { rows } = await sql<{ id: string }>`
    WITH opened AS MATERIALIZED (
      SELECT u.id, o.upload_id
      FROM jsonb_to_recordset(${JSON.stringify(values)}::jsonb) AS o (id uuid, token uuid, upload_id text)
      JOIN multipart_uploads u ON u.id = o.id AND u.lease_token = o.token
      WHERE u.status = 'creating'
      ORDER BY u.id
      FOR UPDATE OF u
    )
    UPDATE multipart_uploads u
    SET status = 'active', spaces_upload_id = o.upload_id, lease_token = NULL, lease_expires_at = NULL
    FROM opened o WHERE u.id = o.id
    RETURNING u.id`.execute(context.db);
  return new Set(rows.map(({ id }) => id));
}

/**
 * Too slow: cancelled, or another took over. What we made is ours to take away, unless the other found and kept it;
 * while they are still at it they may be about to, and the end of the session clears what they did not keep.
 */
export async function leaveUnused(store: Store, current: Session, uploadId: string): Promise<void> {
  const isInUse = current.target.method === "multipart" && current.target.uploadId === uploadId;
  if (!isInUse && current.state !== "creating") {
    await abortMultipartUpload(store.s3, { key: current.key, uploadId });
  }
}

async function adoptOrCreate(store: Store, session: Session): Promise<string> {
  const [adopted, ...others] = await listUploadsAt(store.s3, session.key);
  for (const uploadId of others) await abortMultipartUpload(store.s3, { key: session.key, uploadId });
  return adopted ?? createMultipartUpload(store.s3, objectOf(session));
}

function objectOf({ key, mimeType: contentType, contentEncoding }: Session) {
  return { key, contentType, contentEncoding };
}
