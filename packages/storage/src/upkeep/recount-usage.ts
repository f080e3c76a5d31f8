import { sql } from "kysely";
import type { CounterMismatch, RecountReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";

const BATCH = 50;

/**
 * Compares every live counter with the rows it counts, and writes today's and this month's history. A few scopes at a time, each in
 * one snapshot; nothing is locked. A counter that differs is told and left as it is: a repair would hide the fault.
 */
export async function recountUsage(
  { db }: StorageContext,
  options: { signal?: AbortSignal } = {},
): Promise<RecountReport> {
  const report: RecountReport = { scopes: 0, mismatches: [] };
  let after = { scope: "user", scopeId: "00000000-0000-0000-0000-000000000000" };
  while (options.signal?.aborted !== true) {
    const { rows } = await sql<CountedScope>`
      SELECT scope, scope_id AS "scopeId", has_counter AS "hasCounter",
        jsonb_build_object('usedBytes', counter_used_bytes, 'reservedBytes', counter_reserved_bytes,
          'usedFiles', counter_used_files, 'reservedFiles', counter_reserved_files) AS counted,
        jsonb_build_object('usedBytes', actual_used_bytes, 'reservedBytes', actual_reserved_bytes,
          'usedFiles', actual_used_files, 'reservedFiles', actual_reserved_files) AS actual
      FROM recount_storage_after(${after.scope}, ${after.scopeId}::uuid, ${BATCH}::integer)`.execute(db);
    for (const row of rows) {
      const { scope, scopeId, counted, actual } = row;
      if (differs(row)) report.mismatches.push({ scope, scopeId, counted, actual });
      if (row.hasCounter || actual.usedFiles > 0) await writeHistory(db, row);
      report.scopes++;
    }
    for (const [scope, scopes] of Map.groupBy(rows, (row) => row.scope)) {
      const ids = scopes.map(({ scopeId }) => scopeId);
      await sql`SELECT write_usage_day(${scope}, ${ids}::uuid[])`.execute(db);
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last;
  }
  return report;
}

type CountedScope = CounterMismatch & { hasCounter: boolean };

function differs({ counted, actual }: CountedScope): boolean {
  return (
    counted.usedBytes !== actual.usedBytes ||
    counted.reservedBytes !== actual.reservedBytes ||
    counted.usedFiles !== actual.usedFiles ||
    counted.reservedFiles !== actual.reservedFiles
  );
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
