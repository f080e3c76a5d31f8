import { randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";

/** One event, and the right to deliver it until the lease runs out. */
export interface ClaimedEvent {
  id: string;
  token: string;
  type: string;
  /** This one included. */
  attempts: number;
  body: string;
  /** Seconds since 1970 by the database's clock, when it was claimed. */
  claimedAt: number;
}

interface ClaimedRow {
  id: string;
  sequence: number;
  event_type: string;
  event_version: number;
  data: unknown;
  occurred_at: Date;
  attempts: number;
  claimed_at: number;
}

/**
 * Claims the event that has waited longest, of those that are the oldest of their key: what came later about the same file
 * waits until it is settled, whoever delivers it. Of any number of workers each gets another one. A lease is no more than
 * the time of the next attempt put off, so that whatever a crash leaves comes round by itself.
 */
export async function claimEvent(
  { db, clock }: { db: Kysely<Database>; clock: Clock },
  leaseMs: number,
): Promise<ClaimedEvent | undefined> {
  const token = randomUUID();
  const { rows } = await sql<ClaimedRow>`
    UPDATE outbox_events e
    SET lease_token = ${token}, next_attempt_at = ${clock.in(leaseMs)}, attempts = e.attempts + 1
    WHERE e.id = (
      SELECT o.id FROM outbox_events o
      WHERE o.status = 'pending' AND o.next_attempt_at <= ${clock.now()}
        AND NOT EXISTS (
          SELECT FROM outbox_events earlier
          WHERE earlier.ordering_key = o.ordering_key AND earlier.status = 'pending' AND earlier.sequence < o.sequence)
      ORDER BY o.next_attempt_at, o.sequence
      LIMIT 1
      FOR UPDATE SKIP LOCKED)
    RETURNING e.id, e.sequence, e.event_type, e.event_version, e.data, e.occurred_at, e.attempts,
      extract(epoch FROM clock_timestamp())::double precision AS claimed_at`.execute(db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const body = JSON.stringify({
    type: row.event_type,
    version: row.event_version,
    timestamp: row.occurred_at.toISOString(),
    sequence: Number(row.sequence),
    data: row.data,
  });
  return {
    id: row.id,
    token,
    type: row.event_type,
    attempts: row.attempts,
    body,
    claimedAt: Number(row.claimed_at),
  };
}
