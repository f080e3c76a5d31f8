import { readdir, readFile } from "node:fs/promises";
import { type Kysely, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import { splitStatements } from "./split-statements.ts";

const sqlDirectory = new URL("../sql/", import.meta.url);

/** The numbered files, in order; each one transaction, one statement a call. */
const provider: MigrationProvider = {
  async getMigrations() {
    const names = (await readdir(sqlDirectory)).filter((name) => name.endsWith(".sql")).sort();
    const migrations: Record<string, Migration> = {};
    for (const name of names) {
      const statements = splitStatements(await readFile(new URL(name, sqlDirectory), "utf8"));
      migrations[name.slice(0, -".sql".length)] = {
        async up(db) {
          for (const statement of statements) await sql.raw(statement).execute(db);
        },
      };
    }
    return migrations;
  },
};

/**
 * Brings the schema up to date. Any number of processes may call it at once: the work is done once.
 *
 * @returns Names of the migrations that this call applied.
 * @throws The database's own error, with the name of the migration in front of its message.
 */
export async function migrate<Database>(db: Kysely<Database>): Promise<{ applied: string[] }> {
  const { error, results = [] } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) {
    const failed = results.find((result) => result.status === "Error")?.migrationName;
    throw new Error(`Migration ${failed ?? "(none began)"} failed: ${messageOf(error)}`, { cause: error });
  }
  return {
    applied: results.filter((result) => result.status === "Success").map((result) => result.migrationName),
  };
}

/** Names of the migrations that this database still lacks. */
export async function pendingMigrations<Database>(db: Kysely<Database>): Promise<string[]> {
  const all = await new Migrator({ db, provider }).getMigrations();
  return all.filter((migration) => migration.executedAt === undefined).map((migration) => migration.name);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
