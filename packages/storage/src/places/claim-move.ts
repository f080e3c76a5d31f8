import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { pinnedTypeOf } from "../pinned-type.ts";
import type { StorageContext } from "../storage-context.ts";

/** One file on its way to another bucket, and the right to work on it until the lease runs out. */
export interface ClaimedMove {
  id: string;
  fileId: string;
  /** With its workspace, to a cold bucket, or back from there. */
  kind: "move" | "archive" | "recall";
  token: string;
  /** copy: to be copied and handed over. clear: its old object goes. drop: it is not to move any more. */
  work: "copy" | "clear" | "drop";
  /** This one included. */
  attempts: number;
  fromId: string;
  toId: string;
  /** In both buckets. */
  key: string;
  /** Bytes. */
  size: number;
  /** As the file's row says; `null` for a row of before there were any. */
  etag: string | null;
  /** Of the copy, once it is made. */
  copyEtag: string | null;
  partSize: number | undefined;
  contentType: string;
  wasPublic: boolean;
  uploadId: string | null;
  userId: string | null;
  workspaceId: string | null;
}

/** Longer than one part may take, and renewed after each. */
export const MOVE_LEASE_MS = 300_000;

/**
 * Claims what has waited longest, and before all else what somebody has called back: of any number of workers each gets another one.
 *
 * @param away Buckets that are asked nothing.
 */
export async function claimMove(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  away: readonly string[] = [],
): Promise<ClaimedMove | undefined> {
  const token = randomUUID();
  const { rows } = await sql<{
    id: string;
    file_storage_id: string;
    kind: ClaimedMove["kind"];
    state: string;
    attempts: number;
    from_provider_id: string;
    to_provider_id: string;
    object_key: string;
    file_size: number;
    copy_etag: string | null;
    was_public: boolean;
    upload_id: string | null;
    etag: string | null;
    file_extension: string | null;
    user_id: string | null;
    workspace_id: string | null;
    part_size: number | null;
  }>`
    WITH claimed AS (
      UPDATE file_moves m
      SET state = CASE WHEN m.state IN ('pending', 'failed') THEN 'copying' ELSE m.state END,
        lease_token = ${token}, attempts = m.attempts + 1, due_at = ${clock.in(MOVE_LEASE_MS)},
        error_code = NULL, error_message = NULL
      WHERE m.id IN (
        SELECT q.id FROM storage_providers p
        CROSS JOIN LATERAL (
          SELECT w.id, w.kind, w.due_at FROM file_moves w
          WHERE w.to_provider_id = p.id AND w.due_at <= ${clock.now()} AND w.from_provider_id <> ALL (${away}::uuid[])
          ORDER BY (w.kind <> 'recall'), w.due_at
          LIMIT 1
          FOR UPDATE SKIP LOCKED) q
        WHERE p.id <> ALL (${away}::uuid[])
        ORDER BY (q.kind <> 'recall'), q.due_at
        LIMIT 1)
      RETURNING m.*
    )
    SELECT c.id, c.file_storage_id, c.kind, c.state, c.attempts, c.from_provider_id, c.to_provider_id, c.object_key, c.file_size,
      c.etag AS copy_etag, c.was_public, c.upload_id, f.etag, f.file_extension, f.user_id, f.workspace_id,
      (SELECT u.chunk_size FROM multipart_uploads u WHERE u.file_storage_id = c.file_storage_id AND u.status = 'completed'
       ORDER BY u.completed_at DESC LIMIT 1) AS part_size
    FROM claimed c LEFT JOIN file_storage f ON f.id = c.file_storage_id`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    id: row.id,
    fileId: row.file_storage_id,
    kind: row.kind,
    token,
    work: row.state === "moved" ? "clear" : row.state === "dropping" ? "drop" : "copy",
    attempts: row.attempts,
    fromId: row.from_provider_id,
    toId: row.to_provider_id,
    key: row.object_key,
    size: Number(row.file_size),
    etag: row.etag,
    copyEtag: row.copy_etag,
    partSize: row.part_size === null ? undefined : Number(row.part_size),
    contentType: pinnedTypeOf(row.file_extension ?? ""),
    wasPublic: row.was_public,
    uploadId: row.upload_id,
    userId: row.user_id,
    workspaceId: row.workspace_id,
  };
}
