import { randomUUID } from "node:crypto";
import { migrate } from "@audiotricks/migrations";
import { PGlite } from "@electric-sql/pglite";
import { Kysely, PGliteDialect, PostgresDialect, sql } from "kysely";
import pg from "pg";

const TEMPLATE = "audiotricks_template";
/** Our sizes and counts stay below 2^53, so bigint comes as a number. */
const INT8 = 20;
const types = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === INT8 && format !== "binary" ? Number : pg.types.getTypeParser(oid, format as "text"),
} as pg.CustomTypesConfig;

export interface TestDatabase<Database> extends AsyncDisposable {
  db: Kysely<Database>;
  /** `undefined` on PGlite, which nobody else can connect to. */
  url: string | undefined;
}

/** Makes the migrated database that `createTestDatabase` clones. Once per server. */
export async function createTemplate(serverUrl: string): Promise<void> {
  await onServer(serverUrl, (db) => sql`CREATE DATABASE ${sql.id(TEMPLATE)}`.execute(db));
  const db = connect<unknown>(withDatabase(serverUrl, TEMPLATE));
  try {
    await migrate(db);
  } finally {
    await db.destroy();
  }
}

/** A fresh, migrated database on the PostgreSQL server of this test run; dropped when disposed. */
export async function createTestDatabase<Database>(
  serverUrl = process.env["TEST_POSTGRES_URL"],
): Promise<TestDatabase<Database> & { url: string }> {
  if (serverUrl === undefined)
    throw new Error("TEST_POSTGRES_URL is not set: the integration project sets it up.");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await onServer(serverUrl, (db) =>
    sql`CREATE DATABASE ${sql.id(name)} TEMPLATE ${sql.id(TEMPLATE)}`.execute(db),
  );
  const url = withDatabase(serverUrl, name);
  const db = connect<Database>(url);
  return {
    db,
    url,
    async [Symbol.asyncDispose]() {
      await db.destroy();
      await onServer(serverUrl, (server) => sql`DROP DATABASE ${sql.id(name)} WITH (FORCE)`.execute(server));
    },
  };
}

let migratedPglite: Promise<Blob> | undefined;

/** The same on PGlite, in memory. */
export async function createPgliteDatabase<Database>(): Promise<TestDatabase<Database>> {
  migratedPglite ??= dumpMigratedPglite();
  const pglite = await PGlite.create({ loadDataDir: await migratedPglite, parsers: { [INT8]: Number } });
  const db = new Kysely<Database>({ dialect: new PGliteDialect({ pglite }) });
  return { db, url: undefined, [Symbol.asyncDispose]: () => db.destroy() };
}

async function dumpMigratedPglite(): Promise<Blob> {
  const pglite = await PGlite.create();
  await migrate(new Kysely({ dialect: new PGliteDialect({ pglite }) }));
  const dump = await pglite.dumpDataDir("none");
  await pglite.close();
  return dump;
}

function connect<Database>(connectionString: string): Kysely<Database> {
  const pool = new pg.Pool({ connectionString, max: 50, types });
  // DROP DATABASE … FORCE ends idle connections; without a listener that would end the process.
  pool.on("error", () => undefined);
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

async function onServer(url: string, work: (db: Kysely<unknown>) => Promise<unknown>): Promise<void> {
  const db = connect<unknown>(url);
  try {
    await work(db);
  } finally {
    await db.destroy();
  }
}

function withDatabase(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
