import type { UploadError } from "@audiotricks/protocol";
import type { CompleteUploadRequest } from "@audiotricks/protocol/messages";
import type { Transaction, UpdateObject } from "kysely";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import type { Session } from "./session.ts";

const NO_LEASE = { lease_token: null, lease_expires_at: null };

/** The one place where a file becomes `stored`: after the store proved it, in one transaction with all that follows. */
export async function recordStored(
  context: StorageContext,
  session: Session,
  lease: Lease,
  object: { size: number; etag: string; md5?: string },
  request: CompleteUploadRequest,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await leaveCompleting(trx, lease, {
      status: "completed",
      completed_at: context.clock.now(),
      total_file_size: object.size,
      size_known: true,
      uploaded_bytes: object.size,
      ...(session.target.method === "put" ? { completed_chunks: 1 } : {}),
      ...(request.summary === undefined ? {} : { client_summary: JSON.stringify(request.summary) }),
    });
    await trx
      .updateTable("file_storage")
      .set((eb) => ({
        status: "stored",
        stored_at: context.clock.now(),
        file_size: object.size,
        mime_type: session.mimeType,
        etag: object.etag,
        // Of a single PUT the store has told it; for parts there is only the caller's word.
        checksum_md5: object.md5 ?? request.md5 ?? null,
        checksum_sha256: request.sha256 ?? null,
        // What is put into a workspace is for its members, until its owner says otherwise.
        access_level: eb
          .case()
          .when("workspace_id", "is not", null)
          .then("workspace")
          .else(eb.ref("access_level"))
          .end(),
      }))
      .where("id", "=", session.fileId)
      .where("status", "=", "uploading")
      .execute();
    await audit(trx, session, "file_stored", { size: object.size, origin: session.origin });
  });
}

/** The end of an upload that will never be the file it was announced as. Gives the reservation back. */
export async function recordFailed(
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
    await audit(trx, session, "upload_failed", { code: error.code });
  });
}

/** Nothing was done at the store: the session is as open as before. */
export async function returnToActive(context: StorageContext, lease: Lease): Promise<void> {
  await context.db
    .updateTable("multipart_uploads")
    .set({ ...NO_LEASE, status: "active", complete_sent_at: null })
    .where("id", "=", lease.sessionId)
    .where("status", "=", "completing")
    .where("lease_token", "=", lease.token)
    .execute();
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
  session: Session,
  action: "file_stored" | "upload_failed",
  details: Record<string, unknown>,
): Promise<void> {
  await trx
    .insertInto("audit_logs")
    .values({
      user_id: session.userId,
      action,
      resource: "file_storage",
      resource_id: session.fileId,
      category: "storage",
      details: JSON.stringify({ sessionId: session.id, ...details }),
    })
    .execute();
}
