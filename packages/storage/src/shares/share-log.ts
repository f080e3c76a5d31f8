import { type Kysely, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";
import { type BatchCounter, createBatchCounter } from "../files/batch-counter.ts";

/** Counts how often links were followed that may be followed any number of times. */
export function createShareLog(
  { db, clock }: { db: Kysely<Database>; clock: Clock },
  onError: (error: unknown) => void,
): BatchCounter {
  return createBatchCounter(async (rows) => {
    await sql`
      WITH uses AS MATERIALIZED (
        SELECT l.id, u.count FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS u (id uuid, count integer)
        JOIN share_links l ON l.id = u.id
        WHERE l.max_uses IS NULL
        ORDER BY l.id
        FOR UPDATE OF l
      )
      UPDATE share_links l SET use_count = l.use_count + u.count, last_used_at = ${clock.now()}
      FROM uses u WHERE l.id = u.id`.execute(db);
  }, onError);
}
