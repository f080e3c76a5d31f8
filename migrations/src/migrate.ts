import { type Kysely, sql } from "kysely";
import { type Migration, type MigrationProvider, type MigrationResult, Migrator } from "kysely/migration";
import { readMigrationFiles } from "./migration-files.ts";
import { findNewerMigrations } from "./newer-migrations.ts";
import { splitStatements } from "./split-statements.ts";

const provider: MigrationProvider = { getMigrations: () => resolveMigrations([]) };

/** What a newer release has applied is done; Kysely only wants to know of it. */
async function resolveMigrations(newer: readonly string[]): Promise<Record<string, Migration>> {
  const files = await readMigrationFiles();
  const done: Migration = { up: () => Promise.resolve() };
  return {
    ...Object.fromEntries(files.map((file) => [file.name, toMigration(file.sql)])),
    ...Object.fromEntries(newer.map((name) => [name, done])),
  };
}

/** One statement a call: PGlite takes no more. Kysely wraps each step in a transaction. */
function toMigration(file: string): Migration {
  return {
    async up(db) {
      for (const statement of splitStatements(file)) await sql.raw(statement).execute(db);
    },
  };
}

/**
 * Brings the schema up to date. Any number of processes may call it at once: the work is done once. Where a newer release has
 * been here nothing is changed: the release before runs on the new schema.
 *
 * @returns `applied`: names of the migrations that this call applied. `newer`: of those that it does not know, as a newer
 *   release left them.
 * @throws {Error} Names the migration that failed; `cause` is the database's own error. That migration left nothing
 *   behind, those before it stay.
 */
export async function migrate<Database>(
  db: Kysely<Database>,
): Promise<{ applied: string[]; newer: string[] }> {
  const last = (await readMigrationFiles()).at(-1)?.name ?? "";
  const applied: string[] = [];
  for (let newer = await findNewerMigrations(db, last); ; ) {
    const known = newer;
    const migrator = new Migrator({ db, provider: { getMigrations: () => resolveMigrations(known) } });
    // One step at a time: `migrateToLatest` would run all of them in one transaction.
    const { error, results = [] } = await migrator.migrateUp();
    if (error !== undefined) {
      newer = await findNewerMigrations(db, last);
      // A newer release went ahead between our look and our turn.
      if (newer.length > known.length) continue;
      throw toError(error, results);
    }
    if (results.length === 0) return { applied, newer };
    applied.push(...results.map((result) => result.migrationName));
  }
}

function toError(error: unknown, results: MigrationResult[]): Error {
  const failed = results.find((result) => result.status === "Error")?.migrationName;
  const what = failed === undefined ? "The migrations could not begin" : `Migration ${failed} failed`;
  return new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}

/** Names of the migrations that this database still lacks. */
export async function pendingMigrations<Database>(db: Kysely<Database>): Promise<string[]> {
  const all = await new Migrator({ db, provider }).getMigrations();
  return all.filter((migration) => migration.executedAt === undefined).map((migration) => migration.name);
}
