import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

/** Whoever stores a file may wait for one such statement. */
const BATCH = 500;

interface Unfilled {
  sourceId: string;
  backupId: string;
  /** Whether those who may not have seen that there is a backup are over. */
  isReady: boolean;
  after: string;
}

/**
 * Queues the files that were there before their backup was: batch by batch, until all are or the time is over. It begins once every
 * transaction that may have stored a file without knowing of the backup has ended; from then on the trigger misses none.
 *
 * @returns How many were queued.
 */
export async function fillBackups(
  { db }: Pick<StorageContext, "db">,
  { signal, untilMs }: { signal: AbortSignal; untilMs: number },
): Promise<number> {
  await sql`UPDATE storage_backups SET seen_from = pg_current_xact_id() WHERE seen_from IS NULL`.execute(db);
  const { rows } = await sql<Unfilled>`
    SELECT b.storage_provider_id AS "sourceId", b.backup_provider_id AS "backupId", b.filled_up_to AS "after",
      b.seen_from <= pg_snapshot_xmin(pg_current_snapshot()) AS "isReady"
    FROM storage_backups b JOIN storage_providers p ON p.id = b.backup_provider_id AND p.is_active
    WHERE b.filled_at IS NULL`.execute(db);
  let queued = 0;
  for (const backup of rows) {
    if (!backup.isReady) continue;
    for (let after: string | null = backup.after; after !== null; ) {
      if (signal.aborted || performance.now() >= untilMs) return queued;
      const batch: { queued: number; upTo: string | null } = await fillBatch(db, { ...backup, after });
      queued += batch.queued;
      after = batch.upTo;
    }
  }
  return queued;
}

/** In one statement: how far it is and what was queued are there together. `upTo` is `null` at the end. */
async function fillBatch(
  db: StorageContext["db"],
  { sourceId, backupId, after }: Unfilled,
): Promise<{ queued: number; upTo: string | null }> {
  const { rows } = await sql<{ queued: number; upTo: string | null }>`
    WITH batch AS (
      SELECT f.id, f.storage_path, f.file_size, coalesce(f.stored_at, f.created_at) AS stored_at, f.status
      FROM file_storage f
      WHERE f.storage_provider_id = ${sourceId} AND f.storage_path > ${after}
      ORDER BY f.storage_path
      LIMIT ${BATCH}
    ), queued AS (
      INSERT INTO file_backups (file_storage_id, backup_provider_id, object_key, file_size, stored_at)
      SELECT id, ${backupId}, storage_path, file_size, stored_at FROM batch WHERE is_counted_file(status)
      ON CONFLICT (file_storage_id, backup_provider_id) DO NOTHING
      RETURNING 1
    ), reached AS (
      SELECT CASE WHEN count(*) = ${BATCH} THEN max(storage_path) END AS up_to FROM batch
    ), noted AS (
      UPDATE storage_backups b
      SET filled_up_to = coalesce(r.up_to, b.filled_up_to), filled_at = CASE WHEN r.up_to IS NULL THEN now() END
      FROM reached r
      WHERE b.storage_provider_id = ${sourceId} AND b.backup_provider_id = ${backupId}
    )
    SELECT (SELECT count(*) FROM queued)::integer AS queued, r.up_to AS "upTo" FROM reached r`.execute(db);
  return rows[0] ?? { queued: 0, upTo: null };
}
