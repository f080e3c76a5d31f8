import { type Kysely, sql } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
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
export function replayDeadLetters(
  db: Kysely<Database>,
  ids?: readonly string[],
  by?: Operator,
): Promise<number> {
  return change(db, "replayEvents", ids, by);
}

/** Removes these, or all, for good: nobody will hear of them. @returns How many. */
export function dropDeadLetters(
  db: Kysely<Database>,
  ids?: readonly string[],
  by?: Operator,
): Promise<number> {
  return change(db, "dropEvents", ids, by);
}

const FUNCTIONS = { replayEvents: "replay_dead_letters", dropEvents: "drop_dead_letters" } as const;

async function change(
  db: Kysely<Database>,
  action: keyof typeof FUNCTIONS,
  ids: readonly string[] | undefined,
  by: Operator | undefined,
): Promise<number> {
  const asked = ids === undefined ? null : [...ids];
  return await db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ count: number }>`
      SELECT ${sql.ref(FUNCTIONS[action])}(${asked}::uuid[]) AS count`.execute(trx);
    const count = Number(rows[0]?.count ?? 0);
    await recordOperator(trx, by, {
      action,
      resourceId: asked?.length === 1 ? asked[0] : undefined,
      outcome: "done",
      change: { after: { asked: asked ?? "all", count } },
    });
    return count;
  });
}
