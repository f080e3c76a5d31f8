import { sql } from "kysely";
import { mendTotals } from "../analytics/fold-analytics.ts";
import type { RecountReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { type CountedScope, countScopes, mendCounter } from "./counted-scopes.ts";

/**
 * Compares every live counter with the rows it counts, and writes today's and this month's history. A counter that differs is told,
 * written down for the next reconciliation, and counted anew.
 */
export async function recountUsage(
  { db }: StorageContext,
  options: { signal?: AbortSignal } = {},
): Promise<RecountReport> {
  const report: RecountReport = { scopes: 0, mismatches: [], mendedTotals: 0 };
  for await (const rows of countScopes(db, options.signal)) {
    for (const row of rows) {
      const { scope, scopeId, counted, actual } = row;
      if (await mendCounter(db, row)) report.mismatches.push({ scope, scopeId, counted, actual });
      if (row.hasCounter || actual.usedFiles > 0) await writeHistory(db, row);
      report.scopes++;
    }
    for (const [scope, scopes] of Map.groupBy(rows, (row) => row.scope)) {
      const ids = scopes.map(({ scopeId }) => scopeId);
      await sql`SELECT write_usage_day(${scope}, ${ids}::uuid[])`.execute(db);
    }
  }
  if (options.signal?.aborted !== true) report.mendedTotals = await mendTotals(db);
  return report;
}

/** By user what is theirs, wherever it is; by workspace also what no user owns any more. */
async function writeHistory(db: StorageContext["db"], { scope, scopeId }: CountedScope): Promise<void> {
  const [user, workspace] = scope === "user" ? [scopeId, null] : [null, scopeId];
  // Of an owner who is gone by now there is no history to write.
  const owners = scope === "user" ? sql.table("users") : sql.table("workspaces");
  await sql`SELECT update_storage_usage(${user}::uuid, ${workspace}::uuid) FROM ${owners} WHERE id = ${scopeId}`.execute(
    db,
  );
}
