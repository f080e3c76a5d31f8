import type { FilesEvent } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import { ACCESS } from "./access/access-table.ts";
import { tenantLookup } from "./access/tenant-lookup.ts";
import { STORED_STATES } from "./files/stored-states.ts";
import { type QuotaRow, scopesOf, toQuotaScope } from "./quota.ts";
import type { QuotaQuestion, Standing } from "./storage.ts";
import type { StorageContext } from "./storage-context.ts";

/** Of one place; each is looked at every two seconds for each stream that is open. */
const MOST_FILES = 20;

/**
 * What is so for many at once, in a statement for every hundred. What each may see is decided in it, by the rows of the access table.
 *
 * @returns In the order of the questions; `null` for a workspace that its asker does not reach.
 */
export async function readStandings(
  work: Pick<StorageContext, "db">,
  questions: readonly QuotaQuestion[],
): Promise<(Standing | null)[]> {
  return await Promise.all(
    questions.map(async ({ userId, workspaceId }) => {
      const rows = await findStanding({ caller: { userId }, work }, { workspaceId: workspaceId ?? null });
      if (workspaceId !== undefined && rows.length < 2) return null;
      return { quotas: rows.map(toQuotaScope), files: rows[0]?.files ?? [] };
    }),
  );
}

const findStanding = tenantLookup<"workspaceId", QuotaRow & { files: FilesEvent["files"] | null }>(
  ["workspaceId"],
  (tenant, { workspaceId }, userId) => sql`
    SELECT s.*, CASE WHEN s.scope = 'user' THEN (
      SELECT jsonb_agg(
        jsonb_build_object('id', f.id, 'state', f.status)
          || CASE f.scan_state WHEN 'none' THEN '{}' ELSE jsonb_build_object('scan', f.scan_state) END
        ORDER BY f.created_at DESC, f.id DESC)
      FROM (${tenant
        .newestFiles(ACCESS.listFiles, { workspaceId, most: MOST_FILES })
        .where("f.status", "in", STORED_STATES)
        .select(["f.id", "f.status", "f.scan_state", "f.created_at"])}) f) END AS files
    FROM (${scopesOf(tenant, workspaceId, userId)}) s
    ORDER BY s.scope`,
);
