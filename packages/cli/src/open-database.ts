import { pendingMigrations } from "@audiotricks/migrations";
import type { Database } from "@audiotricks/storage";
import { Kysely, PostgresDialect } from "kysely";
import { Pool, types } from "pg";
import { CliError } from "./cli-error.ts";
import { requireMigrated } from "./require-migrated.ts";

const INT8 = types.builtins.INT8;

/**
 * The database of the servers; the caller destroys it.
 *
 * @throws {CliError} `database_unavailable`, `migrations_pending`.
 */
export async function openDatabase(
  databaseUrl: string,
  { needsNoSchema }: { needsNoSchema: boolean },
): Promise<Kysely<Database>> {
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
    if (!needsNoSchema) requireMigrated(await pendingMigrations(db));
    return db;
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
