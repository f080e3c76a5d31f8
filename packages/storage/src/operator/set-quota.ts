import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";
import type { UsageScope } from "./list-usage.ts";
import { OperatorError } from "./operator-error.ts";

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
  { scope, id }: UsageScope,
  change: QuotaChange,
): Promise<{ maxBytes: number | null; maxFiles: number | null }> {
  const column = sql.ref(scope === "user" ? "user_id" : "workspace_id");
  const owners = sql.table(scope === "user" ? "users" : "workspaces");
  const chosen = (value: number | null | undefined, current: string) =>
    value === undefined ? sql.ref(current) : sql`${value}`;
  const { rows } = await sql<{ bytes: number | string | null; files: number | null }>`
    INSERT INTO storage_quotas AS q (${column}, max_storage_bytes, max_file_count)
    SELECT o.id, ${chosen(change.maxBytes, "l.max_bytes")}::bigint, ${chosen(change.maxFiles, "l.max_files")}::integer
    FROM ${owners} o CROSS JOIN LATERAL quota_limits(${scope}, o.id) l
    WHERE o.id = ${id}::uuid
    ON CONFLICT (${column}) DO UPDATE SET
      max_storage_bytes = ${chosen(change.maxBytes, "q.max_storage_bytes")}::bigint,
      max_file_count = ${chosen(change.maxFiles, "q.max_file_count")}::integer
    RETURNING q.max_storage_bytes AS bytes, q.max_file_count AS files`.execute(db);
  const row = rows[0];
  if (row === undefined) throw new OperatorError(`${scope}_not_found`, `There is no ${scope} ${id}.`);
  return { maxBytes: row.bytes === null ? null : Number(row.bytes), maxFiles: row.files };
}

/** Back to the deployment's default. @returns Whether it had limits of its own. */
export async function clearQuota(db: Kysely<Database>, { scope, id }: UsageScope): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("storage_quotas")
    .where(scope === "user" ? "user_id" : "workspace_id", "=", id)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
