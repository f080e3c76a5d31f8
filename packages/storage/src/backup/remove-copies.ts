import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { mapConcurrently } from "../concurrency.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { abortMultipartUpload } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import { describeCopyFailure } from "./copy-files.ts";

const BATCH = 50;
const LEASE_MS = 300_000;

interface Removal {
  fileId: string;
  backupId: string;
  key: string;
  uploadId: string | null;
}

export interface RemovalReport {
  removed: number;
  /** By file: these are tried again. */
  failures: { id: string; code: string; message: string }[];
}

/**
 * Takes away copies of files that were deleted longer ago than copies are kept, and what was begun for files that were deleted before they
 * were copied. Any number may run.
 */
export async function removeCopies(
  given: StorageContext,
  { signal, untilMs }: { signal: AbortSignal; untilMs: number },
): Promise<RemovalReport> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  const report: RemovalReport = { removed: 0, failures: [] };
  while (!signal.aborted && performance.now() < untilMs) {
    const token = randomUUID();
    const batch = await claim(context, token);
    await mapConcurrently(batch, context.settings.sweepConcurrency, async (removal) => {
      try {
        const { s3 } = await context.stores.of(removal.backupId, { fileId: removal.fileId });
        const { key, uploadId } = removal;
        if (uploadId !== null) await abortMultipartUpload(s3, { key, uploadId });
        await deleteObject(s3, key);
        await settle(context, removal, token);
        report.removed++;
      } catch (error) {
        // Its lease is the wait until it is tried again.
        if (!signal.aborted) report.failures.push({ id: removal.fileId, ...describeCopyFailure(error) });
      }
    });
    if (batch.length < BATCH || report.failures.length > 0) break;
  }
  return report;
}

async function claim({ db, clock }: StorageContext, token: string): Promise<Removal[]> {
  const { rows } = await sql<Removal>`
    UPDATE file_backups b
    SET state = 'removing', lease_token = ${token}, due_at = ${clock.in(LEASE_MS)}, attempts = b.attempts + 1
    WHERE (b.file_storage_id, b.backup_provider_id) IN (
      SELECT w.file_storage_id, w.backup_provider_id FROM file_backups w
      WHERE (w.state = 'removing' AND w.due_at <= ${clock.now()})
        OR (w.state = 'copied' AND w.deleted_at <=
          ${clock.now()} - (SELECT s.backup_kept_days FROM storage_settings s) * interval '1 day')
      LIMIT ${BATCH}
      FOR UPDATE SKIP LOCKED)
    RETURNING b.file_storage_id AS "fileId", b.backup_provider_id AS "backupId", b.object_key AS key, b.upload_id AS "uploadId"`.execute(
    db,
  );
  return rows;
}

async function settle({ db }: StorageContext, { fileId, backupId }: Removal, token: string): Promise<void> {
  await db
    .updateTable("file_backups")
    .set({ state: "removed", due_at: null, lease_token: null, upload_id: null, etag: null, attempts: 0 })
    .where("file_storage_id", "=", fileId)
    .where("backup_provider_id", "=", backupId)
    .where("state", "=", "removing")
    .where("lease_token", "=", token)
    .execute();
}
