import { type Kysely, sql, type Transaction } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import type { UsageScope } from "./list-usage.ts";
import { OperatorError } from "./operator-error.ts";

/** `null`: no limit. */
export interface QuotaLimits {
  maxBytes: number | null;
  maxFiles: number | null;
}

/** `null`: no limit. `undefined`: as it is. */
export interface QuotaChange {
  maxBytes?: number | null;
  maxFiles?: number | null;
}

/**
 * Gives a user or workspace limits of its own. The first time, a limit that the change does not name is kept as the
 * deployment's default has it at that moment. A limit may be below what is used: then nothing new fits.
 *
 * @throws {OperatorError} `user_not_found`, `workspace_not_found`.
 */
export async function setQuota(
  db: Kysely<Database>,
  owner: UsageScope,
  change: QuotaChange,
  by?: Operator,
): Promise<QuotaLimits> {
  const { scope, id } = owner;
  const column = sql.ref(scope === "user" ? "user_id" : "workspace_id");
  const owners = sql.table(scope === "user" ? "users" : "workspaces");
  const chosen = (value: number | null | undefined, current: string) =>
    value === undefined ? sql.ref(current) : sql`${value}`;
  return await db.transaction().execute(async (trx) => {
    const before = await takeTurn(trx, owner);
    const { rows } = await sql<LimitsRow>`
      INSERT INTO storage_quotas AS q (${column}, max_storage_bytes, max_file_count)
      SELECT o.id, ${chosen(change.maxBytes, "l.max_bytes")}::bigint, ${chosen(change.maxFiles, "l.max_files")}::integer
      FROM ${owners} o CROSS JOIN LATERAL quota_limits(${scope}, o.id) l
      WHERE o.id = ${id}::uuid
      ON CONFLICT (${column}) DO UPDATE SET
        max_storage_bytes = ${chosen(change.maxBytes, "q.max_storage_bytes")}::bigint,
        max_file_count = ${chosen(change.maxFiles, "q.max_file_count")}::integer
      RETURNING q.max_storage_bytes AS bytes, q.max_file_count AS files`.execute(trx);
    const row = rows[0];
    if (row === undefined) throw new OperatorError(`${scope}_not_found`, `There is no ${scope} ${id}.`);
    const after = toLimits(row);
    await recordOperator(trx, by, { ...aboutQuotaOf(owner), change: { before, after } });
    return after;
  });
}

/** Back to the deployment's default. @returns Whether it had limits of its own. */
export async function clearQuota(db: Kysely<Database>, owner: UsageScope, by?: Operator): Promise<boolean> {
  return await db.transaction().execute(async (trx) => {
    const before = await takeTurn(trx, owner);
    if (before === null) return false;
    await trx
      .deleteFrom("storage_quotas")
      .where(owner.scope === "user" ? "user_id" : "workspace_id", "=", owner.id)
      .execute();
    await recordOperator(trx, by, { ...aboutQuotaOf(owner), change: { before, after: null } });
    return true;
  });
}

interface LimitsRow {
  bytes: number | string | null;
  files: number | null;
}

/** One change of an owner's limits at a time, so that each knows what was before it. @returns `null` for the deployment's default. */
async function takeTurn(trx: Transaction<Database>, { scope, id }: UsageScope): Promise<QuotaLimits | null> {
  await sql`SELECT pg_advisory_xact_lock(hashtext('storage_quotas'), hashtext(${id}))`.execute(trx);
  const row = await trx
    .selectFrom("storage_quotas")
    .select(["max_storage_bytes as bytes", "max_file_count as files"])
    .where(scope === "user" ? "user_id" : "workspace_id", "=", id)
    .executeTakeFirst();
  return row === undefined ? null : toLimits(row);
}

function toLimits({ bytes, files }: LimitsRow): QuotaLimits {
  return { maxBytes: bytes === null ? null : Number(bytes), maxFiles: files };
}

function aboutQuotaOf({ scope, id }: UsageScope) {
  const action = scope === "user" ? "setUserQuota" : "setWorkspaceQuota";
  return { action, resourceId: id, outcome: "done" } as const;
}
