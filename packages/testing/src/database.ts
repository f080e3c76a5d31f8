import { randomUUID } from "node:crypto";
import { migrate } from "@audiotricks/migrations";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { loadEmptyPglite, loadMigratedPglite } from "./migrated-pglite.ts";

const TEMPLATE = "audiotricks_template";
/** Our sizes and counts stay below 2^53, so bigint comes as a number. */
const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text") =>
    oid === INT8 && format !== ("binary" as string)
      ? Number
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig["getTypeParser"],
};

export interface PgliteDatabase<Database> extends AsyncDisposable {
  db: Kysely<Database>;
}

export interface TestDatabase<Database> extends PgliteDatabase<Database> {
  /** For a second client, a server or another process. */
  url: string;
  pool: pg.Pool;
}

/** Makes the migrated database that `createTestDatabase` clones, anew if there is one. Once per server and run. */
export async function createTemplate(serverUrl: string): Promise<void> {
  await onServer(serverUrl, async (db) => {
    await sql`DROP DATABASE IF EXISTS ${sql.id(TEMPLATE)} WITH (FORCE)`.execute(db);
    await sql`CREATE DATABASE ${sql.id(TEMPLATE)}`.execute(db);
  });
  await using template = connect<unknown>(withDatabase(serverUrl, TEMPLATE));
  await migrate(template.db);
}

/** A fresh, migrated database on the PostgreSQL server of this test run; dropped when disposed. */
export async function createTestDatabase<Database>(
  serverUrl: string | undefined = process.env.TEST_POSTGRES_URL,
): Promise<TestDatabase<Database>> {
  // The other strategy writes every page to the log too.
  return createDatabase(serverUrl, sql`TEMPLATE ${sql.id(TEMPLATE)} STRATEGY FILE_COPY`);
}

/** The same without our schema, for tests of the migrations themselves. */
export async function createEmptyDatabase<Database>(
  serverUrl: string | undefined = process.env.TEST_POSTGRES_URL,
): Promise<TestDatabase<Database>> {
  return createDatabase(serverUrl, sql`TEMPLATE template0`);
}

/** A fresh, migrated database on PGlite, in memory. */
export async function createPgliteDatabase<Database>(): Promise<PgliteDatabase<Database>> {
  return openPglite<Database>(await loadMigratedPglite());
}

/** PGlite in memory without our schema. */
export async function createEmptyPglite<Database>(): Promise<PgliteDatabase<Database>> {
  return openPglite<Database>(await loadEmptyPglite());
}

async function openPglite<Database>(loadDataDir: Blob): Promise<PgliteDatabase<Database>> {
  const pglite = await PGlite.create({
    parsers: { [INT8]: Number },
    loadDataDir,
  });
  const db = new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) });
  return {
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      // Kysely closes it only if it was ever queried; an open one keeps the process alive.
      if (!pglite.closed) await pglite.close();
    },
  };
}

async function createDatabase<Database>(
  serverUrl: string | undefined,
  from: ReturnType<typeof sql>,
): Promise<TestDatabase<Database>> {
  if (serverUrl === undefined) {
    throw new Error(
      "TEST_POSTGRES_URL is not set: run this in the integration project, or pass the server's URL.",
    );
  }
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await onServer(serverUrl, (db) => sql`CREATE DATABASE ${sql.id(name)} ${from}`.execute(db));
  const database = connect<Database>(withDatabase(serverUrl, name));
  return {
    ...database,
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await onServer(serverUrl, (db) => sql`DROP DATABASE ${sql.id(name)} WITH (FORCE)`.execute(db));
    },
  };
}

/** A database that is there, for another process; it stays when disposed. */
export function connect<Database>(url: string, options: pg.PoolConfig = { max: 50 }): TestDatabase<Database> {
  const pool = new pg.Pool({ ...options, connectionString: url, types });
  // DROP DATABASE … FORCE ends idle connections; without a listener that would end the process.
  pool.on("error", () => undefined);
  // And so would one that is ended while a transaction has it, by a test or a server that goes away.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    url,
    pool,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      if (!pool.ended) await pool.end();
    },
  };
}

/** Of each server: hundreds of databases are made and dropped by way of two connections at most, which keep no process alive. */
const servers = new Map<string, Kysely<unknown>>();

async function onServer(url: string, work: (db: Kysely<unknown>) => Promise<unknown>): Promise<void> {
  let server = servers.get(url);
  if (server === undefined) {
    server = connect<unknown>(url, { max: 2, allowExitOnIdle: true }).db;
    servers.set(url, server);
  }
  await work(server);
}

function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
