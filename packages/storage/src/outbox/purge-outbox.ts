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
  let removed = 0;
  for (;;) {
    const { rows } = await sql<{ id: string }>`
      DELETE FROM outbox_events WHERE id IN (
        SELECT id FROM outbox_events
        WHERE (status = 'delivered' AND settled_at <= now() - make_interval(days => ${KEEP_DAYS}))
          OR (${!hasEndpoint}::boolean AND status = 'pending' AND occurred_at <= now() - make_interval(days => ${KEEP_DAYS}))
        LIMIT ${BATCH}
        FOR UPDATE SKIP LOCKED)
      RETURNING id`.execute(db);
    removed += rows.length;
    if (rows.length < BATCH) return removed;
  }
}
