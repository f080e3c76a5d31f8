import { pendingMigrations } from "@audiotricks/migrations";
import type { Database } from "@audiotricks/storage";
import { Kysely, PostgresDialect } from "kysely";
import { Pool, types } from "pg";
import { CliError } from "./cli-error.ts";
import type { Settings } from "./settings.ts";

const INT8 = types.builtins.INT8;

/**
 * The database of the servers; the caller destroys it.
 *
 * @throws {CliError} `embedded_database`, `database_unavailable`, `migrations_pending`.
 */
export async function openDatabase(
  { databaseUrl, dataDir }: Settings,
  { needsNoSchema }: { needsNoSchema: boolean },
): Promise<Kysely<Database>> {
  if (databaseUrl === undefined)
    throw new CliError(
      "embedded_database",
      `DATABASE_URL is not set, and the embedded database in ${dataDir} belongs to the one server that has it open: set DATABASE_URL, here or in .env, to the PostgreSQL server that yours uses; to look after an embedded one, stop its server and use npm run reconcile or npm run dead-letters.`,
    );
  const pool = new Pool({
    connectionString: databaseUrl,
    max: 4,
    connectionTimeoutMillis: 5_000,
    application_name: "audiotricks-storage",
    types: {
      // Sizes and counts: JavaScript's numbers hold them exactly.
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : types.getTypeParser(oid, format as "text"),
    },
  });
  // Unheard, the error of a connection that breaks would end the process; the query that had it fails anyway.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  try {
    await pool.query("SELECT 1");
    const pending = needsNoSchema ? [] : await pendingMigrations(db);
    if (pending.length === 0) return db;
    throw new CliError(
      "migrations_pending",
      `The database lacks ${pending.length} migrations: run audiotricks-storage migrate, or start a server of this release.`,
    );
  } catch (cause) {
    await db.destroy();
    if (!pool.ended) await pool.end();
    if (cause instanceof CliError) throw cause;
    throw databaseUnavailable(cause);
  }
}

function databaseUnavailable(cause: unknown): CliError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const reason = cause instanceof Error && cause.message !== "" ? cause.message : code;
  return new CliError(
    "database_unavailable",
    `Cannot use the database: ${reason}. Check DATABASE_URL, and that the server runs.`,
    { cause },
  );
}
