import type { Alert, ListAlertsQuery, ListAlertsResponse } from "@audiotricks/protocol/costs";
import type { Kysely, Selectable } from "kysely";
import { formatCursor, isAfter, microsOf, parseCursor } from "../cursor.ts";
import type { Database } from "../database.ts";
import type { Alerts } from "../database-schema.ts";

/** Those raised last come first, a page at a time. */
export async function listAlerts(
  db: Kysely<Database>,
  { state, cursor, limit }: ListAlertsQuery,
): Promise<ListAlertsResponse> {
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const rows = await db
    .selectFrom("alerts as a")
    .selectAll("a")
    .select(microsOf("a.raised_at").as("micros"))
    .$if(state !== undefined, (all) => all.where("a.state", "=", state ?? ""))
    .$if(after !== undefined, (all) =>
      after === undefined ? all : all.where(isAfter(["a.raised_at", "a.id"], after)),
    )
    .orderBy("a.raised_at", "desc")
    .orderBy("a.id", "desc")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    alerts: page.map(toAlert),
    nextCursor: rows.length > limit && last !== undefined ? formatCursor(last) : null,
  };
}

export function toAlert(row: Selectable<Alerts>): Alert {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    // By a CHECK of the table one of them.
    state: row.state as Alert["state"],
    value: Number(row.value),
    threshold: Number(row.threshold),
    message: row.message,
    raisedAt: row.raised_at.toISOString(),
    lastSeenAt: row.last_seen_at.toISOString(),
    acknowledgedAt: row.acknowledged_at?.toISOString() ?? null,
    acknowledgedBy: row.acknowledged_by,
    clearedAt: row.cleared_at?.toISOString() ?? null,
  };
}
