import type { Kysely } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { OperatorError } from "../operator/operator-error.ts";

/** Which files go to a cold bucket: all of this holds for them. */
export interface ArchiveRule {
  id: string;
  /** The cold bucket. */
  providerId: string;
  /** `null`: of all, also of users who are in none. */
  workspaceId: string | null;
  /** Since it was stored. */
  olderThanDays: number;
  /** Since somebody last asked for it. */
  unusedForDays: number;
  /** `null`: of any kind. */
  contentTypes: string[] | null;
  /** Bytes. */
  leastSize: number;
  isActive: boolean;
}

export async function listArchiveRules(db: Kysely<Database>): Promise<ArchiveRule[]> {
  const rows = await db.selectFrom("archive_rules").selectAll().orderBy("created_at").orderBy("id").execute();
  return rows.map((row) => ({
    id: row.id,
    providerId: row.storage_provider_id,
    workspaceId: row.workspace_id,
    olderThanDays: row.older_than_days,
    unusedForDays: row.unused_for_days,
    contentTypes: row.content_types,
    leastSize: Number(row.least_size),
    isActive: row.is_active,
  }));
}

/** @returns Its id. @throws {OperatorError} `provider_not_found`, `workspace_not_found`, `invalid_request` unless the bucket is a cold one. */
export async function addArchiveRule(
  db: Kysely<Database>,
  rule: Omit<ArchiveRule, "id" | "isActive">,
  by?: Operator,
): Promise<string> {
  return await db.transaction().execute(async (trx) => {
    const provider = await trx
      .selectFrom("storage_providers")
      .select("purpose")
      .where("id", "=", rule.providerId)
      .forShare()
      .executeTakeFirst();
    if (provider === undefined)
      throw new OperatorError(
        "provider_not_found",
        `There is no storage provider ${rule.providerId}: see \`provider list\`.`,
      );
    if (provider.purpose !== "cold")
      throw new OperatorError(
        "invalid_request",
        `Storage provider ${rule.providerId} is no cold bucket: add one by \`provider add --cold\`.`,
      );
    if (rule.workspaceId !== null) {
      const workspace = await trx
        .selectFrom("workspaces")
        .select("id")
        .where("id", "=", rule.workspaceId)
        .executeTakeFirst();
      if (workspace === undefined)
        throw new OperatorError("workspace_not_found", `There is no workspace ${rule.workspaceId}.`);
    }
    const { id } = await trx
      .insertInto("archive_rules")
      .values({
        storage_provider_id: rule.providerId,
        workspace_id: rule.workspaceId,
        older_than_days: rule.olderThanDays,
        unused_for_days: rule.unusedForDays,
        content_types: rule.contentTypes,
        least_size: rule.leastSize,
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    const change = { before: null, after: { id, ...rule } };
    await recordOperator(trx, by, {
      action: "addArchiveRule",
      resourceId: rule.providerId,
      outcome: "done",
      change,
    });
    return id;
  });
}

/** What is archived stays so. @throws {OperatorError} `rule_not_found` */
export async function removeArchiveRule(db: Kysely<Database>, id: string, by?: Operator): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await trx.deleteFrom("archive_rules").where("id", "=", id).returningAll().executeTakeFirst();
    if (row === undefined)
      throw new OperatorError("rule_not_found", `There is no rule ${id}: see \`archive list\`.`);
    const change = { before: { id, workspaceId: row.workspace_id }, after: null };
    await recordOperator(trx, by, {
      action: "removeArchiveRule",
      resourceId: row.storage_provider_id,
      outcome: "done",
      change,
    });
  });
}
