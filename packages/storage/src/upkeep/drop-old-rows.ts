import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";

/** Rows that one statement takes. */
const BATCH = 5_000;

/**
 * Drops what is over: exports whose archive is gone as well, and the days that bills of long ago were made from.
 *
 * @returns How many rows.
 */
export async function dropOldRows({ db, clock }: StorageContext): Promise<number> {
  const now = clock.now();
  const firstDay = sql`(SELECT (date_trunc('month', ${now} AT TIME ZONE 'UTC')
    - make_interval(months => s.cost_days_kept_months))::date FROM storage_settings s)`;
  return (
    // While there is its archive, the row says what that is: it is not scanned, and who asks again finds it.
    (await inBatches(
      db,
      sql`DELETE FROM storage_exports WHERE id IN (
        SELECT e.id FROM storage_exports e JOIN file_storage f ON f.id = e.file_storage_id
        WHERE e.status IN ('done', 'failed', 'cancelled') AND f.status IN ('deleted', 'failed')
          AND e.finished_at < (SELECT ${now} - make_interval(days => s.exports_kept_days) FROM storage_settings s)
        LIMIT ${BATCH} FOR UPDATE OF e SKIP LOCKED)`,
    )) +
    (await inBatches(
      db,
      sql`DELETE FROM storage_bytes_days WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM storage_bytes_days WHERE day < ${firstDay} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))`,
    )) +
    (await inBatches(
      db,
      sql`DELETE FROM storage_traffic_days WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM storage_traffic_days WHERE day < ${firstDay} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))`,
    ))
  );
}

/** Bounded statements, each for itself: nobody waits for long, and what is done stays done. */
async function inBatches(db: Kysely<Database>, batch: ReturnType<typeof sql>): Promise<number> {
  for (let total = 0; ; ) {
    const { numAffectedRows = 0n } = await batch.execute(db);
    total += Number(numAffectedRows);
    if (numAffectedRows < BigInt(BATCH)) return total;
  }
}
