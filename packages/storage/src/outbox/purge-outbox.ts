import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** Delivered events are kept this long, for people; with nobody to deliver to, the others as well. */
const KEEP_DAYS = 7;
const BATCH = 5_000;

/**
 * Removes what has been delivered long enough ago. Dead letters stay until somebody looks at them.
 *
 * @param options.hasEndpoint Whether anybody is to be told. Otherwise old events go unsent: without a reader the outbox
 *   would only grow, and the first one would be told of last year.
 * @returns How many went; in bounded statements.
 */
export async function purgeOutbox(
  db: Kysely<Database>,
  { hasEndpoint }: { hasEndpoint: boolean },
): Promise<number> {
  const delivered = await inBatches(async () => {
    const { numAffectedRows } = await sql`
      DELETE FROM outbox_events WHERE id IN (
        SELECT id FROM outbox_events
        WHERE status = 'delivered' AND settled_at <= now() - make_interval(days => ${KEEP_DAYS})
        LIMIT ${BATCH}
        FOR UPDATE SKIP LOCKED)`.execute(db);
    return Number(numAffectedRows ?? 0n);
  });
  if (hasEndpoint) return delivered;
  const untold = await inBatches(async () => {
    const { rows } = await sql<{ count: number }>`
      SELECT drop_untold_events(now() - make_interval(days => ${KEEP_DAYS}), ${BATCH}::integer) AS count`.execute(
      db,
    );
    return Number(rows[0]?.count ?? 0);
  });
  return delivered + untold;
}

async function inBatches(remove: () => Promise<number>): Promise<number> {
  for (let removed = 0; ; ) {
    const count = await remove();
    removed += count;
    if (count < BATCH) return removed;
  }
}
