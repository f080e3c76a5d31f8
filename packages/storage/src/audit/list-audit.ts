import type { ListAuditQuery, ListAuditResponse } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { formatCursor, isAfter, microsOf, parseCursor } from "../cursor.ts";

/** Newest first, a page at a time: everything, what one user did, or what was done to one resource. */
export async function listAudit(
  { tenant }: CallerContext,
  { userId, resourceId, cursor, limit }: ListAuditQuery,
): Promise<ListAuditResponse> {
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const rows = await tenant
    .audit(ACCESS.listAudit)
    .selectAll("a")
    .select(microsOf("a.at").as("micros"))
    .$if(userId !== undefined, (entries) => entries.where("a.user_id", "=", userId ?? null))
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
      isOperator: row.is_operator,
      action: row.action,
      resource: row.resource,
      resourceId: row.resource_id,
      outcome: row.outcome,
      address: row.address,
      requestId: row.request_id,
      times: row.times,
    })),
    nextCursor: rows.length > limit && last !== undefined ? formatCursor(last) : null,
  };
}
