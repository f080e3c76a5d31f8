import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** An event that was given up. */
export interface DeadLetter {
  id: string;
  type: string;
  /** `file:<id>`, `user:<id>` or `workspace:<id>`. */
  orderingKey: string;
  data: unknown;
  occurredAt: Date;
  gaveUpAt: Date;
  attempts: number;
  /** Of the last attempt: `http_500`, `timeout`, `network_ECONNREFUSED`… */
  lastError: string | null;
}

/** Those given up last come first. */
export async function listDeadLetters(
  db: Kysely<Database>,
  { limit = 100 }: { limit?: number } = {},
): Promise<DeadLetter[]> {
  const rows = await db
    .selectFrom("outbox_events")
    .select([
      "id",
      "event_type",
      "ordering_key",
      "data",
      "occurred_at",
      "settled_at",
      "attempts",
      "last_error",
    ])
    .where("status", "=", "dead")
    .orderBy("settled_at", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    type: row.event_type,
    orderingKey: row.ordering_key,
    data: row.data,
    occurredAt: row.occurred_at,
    gaveUpAt: row.settled_at ?? row.occurred_at,
    attempts: row.attempts,
    lastError: row.last_error,
  }));
}

/** Sends these again, or all, as new ones with their old ids. @returns How many. */
export async function replayDeadLetters(db: Kysely<Database>, ids?: readonly string[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT replay_dead_letters(${ids === undefined ? null : [...ids]}::uuid[]) AS count`.execute(db);
  return Number(rows[0]?.count ?? 0);
}

/** Removes these, or all, for good: nobody will hear of them. @returns How many. */
export async function dropDeadLetters(db: Kysely<Database>, ids?: readonly string[]): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT drop_dead_letters(${ids === undefined ? null : [...ids]}::uuid[]) AS count`.execute(db);
  return Number(rows[0]?.count ?? 0);
}
