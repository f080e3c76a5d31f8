import { type Kysely, sql, type Transaction } from "kysely";
import type { Database } from "../database.ts";
import { findEndpointProblem, INTERNAL_SETTING } from "../providers/endpoint-host.ts";
import { OperatorError } from "./operator-error.ts";

export async function getRow(db: Kysely<Database>, id: string) {
  const row = await db.selectFrom("storage_providers").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw notFound(id);
  return row;
}

export function notFound(id: string): OperatorError {
  return new OperatorError(
    "provider_not_found",
    `There is no storage provider ${id}: see \`provider list\`.`,
  );
}

/** @throws {OperatorError} `endpoint_refused`. */
export function requireAllowed(endpoint: string, allowInternalEndpoints: boolean): void {
  const problem = allowInternalEndpoints ? undefined : findEndpointProblem(endpoint);
  if (problem === undefined) return;
  throw new OperatorError(
    "endpoint_refused",
    `The endpoint ${endpoint} ${problem}. For a gateway of your own, set ${INTERNAL_SETTING}=true, here and for all servers.`,
  );
}

/** @returns Id of the one that was primary until now. */
export async function stepDown(trx: Transaction<Database>): Promise<string | undefined> {
  // The lock of servers that register their own bucket at start: only one row may be primary.
  await sql`SELECT pg_advisory_xact_lock(hashtext('storage_providers.primary'))`.execute(trx);
  const before = await trx
    .updateTable("storage_providers")
    .set({ is_primary: false })
    .where("is_primary", "=", true)
    .returning("id")
    .executeTakeFirst();
  return before?.id;
}
