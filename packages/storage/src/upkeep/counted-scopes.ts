import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { CounterMismatch } from "../storage.ts";

const BATCH = 50;

/** A user or a workspace: what its counter says, and what its rows say. */
export type CountedScope = CounterMismatch & { hasCounter: boolean };

/** All users and workspaces, users first, and counters whose owner is gone; a few at a time, each batch in one snapshot. Nothing is locked. */
export async function* countScopes(
  db: Kysely<Database>,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly CountedScope[]> {
  let after = { scope: "user", scopeId: "00000000-0000-0000-0000-000000000000" };
  while (signal?.aborted !== true) {
    const { rows } = await sql<CountedScope>`
      SELECT scope, scope_id AS "scopeId", has_counter AS "hasCounter",
        jsonb_build_object('usedBytes', counter_used_bytes, 'reservedBytes', counter_reserved_bytes,
          'usedFiles', counter_used_files, 'reservedFiles', counter_reserved_files) AS counted,
        jsonb_build_object('usedBytes', actual_used_bytes, 'reservedBytes', actual_reserved_bytes,
          'usedFiles', actual_used_files, 'reservedFiles', actual_reserved_files) AS actual
      FROM recount_storage_after(${after.scope}, ${after.scopeId}::uuid, ${BATCH}::integer)`.execute(db);
    yield rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

/** Counts one that differs anew from its rows, which writes it down for the next reconciliation to tell of. @returns Whether it differed. */
export async function mendCounter(db: Kysely<Database>, scope: CountedScope): Promise<boolean> {
  if (!differs(scope)) return false;
  await sql`SELECT repair_counter(${scope.scope}, ${scope.scopeId}::uuid)`.execute(db);
  return true;
}

function differs({ counted, actual }: CountedScope): boolean {
  return (
    counted.usedBytes !== actual.usedBytes ||
    counted.reservedBytes !== actual.reservedBytes ||
    counted.usedFiles !== actual.usedFiles ||
    counted.reservedFiles !== actual.reservedFiles
  );
}
