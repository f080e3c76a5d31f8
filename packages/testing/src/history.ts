import { type Kysely, sql, type Transaction } from "kysely";
import { safekeepingStatements } from "./history-safekeeping.ts";
import { historyStatements } from "./history-statements.ts";

/** How much happened. The same seed and the same end make the same rows. */
export interface HistoryOptions {
  /** Bytes that were stored, deleted or never came: about nine in ten are there at the end. */
  files: number;
  /** Calls to the store, and what browsers told of their uploads. */
  operations: number;
  workspaces: number;
  users: number;
  days: number;
  seed: number;
  /** When it ends. */
  until: Date;
}

export const A_MONTH: Omit<HistoryOptions, "until"> = {
  files: 20_000,
  operations: 100_000,
  workspaces: 40,
  users: 200,
  days: 35,
  seed: 1,
};

/**
 * Fills a migrated database with a history, as a deployment would have left it: growth, days and nights, big and small workspaces, two
 * regions of which one is slower, browsers, failures and one bad afternoon, costs, copies, backups and alerts. Set-based and without triggers, so the role has
 * to be a superuser; what triggers would have counted is counted at the end. Nothing of it is at any store.
 *
 * @throws {RangeError} If a number is not a positive integer.
 * @throws {Error} If the database has files already: a history is not mixed with what is real.
 */
export async function fillHistory<Database>(db: Kysely<Database>, options: HistoryOptions): Promise<void> {
  for (const [name, value] of Object.entries(options))
    if (!(value instanceof Date) && (!Number.isSafeInteger(value) || value < 1))
      throw new RangeError(`${name} must be a positive integer, not ${String(value)}`);
  await db.transaction().execute(async (trx) => {
    await requireNoFiles(trx);
    await sql`SET LOCAL session_replication_role = replica`.execute(trx);
    for (const statement of [...historyStatements(options), ...safekeepingStatements(options)])
      await sql.raw(statement).execute(trx);
  });
  // Its cost depends on how many rows there are, which the planner would not know.
  for (const table of [
    "file_storage",
    "multipart_uploads",
    "spaces_operations",
    "storage_usage_days",
    "storage_activity",
    "file_backups",
  ])
    await sql`ANALYZE ${sql.table(table)}`.execute(db);
}

async function requireNoFiles<Database>(trx: Transaction<Database>): Promise<void> {
  const { rows } = await sql<{
    hasFiles: boolean;
  }>`SELECT EXISTS (SELECT FROM file_storage) AS "hasFiles"`.execute(trx);
  if (rows[0]?.hasFiles === true)
    throw new Error("The database has files already; a history needs one without.");
}
