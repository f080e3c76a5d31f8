import { type Kysely, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";
import { type BatchCounter, createBatchCounter } from "./batch-counter.ts";

/** Counts the URLs that were issued for files, by file and by day, and notes when. */
export function createAccessLog(
  { db, clock }: { db: Kysely<Database>; clock: Clock },
  onError: (error: unknown) => void,
): BatchCounter {
  return createBatchCounter(async (rows) => {
    await sql`
      WITH accesses AS MATERIALIZED (
        SELECT f.id, a.count, f.storage_provider_id, coalesce(f.workspace_id, f.former_workspace_id) AS workspace_id,
          f.file_size::numeric * a.count AS bytes, f.status IN ('archived', 'recalling') AS is_cold
        FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS a (id uuid, count integer)
        JOIN file_storage f ON f.id = a.id
        ORDER BY f.id
        FOR UPDATE OF f
      ), counted AS (
        -- After all files, and in one order: of two servers neither waits for what waits for it.
        INSERT INTO storage_traffic_days AS t
          (day, storage_provider_id, workspace_id, urls_issued, issued_bytes, issued_cold_bytes)
        SELECT (${clock.now()} AT TIME ZONE 'UTC')::date, storage_provider_id, workspace_id, sum(count), sum(bytes),
          coalesce(sum(bytes) FILTER (WHERE is_cold), 0)
        FROM accesses GROUP BY 1, 2, 3 ORDER BY 2, 3
        ON CONFLICT (day, storage_provider_id, workspace_id) DO UPDATE SET
          urls_issued = t.urls_issued + excluded.urls_issued, issued_bytes = t.issued_bytes + excluded.issued_bytes,
          issued_cold_bytes = t.issued_cold_bytes + excluded.issued_cold_bytes
      )
      UPDATE file_storage f
      SET download_count = f.download_count + a.count, last_accessed_at = ${clock.now()}
      FROM accesses a WHERE f.id = a.id`.execute(db);
  }, onError);
}
