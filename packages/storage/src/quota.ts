import type { QuotaResponse, QuotaScope } from "@audiotricks/protocol/messages";
import { type RawBuilder, sql } from "kysely";
import { ACCESS } from "./access/access-table.ts";
import type { CallerContext } from "./access/caller-context.ts";
import type { Tenant } from "./access/tenant.ts";
import { tenantLookup } from "./access/tenant-lookup.ts";
import type { Principal } from "./storage.ts";
import { workspaceNotFound } from "./workspace-not-found.ts";

/** How full the caller's own storage is, and the workspace's when one is asked for. One statement. */
export async function readQuota(
  { caller, work }: CallerContext<Principal>,
  workspaceId?: string,
): Promise<QuotaResponse> {
  const rows = await findScopes({ caller, work }, { workspaceId: workspaceId ?? null });
  if (workspaceId !== undefined && rows.length < 2) throw workspaceNotFound();
  return { quotas: rows.map(toQuotaScope) };
}

const findScopes = tenantLookup<"workspaceId", QuotaRow>(["workspaceId"], (tenant, { workspaceId }, userId) =>
  scopesOf(tenant, workspaceId, userId),
);

/** The caller's own row, and the workspace's where they reach it. */
export function scopesOf(tenant: Tenant, workspaceId: string, userId: string): RawBuilder<QuotaRow> {
  return sql<QuotaRow>`
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
    ORDER BY s.n`;
}

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

export interface QuotaRow {
  scope: QuotaScope["scope"];
  id: string;
  max_bytes: number | null;
  max_files: number | null;
  used_bytes: number;
  reserved_bytes: number;
  used_files: number;
  reserved_files: number;
}

export function toQuotaScope(row: QuotaRow): QuotaScope {
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
