import type { Kysely, Transaction } from "kysely";
import { type Operator, recordOperator } from "../audit/operator-audit.ts";
import type { Database } from "../database.ts";
import { requireWorkingKey } from "../providers/check-key.ts";
import type { Providers } from "../providers/open-providers.ts";
import { OperatorError } from "./operator-error.ts";
import { getRow, notFound, stepDown } from "./provider-row.ts";

/**
 * No new uploads go there; files that are there stay readable, and uploads under way go on.
 *
 * @throws {OperatorError} `provider_not_found`, `provider_is_primary` unless `leaveNoPrimary`; `provider_is_home` while a workspace is
 *   at home there whose files must be nowhere else.
 */
export async function disableProvider(
  db: Kysely<Database>,
  id: string,
  options: { leaveNoPrimary: boolean; by?: Operator | undefined },
): Promise<void> {
  const { leaveNoPrimary, by } = options;
  await db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom("storage_providers")
      .select(["is_primary as isPrimary", "is_active as isActive", "bucket_name as bucket"])
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    const { bucket, ...before } = row;
    if (before.isPrimary && !leaveNoPrimary)
      throw new OperatorError(
        "provider_is_primary",
        `New uploads go to bucket ${bucket}: name another one first (provider enable ID --primary, or provider add --primary), or say --leave-no-primary to refuse uploads from now on.`,
      );
    // Whoever gives a workspace a home waits for this row.
    if (before.isActive) await requireNobodyWaits(trx, id, bucket);
    const after = { isPrimary: false, isActive: false };
    await trx
      .updateTable("storage_providers")
      .set({ is_active: false, is_primary: false })
      .where("id", "=", id)
      .execute();
    await recordOperator(trx, by, {
      action: "disableProvider",
      resourceId: id,
      outcome: "done",
      change: { before, after },
    });
  });
}

/**
 * Uploads may go there again; with `isPrimary` all that are not told otherwise do, from whichever bucket had them. Its key is tried first.
 *
 * @param options.providers Whatever opens the bucket's key: sealed in its row, or given by the environment.
 * @throws {OperatorError} `provider_not_found`, `invalid_request` where nobody uploads to such a bucket, `key_refused`. Nothing is changed
 *   then.
 * @throws {ProviderError} `no_provider` if its key is out of reach here, `endpoint_refused`.
 */
export async function enableProvider(
  db: Kysely<Database>,
  id: string,
  options: { isPrimary: boolean; providers: Pick<Providers, "get">; by?: Operator | undefined },
): Promise<{ isPrimary: boolean }> {
  const { isPrimary, providers, by } = options;
  const { purpose, bucket_name: bucket } = await getRow(db, id);
  if (isPrimary && purpose !== "files")
    throw new OperatorError(
      "invalid_request",
      `Bucket ${bucket} keeps ${purpose === "cold" ? "archived files" : "copies of files"}: uploads never go there, so it cannot be primary.`,
    );
  const provider = await providers.get(id);
  await requireWorkingKey({ ...provider, ...provider.credentials });
  return await db.transaction().execute(async (trx) => {
    // Before any row: whoever makes a bucket primary waits here, holding none.
    const steppedDown = isPrimary ? await stepDown(trx) : undefined;
    const row = await trx
      .selectFrom("storage_providers")
      .select(["is_primary as isPrimary", "is_active as isActive"])
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    const before = { ...row, isPrimary: row.isPrimary || steppedDown === id };
    const after = { isPrimary: isPrimary || before.isPrimary, isActive: true };
    await trx
      .updateTable("storage_providers")
      .set({ is_active: true, is_primary: after.isPrimary })
      .where("id", "=", id)
      .execute();
    await recordOperator(trx, by, {
      action: "enableProvider",
      resourceId: id,
      outcome: "done",
      change: { before: { ...before, ...(isPrimary && { primary: steppedDown ?? null }) }, after },
    });
    return { isPrimary: after.isPrimary };
  });
}

/** New files of a workspace whose home is not there would go to the primary bucket, maybe in another region. */
async function requireNobodyWaits(trx: Transaction<Database>, id: string, bucket: string): Promise<void> {
  const { count } = await trx
    .selectFrom("storage_homes")
    .select(({ fn }) => fn.countAll().as("count"))
    .where("storage_provider_id", "=", id)
    .where("while_down", "=", "wait")
    .executeTakeFirstOrThrow();
  if (Number(count) > 0)
    throw new OperatorError(
      "provider_is_home",
      `${count} ${Number(count) === 1 ? "workspace" : "workspaces"} may have files in bucket ${bucket} alone: give each another home first (place home --workspace ID …).`,
    );
}
