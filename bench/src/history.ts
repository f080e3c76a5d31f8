import { parseArgs } from "node:util";
import { A_MONTH, fillHistory } from "@audiotricks/testing/history";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";

const USAGE = `DATABASE_URL=postgres://… npm run history -- [--files ${A_MONTH.files}] [--operations ${A_MONTH.operations}]
  [--workspaces ${A_MONTH.workspaces}] [--users ${A_MONTH.users}] [--days ${A_MONTH.days}] [--seed ${A_MONTH.seed}] [--until 2026-11-30T00:00:00Z]
The database has to be migrated and without files, and the role a superuser.`;

try {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: {
      files: text,
      operations: text,
      workspaces: text,
      users: text,
      days: text,
      seed: text,
      until: text,
    },
  });
  const connectionString = process.env.DATABASE_URL;
  if (connectionString === undefined) throw new Error("DATABASE_URL is not set.");
  const { until = new Date().toISOString(), ...numbers } = values;
  if (Number.isNaN(Date.parse(until))) throw new Error(`--until is no instant: ${until}`);
  const given = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]));
  const options = { ...A_MONTH, ...given, until: new Date(until) };
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString, max: 1 }) }),
  });
  try {
    await fillHistory(db, options);
    console.log(
      `${options.files} files and ${options.operations} operations in ${options.days} days until ${until}`,
    );
  } finally {
    await db.destroy();
  }
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exitCode = 1;
}
