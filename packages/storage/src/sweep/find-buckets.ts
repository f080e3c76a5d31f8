import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

/** One kind of what is left behind in one bucket. */
export interface BucketToSweep {
  providerId: string;
  kind: "temporary" | "processing" | "uploads";
  /** Uploads go there, or are still on their way: looked through by every sweep, and once an hour for what pipelines keep. */
  isBusy: boolean;
}

/**
 * All buckets, whether uploads go there or not: what was signed before lives on for an hour, and what a crash left stays. Those
 * where nothing is open come once a day, and so many a sweep; what pipelines keep in the others comes once an hour.
 */
export async function findBucketsToSweep({ db, clock, settings }: StorageContext): Promise<BucketToSweep[]> {
  const { rows } = await sql<BucketToSweep>`
    WITH buckets AS (
      SELECT p.id, p.is_primary OR EXISTS (
        SELECT FROM multipart_uploads u JOIN file_storage f ON f.id = u.file_storage_id
        WHERE f.storage_provider_id = p.id AND u.status IN ('creating', 'active', 'completing')) AS is_busy
      FROM storage_providers p
      -- What lies in a bucket of copies is told from their rows.
      WHERE p.purpose IN ('files', 'cold')
    ), quiet AS (
      SELECT b.id, k.kind, b.is_busy, coalesce(s.due_at, '-infinity') AS due_at
      FROM buckets b
      CROSS JOIN (VALUES ('temporary'), ('processing'), ('uploads')) AS k (kind)
      LEFT JOIN sweep_progress s ON s.storage_provider_id = b.id AND s.kind = k.kind
      WHERE (NOT b.is_busy OR k.kind = 'processing') AND coalesce(s.due_at, '-infinity') <= ${clock.now()}
      ORDER BY due_at
      LIMIT ${settings.sweepBatch}
    )
    SELECT b.id AS "providerId", k.kind, true AS "isBusy"
    FROM buckets b CROSS JOIN (VALUES ('temporary'), ('uploads')) AS k (kind)
    WHERE b.is_busy
    UNION ALL
    SELECT q.id, q.kind, q.is_busy FROM quiet q
    ORDER BY 3 DESC, 2, 1`.execute(db);
  return rows;
}
