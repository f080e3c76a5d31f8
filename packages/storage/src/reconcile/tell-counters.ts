import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { Counts } from "../storage.ts";
import { countScopes, mendCounter } from "../upkeep/counted-scopes.ts";
import type { CounterFinding } from "./finding.ts";

/**
 * Counts anew every counter that differs from its rows, and tells of those and of all that were counted anew since the last
 * reconciliation, by whoever came upon them. Each is told before it is forgotten: twice rather than never.
 */
export async function tellCounters(
  db: Kysely<Database>,
  tell: (finding: CounterFinding) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  for await (const scopes of countScopes(db, signal))
    for (const scope of scopes) await mendCounter(db, scope);
  const rows = await db
    .selectFrom("counter_findings")
    .selectAll()
    .orderBy("scope")
    .orderBy("scope_id")
    .execute();
  for (const { scope, scope_id: scopeId, counted, actual, last_seen_at: lastSeenAt } of rows) {
    await tell({
      kind: "counter_differs",
      scope: scope as CounterFinding["scope"],
      scopeId,
      counted: counted as unknown as Counts,
      actual: actual as unknown as Counts,
      lastSeenAt,
    });
    // One that differs again meanwhile is another finding.
    await db
      .deleteFrom("counter_findings")
      .where("scope", "=", scope)
      .where("scope_id", "=", scopeId)
      .where(sql`date_trunc('milliseconds', last_seen_at)`, "=", lastSeenAt)
      .execute();
  }
}
