import type { QuotaResponse, QuotaScope } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import { ACCESS } from "./access/access-table.ts";
import type { CallerContext } from "./access/caller-context.ts";
import { tenantLookup } from "./access/tenant-lookup.ts";
import type { Principal, QuotaQuestion } from "./storage.ts";
import type { StorageContext } from "./storage-context.ts";
import { workspaceNotFound } from "./workspace-not-found.ts";

/** How full the caller's own storage is, and the workspace's when one is asked for. One statement. */
export async function readQuota(
  { caller, work }: CallerContext<Principal>,
  workspaceId?: string,
): Promise<QuotaResponse> {
  const [answer] = await readQuotas(work, [{ userId: caller.userId, workspaceId }]);
  if (answer === undefined || answer === null) throw workspaceNotFound();
  return answer;
}

/**
 * The same for many at once, in a statement for every hundred. What each may see is decided in it, by the row of the access table.
 *
 * @returns In the order of the questions; `null` for a workspace that its asker does not reach.
 */
export async function readQuotas(
  work: Pick<StorageContext, "db">,
  questions: readonly QuotaQuestion[],
): Promise<(QuotaResponse | null)[]> {
  return await Promise.all(
    questions.map(async ({ userId, workspaceId }) => {
      const rows = await findScopes({ caller: { userId }, work }, { workspaceId: workspaceId ?? null });
      return workspaceId !== undefined && rows.length < 2 ? null : { quotas: rows.map(toQuotaScope) };
    }),
  );
}

const findScopes = tenantLookup<"workspaceId", QuotaRow>(
  ["workspaceId"],
  (tenant, { workspaceId }, userId) => sql`
    SELECT s.scope, s.id, l.max_bytes, l.max_files,
      coalesce(c.used_bytes, 0) AS used_bytes, coalesce(c.reserved_bytes, 0) AS reserved_bytes,
      coalesce(c.used_files, 0) AS used_files, coalesce(c.reserved_files, 0) AS reserved_files
    FROM (
      SELECT 1 AS n, 'user' AS scope, ${userId} AS id
      UNION ALL
      SELECT 2, 'workspace', w.workspace_id
      FROM (${tenant.workspaces(ACCESS.readQuota).where("m.workspace_id", "=", workspaceId).distinct()}) w
    ) s
    CROSS JOIN LATERAL quota_limits(s.scope, s.id) l
    LEFT JOIN storage_counters c ON c.scope = s.scope AND c.scope_id = s.id
    ORDER BY s.n`,
);

/** Said before it is too late: above 80, 90 and 100 per cent of either limit. */
function quotaStatus(usage: { used: number; limit: number | null }[]): QuotaScope["status"] {
  const fullest = Math.max(
    0,
    ...usage.map(({ used, limit }) => (limit === null ? 0 : fraction(used, limit))),
  );
  if (fullest > 1) return "over_quota";
  if (fullest > 0.9) return "warning";
  if (fullest > 0.8) return "high";
  return "normal";
}

function fraction(used: number, limit: number): number {
  if (limit === 0) return used === 0 ? 0 : Number.POSITIVE_INFINITY;
  return used / limit;
}

interface QuotaRow {
  scope: QuotaScope["scope"];
  id: string;
  max_bytes: number | null;
  max_files: number | null;
  used_bytes: number;
  reserved_bytes: number;
  used_files: number;
  reserved_files: number;
}

function toQuotaScope(row: QuotaRow): QuotaScope {
  const usedBytes = Number(row.used_bytes);
  const limitBytes = row.max_bytes === null ? null : Number(row.max_bytes);
  return {
    scope: row.scope,
    id: row.id,
    usedBytes,
    reservedBytes: Number(row.reserved_bytes),
    limitBytes,
    usedFiles: row.used_files,
    reservedFiles: row.reserved_files,
    limitFiles: row.max_files,
    status: quotaStatus([
      { used: usedBytes, limit: limitBytes },
      { used: row.used_files, limit: row.max_files },
    ]),
  };
}
