import type { ListAuditQuery, ListAuditResponse } from "@audiotricks/protocol/messages";
import type { Kysely } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { Tenant } from "../access/tenant.ts";
import { formatCursor, isAfter, microsOf, parseCursor } from "../cursor.ts";
import type { Database } from "../database.ts";

/** For an operator who has signed in. */
export function listAudit({ tenant }: CallerContext, query: ListAuditQuery): Promise<ListAuditResponse> {
  return readPage(tenant.audit(ACCESS.listAudit), query);
}

/** For whoever has the database. */
export function listAuditLog(db: Kysely<Database>, query: ListAuditQuery): Promise<ListAuditResponse> {
  return readPage(db.selectFrom("storage_audit as a"), query);
}

/** Newest first, a page at a time: everything, what one user or actor did, or what was done to one resource. */
async function readPage(
  all: ReturnType<Tenant["audit"]>,
  { userId, actor, resourceId, cursor, limit }: ListAuditQuery,
): Promise<ListAuditResponse> {
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const rows = await all
    .selectAll("a")
    .select(microsOf("a.at").as("micros"))
    .$if(userId !== undefined, (entries) => entries.where("a.user_id", "=", userId ?? null))
    .$if(actor !== undefined, (entries) => entries.where("a.actor", "=", actor ?? null))
    .$if(resourceId !== undefined, (entries) => entries.where("a.resource_id", "=", resourceId ?? null))
    .$if(after !== undefined, (entries) =>
      after === undefined ? entries : entries.where(isAfter(["a.at", "a.id"], after)),
    )
    .orderBy("a.at", "desc")
    .orderBy("a.id", "desc")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    entries: page.map((row) => ({
      at: row.at.toISOString(),
      userId: row.user_id,
      service: row.service,
      actor: row.actor,
      isOperator: row.is_operator,
      action: row.action,
      resource: row.resource,
      resourceId: row.resource_id,
      outcome: row.outcome,
      address: row.address,
      requestId: row.request_id,
      // By a CHECK of the table an object.
      change: row.change as Record<string, unknown> | null,
      times: row.times,
    })),
    nextCursor: rows.length > limit && last !== undefined ? formatCursor(last) : null,
  };
}
