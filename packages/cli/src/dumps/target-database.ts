import {
  type DumpHeader,
  majorOf,
  OperatorError,
  type PostgresPlace,
  runPgRestore,
} from "@audiotricks/storage";
import { sql } from "kysely";
import { openDatabase } from "../open-database.ts";
import { siblingUrl } from "./database-place.ts";

/** By any of these a database is known to be one of ours, and not to be written over. */
const OURS = ["kysely_migration", "file_storage", "storage_providers", "storage_settings", "database_dumps"];

const MAINTENANCE = "postgres";

interface RestoreOptions {
  place: PostgresPlace;
  header: DumpHeader;
  content: AsyncIterable<Uint8Array>;
  hasPrivileges: boolean;
  signal: AbortSignal;
}

/**
 * Reads a dump into a database that has nothing of ours, made if there is none of that name. All of it, or nothing: a database that was
 * made for it is gone again then.
 *
 * @throws {OperatorError} `database_not_empty`, `database_refused`, `dump_of_other_version`, `restore_failed`, and what `content` throws.
 */
export async function restoreInto(options: RestoreOptions): Promise<void> {
  const { place, header, content, hasPrivileges, signal } = options;
  const wasMade = await requireFresh(place.databaseUrl, header);
  try {
    await runPgRestore(content, { ...place, serverVersion: header.serverVersion, hasPrivileges, signal });
  } catch (error) {
    // What failed is to be told, also where this fails as well.
    if (wasMade) await dropDatabase(place.databaseUrl).catch(() => undefined);
    throw error;
  }
}

/** Only one that was made for this. */
export async function dropDatabase(databaseUrl: string): Promise<void> {
  await onServer(databaseUrl, async (db) => {
    await sql`DROP DATABASE IF EXISTS ${sql.id(nameOf(databaseUrl))} WITH (FORCE)`.execute(db);
  });
}

/** @returns Whether it was made. */
async function requireFresh(databaseUrl: string, header: DumpHeader): Promise<boolean> {
  const name = nameOf(databaseUrl);
  const isThere = await onServer(databaseUrl, async (db) => {
    const { rows } = await sql<{ version: string; isThere: boolean }>`
      SELECT current_setting('server_version') AS version,
        EXISTS (SELECT FROM pg_database d WHERE d.datname = ${name}) AS "isThere"`.execute(db);
    const { version = "", isThere: found = false } = rows[0] ?? {};
    if (majorOf(version) !== majorOf(header.serverVersion))
      throw new OperatorError(
        "dump_of_other_version",
        `The dump is of PostgreSQL ${header.serverVersion}, and the server is ${version}: restore it into one of version ${majorOf(header.serverVersion)}, and upgrade that.`,
      );
    return found;
  });
  if (isThere) {
    await requireNothingOfOurs(databaseUrl);
    return false;
  }
  await onServer(databaseUrl, async (db) => {
    try {
      await sql`CREATE DATABASE ${sql.id(name)} TEMPLATE template0`.execute(db);
    } catch (cause) {
      throw refused(`Database ${name} is not there and cannot be made`, cause);
    }
  });
  return true;
}

async function requireNothingOfOurs(databaseUrl: string): Promise<void> {
  const db = await openDatabase(databaseUrl, { needsNoSchema: true });
  try {
    const { rows } = await sql<{ name: string }>`
      SELECT c.relname AS name FROM pg_class c WHERE c.relname = ANY (${OURS}) AND c.relkind IN ('r', 'p', 'v')
      ORDER BY c.relname LIMIT 1`.execute(db);
    if (rows[0] !== undefined)
      throw new OperatorError(
        "database_not_empty",
        `Database ${nameOf(databaseUrl)} has a table ${rows[0].name}, and nothing is restored over what is there: name a database that is new, and let the servers use that one.`,
      );
  } finally {
    await db.destroy();
  }
}

async function onServer<Result>(
  databaseUrl: string,
  work: (db: Awaited<ReturnType<typeof openDatabase>>) => Promise<Result>,
): Promise<Result> {
  const db = await openDatabase(siblingUrl(databaseUrl, MAINTENANCE), { needsNoSchema: true });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

function nameOf(databaseUrl: string): string {
  return decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
}

function refused(what: string, cause: unknown): OperatorError {
  const reason = cause instanceof Error ? cause.message : "no reason given";
  return new OperatorError(
    "database_refused",
    `${what} (${reason}): make it yourself, empty, and repeat this.`,
    {
      cause,
    },
  );
}
