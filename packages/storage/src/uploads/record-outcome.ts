import type { UploadError } from "@audiotricks/protocol";
import type { CompleteUploadRequest } from "@audiotricks/protocol/messages";
import { sql, type Transaction, type UpdateObject } from "kysely";
import { beginAgain } from "../begin-again.ts";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { lockGroupsOf, releaseGroups } from "./file-groups.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import type { Session } from "./session.ts";

const NO_LEASE = { lease_token: null, lease_expires_at: null };

/** A file that the store has and that was proved. */
export interface StoredOutcome {
  session: Session;
  lease: Lease;
  object: { size: number; etag: string; md5?: string };
  request: CompleteUploadRequest;
}

/**
 * The one place where files become `stored`: after the store proved them, in one transaction with all that follows. Its
 * statements are for any number of files; rows are locked in their one order, sessions before files.
 *
 * @returns Of each, whether it was still its caller's to say.
 */
export function recordStored(
  context: StorageContext,
  outcomes: readonly StoredOutcome[],
): Promise<boolean[]> {
  const write = () => writeStored(context, outcomes);
  return outcomes.length === 1 ? beginAgain(write) : write();
}

async function writeStored(context: StorageContext, outcomes: readonly StoredOutcome[]): Promise<boolean[]> {
  const rows = JSON.stringify(outcomes.map(toRow));
  const now = context.clock.now();
  const stored = await context.db.transaction().execute(async (trx) => {
    const groups = await lockGroupsOf(
      trx,
      outcomes.map(({ session }) => session),
    );
    const { rows: completed } = await sql<{ id: string }>`
      WITH outcomes AS MATERIALIZED (
        SELECT u.id, u.file_storage_id, o.*
        FROM jsonb_to_recordset(${rows}::jsonb) AS o (session_id uuid, token uuid, size bigint, summary jsonb)
        JOIN multipart_uploads u ON u.id = o.session_id AND u.lease_token = o.token
        WHERE u.status = 'completing'
        ORDER BY u.id
        -- One that somebody is deleting is not waited for while the others are held: then each is written alone.
        FOR UPDATE OF u ${outcomes.length === 1 ? sql`` : sql`NOWAIT`}
      ), waiting AS MATERIALIZED (
        -- Whoever edited the file by hand, or deletes it, has said what becomes of it.
        SELECT o.*
        FROM outcomes o JOIN file_storage f ON f.id = o.file_storage_id
        WHERE f.status = 'uploading'
        ORDER BY f.id
        FOR UPDATE OF f
      )
      UPDATE multipart_uploads u SET
        lease_token = NULL, lease_expires_at = NULL, status = 'completed', completed_at = ${now},
        total_file_size = o.size, size_known = true, uploaded_bytes = o.size,
        completed_chunks = CASE WHEN u.upload_method = 'put' THEN 1 ELSE u.completed_chunks END,
        client_summary = coalesce(o.summary, u.client_summary)
      FROM waiting o WHERE u.id = o.id
      RETURNING u.id`.execute(trx);
    const ids = new Set(completed.map(({ id }) => id));
    if (ids.size === 0) return ids;
    const won = outcomes.filter(({ session }) => ids.has(session.id));
    await sql`
      WITH outcomes AS MATERIALIZED (
        SELECT f.id, o.*
        FROM jsonb_to_recordset(${JSON.stringify(won.map(toRow))}::jsonb)
          AS o (file_id uuid, size bigint, mime_type text, etag text, md5 text, sha256 text)
        JOIN file_storage f ON f.id = o.file_id
        WHERE f.status = 'uploading'
        ORDER BY f.id
        FOR UPDATE OF f
      )
      UPDATE file_storage f SET
        status = 'stored', stored_at = ${now}, file_size = o.size, mime_type = o.mime_type, etag = o.etag,
        checksum_md5 = o.md5, checksum_sha256 = o.sha256,
        -- What is put into a workspace is for its members, until its owner says otherwise; what is made of a file is for those
        -- whom the file is for; what is one of a group waits for the others.
        access_level = CASE
          WHEN f.workspace_id IS NOT NULL AND f.derived_from IS NULL AND NOT f.metadata ? '$group' THEN 'workspace'
          ELSE f.access_level END
      FROM outcomes o WHERE f.id = o.id`.execute(trx);
    await releaseGroups(trx, groups);
    await audit(
      trx,
      "file_stored",
      won.map(({ session, object }) => ({ session, details: { size: object.size, origin: session.origin } })),
    );
    return ids;
  });
  for (const { session, request } of outcomes) {
    const { summary } = request;
    if (summary === undefined || !stored.has(session.id)) continue;
    const { fileId, providerId, key, userId, workspaceId, createdAt } = session;
    context.log.recordUpload({ fileId, providerId, key, userId, workspaceId, beganAt: createdAt, summary });
  }
  return outcomes.map(({ session }) => stored.has(session.id));
}

function toRow({ session, lease, object, request }: StoredOutcome) {
  return {
    session_id: session.id,
    file_id: session.fileId,
    token: lease.token,
    size: object.size,
    mime_type: session.mimeType,
    etag: object.etag,
    // Of a single PUT the store has told it; for parts there is only the caller's word.
    md5: object.md5 ?? request.md5 ?? null,
    sha256: request.sha256 ?? null,
    summary: request.summary ?? null,
  };
}

/** The end of an upload that will never be the file it was announced as. Gives the reservation back. */
export function recordFailed(
  context: StorageContext,
  session: Session,
  lease: Lease,
  error: UploadError,
): Promise<void> {
  return beginAgain(() => writeFailed(context, session, lease, error));
}

async function writeFailed(
  context: StorageContext,
  session: Session,
  lease: Lease,
  error: UploadError,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await leaveCompleting(trx, lease, {
      status: "failed",
      error_code: error.code,
      error_message: error.message,
    });
    await trx
      .updateTable("file_storage")
      .set({ status: "failed" })
      .where("id", "=", session.fileId)
      .where("status", "=", "uploading")
      .execute();
    await audit(trx, "upload_failed", [{ session, details: { code: error.code } }]);
  });
}

/**
 * Nothing was done at the store: the session is as open as before.
 *
 * @returns Whether it was still ours.
 */
export async function returnToActive(context: StorageContext, lease: Lease): Promise<boolean> {
  const { numUpdatedRows } = await context.db
    .updateTable("multipart_uploads")
    .set({ ...NO_LEASE, status: "active", complete_sent_at: null })
    .where("id", "=", lease.sessionId)
    .where("status", "=", "completing")
    .where("lease_token", "=", lease.token)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** @throws {LeaseLost} If somebody else has taken over, and with them the right to say how it ended. */
async function leaveCompleting(
  trx: Transaction<Database>,
  lease: Lease,
  change: UpdateObject<Database, "multipart_uploads">,
): Promise<void> {
  const { numUpdatedRows } = await trx
    .updateTable("multipart_uploads")
    .set({ ...NO_LEASE, ...change })
    .where("id", "=", lease.sessionId)
    .where("status", "=", "completing")
    .where("lease_token", "=", lease.token)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new LeaseLost();
}

async function audit(
  trx: Transaction<Database>,
  action: "file_stored" | "upload_failed",
  entries: readonly { session: Session; details: Record<string, unknown> }[],
): Promise<void> {
  await trx
    .insertInto("audit_logs")
    .values(
      entries.map(({ session, details }) => ({
        user_id: session.userId,
        action,
        resource: "file_storage",
        resource_id: session.fileId,
        category: "storage",
        details: JSON.stringify({ sessionId: session.id, ...details }),
      })),
    )
    .execute();
}
