import type { Database } from "@audiotricks/storage";
import type { TestDatabase } from "@audiotricks/testing/database";

/** Forgets what this database's statements took so far. */
export async function resetStatementTime({ pool }: TestDatabase<Database>): Promise<void> {
  await pool.query(
    "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)",
  );
}

/** Milliseconds that all its statements took since then, planning, triggers and what functions do among it. */
export async function readStatementTime({ pool }: TestDatabase<Database>): Promise<number> {
  const { rows } = await pool.query<{ ms: number }>(
    `SELECT sum(total_plan_time + total_exec_time) AS ms FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query NOT LIKE '%pg_stat_statements%'`,
  );
  return rows[0]?.ms ?? Number.NaN;
}
