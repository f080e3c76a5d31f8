import { type Kysely, sql } from "kysely";
import { splitStatements } from "./split-statements.ts";

/** Where pg-boss keeps its tables, apart from ours and from any that the host has of it. */
export const JOBS_SCHEMA = "storage_jobs";

/** How the queue's schema stands to the release of pg-boss that this one brings. */
export type JobsSchema =
  | { state: "ready" }
  /** A newer release of ours has been here: its workers do the jobs, this one's cannot. */
  | { state: "newer"; version: number };

/**
 * Brings pg-boss's own schema up to date, and is the only thing that does: workers are started without the right to. Any
 * number of processes may call it at once. One transaction, one statement a call, as for our own migrations.
 */
export async function migrateJobs<Database>(db: Kysely<Database>): Promise<JobsSchema> {
  // Not loaded by those who only want our tables.
  const { getConstructionPlans, getMigrationPlans } = await import("pg-boss");
  const construction = getConstructionPlans(JOBS_SCHEMA);
  const wanted = versionOf(construction);
  return db.transaction().execute(async (trx) => {
    // Whoever waited here finds the work done.
    await sql`SELECT pg_advisory_xact_lock(hashtext('audiotricks'), hashtext(${JOBS_SCHEMA}))`.execute(trx);
    const found = await findVersion(trx);
    if (found === wanted) return { state: "ready" };
    if (found !== undefined && found > wanted) return { state: "newer", version: found };
    const plan = found === undefined ? construction : getMigrationPlans(JOBS_SCHEMA, found);
    for (const statement of splitStatements(plan)) {
      // The transaction is ours; and the tables are so small that an index is there at once.
      if (/^(?:BEGIN|COMMIT)$/i.test(statement)) continue;
      await sql.raw(statement.replace(/\bINDEX CONCURRENTLY\b/, "INDEX")).execute(trx);
    }
    return { state: "ready" };
  });
}

/** pg-boss tells the version that it wants nowhere else. */
function versionOf(construction: string): number {
  const version = /version\(version\) VALUES \('(\d+)'\)/.exec(construction)?.[1];
  if (version === undefined)
    throw new Error("This pg-boss writes its version in a way that is not known here.");
  return Number(version);
}

async function findVersion<Database>(db: Kysely<Database>): Promise<number | undefined> {
  const table = `${JOBS_SCHEMA}.version`;
  const { rows } = await sql<{ exists: boolean }>`SELECT to_regclass(${table}) IS NOT NULL AS exists`.execute(
    db,
  );
  if (rows[0]?.exists !== true) return undefined;
  const found = await sql<{ version: number }>`SELECT version FROM ${sql.table(table)}`.execute(db);
  return found.rows[0]?.version;
}
