import { type Kysely, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";
import { type BatchCounter, createBatchCounter } from "./batch-counter.ts";

/** Counts the URLs that were issued for files, and notes when. */
export function createAccessLog(
  { db, clock }: { db: Kysely<Database>; clock: Clock },
  onError: (error: unknown) => void,
): BatchCounter {
  return createBatchCounter(async (rows) => {
    await sql`
      WITH accesses AS MATERIALIZED (
        SELECT f.id, a.count FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS a (id uuid, count integer)
        JOIN file_storage f ON f.id = a.id
        ORDER BY f.id
        FOR UPDATE OF f
      )
      UPDATE file_storage f
      SET download_count = f.download_count + a.count, last_accessed_at = ${clock.now()}
      FROM accesses a WHERE f.id = a.id`.execute(db);
  }, onError);
}
