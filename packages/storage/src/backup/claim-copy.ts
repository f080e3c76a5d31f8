import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { pinnedTypeOf } from "../pinned-type.ts";
import type { StorageContext } from "../storage-context.ts";

/** A file that is to be copied, and the right to do so until the lease runs out. */
export interface ClaimedCopy {
  fileId: string;
  backupId: string;
  token: string;
  /** This one included. */
  attempts: number;
  /** Whether its bytes are still promised: else there is nothing to copy any more. */
  isStored: boolean;
  /** In both buckets. */
  key: string;
  /** Bytes. */
  size: number;
  /** As its row says; `null` for a row of before there were any. */
  etag: string | null;
  partSize: number | undefined;
  contentType: string;
  providerId: string;
  userId: string | null;
  workspaceId: string | null;
  /** Of an attempt that was ended. */
  uploadId: string | null;
}

interface ClaimedRow {
  file_storage_id: string;
  backup_provider_id: string;
  attempts: number;
  object_key: string;
  upload_id: string | null;
  is_stored: boolean | null;
  file_size: number;
  etag: string | null;
  file_extension: string | null;
  part_size: number | null;
  storage_provider_id: string | null;
  user_id: string | null;
  workspace_id: string | null;
}

/** Longer than one part may take, and renewed after each. */
export const COPY_LEASE_MS = 300_000;

/**
 * Claims the copy that has waited longest: of any number of workers each gets another one.
 *
 * @param away Backups that are asked nothing.
 */
export async function claimCopy(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  away: readonly string[] = [],
): Promise<ClaimedCopy | undefined> {
  const token = randomUUID();
  const { rows } = await sql<ClaimedRow>`
    WITH claimed AS (
      UPDATE file_backups b
      SET state = 'copying', lease_token = ${token}, attempts = b.attempts + 1, due_at = ${clock.in(COPY_LEASE_MS)},
        error_code = NULL, error_message = NULL
      WHERE (b.file_storage_id, b.backup_provider_id) IN (
        -- The first of each backup's queue: what waits for one that is away or disabled is not walked over.
        SELECT q.file_storage_id, q.backup_provider_id FROM storage_providers p
        CROSS JOIN LATERAL (
          SELECT w.file_storage_id, w.backup_provider_id, w.due_at FROM file_backups w
          WHERE w.backup_provider_id = p.id AND w.state IN ('pending', 'copying', 'failed') AND w.due_at <= ${clock.now()}
          ORDER BY w.due_at
          LIMIT 1
          FOR UPDATE SKIP LOCKED) q
        WHERE p.purpose = 'backup' AND p.is_active AND p.id <> ALL (${away}::uuid[])
        ORDER BY q.due_at
        LIMIT 1)
      RETURNING b.*
    )
    SELECT c.file_storage_id, c.backup_provider_id, c.attempts, c.object_key, c.upload_id, c.file_size,
      is_counted_file(f.status) AS is_stored, f.etag, f.file_extension, f.storage_provider_id, f.user_id, f.workspace_id,
      (SELECT u.chunk_size FROM multipart_uploads u WHERE u.file_storage_id = c.file_storage_id AND u.status = 'completed'
       ORDER BY u.completed_at DESC LIMIT 1) AS part_size
    FROM claimed c LEFT JOIN file_storage f ON f.id = c.file_storage_id`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    fileId: row.file_storage_id,
    backupId: row.backup_provider_id,
    token,
    attempts: row.attempts,
    isStored: row.is_stored === true,
    key: row.object_key,
    size: Number(row.file_size),
    etag: row.etag,
    partSize: row.part_size === null ? undefined : Number(row.part_size),
    contentType: pinnedTypeOf(row.file_extension ?? ""),
    providerId: row.storage_provider_id ?? "",
    userId: row.user_id,
    workspaceId: row.workspace_id,
    uploadId: row.upload_id,
  };
}
