import { openEmbeddedDatabase } from "@audiotricks/embedded";
import { type Database, preparing, traceStatements } from "@audiotricks/storage";
import { Kysely, PostgresDialect } from "kysely";
import { Client, Pool, types } from "pg";
import type { Db } from "pg-boss";
import type { Logger } from "./logger.ts";
import { StartError } from "./start-error.ts";

export interface OpenDatabase {
  db: Kysely<Database>;
  /** For the jobs, so that no upload waits for a connection that a sweep has; embedded, there is only the one. */
  jobs: JobDatabase;
  /** Where it is the embedded one. */
  embedded?: { dumpDataDir(compression: "gzip"): Promise<Blob> };
  close: () => Promise<void>;
}

export interface JobDatabase {
  db: Kysely<Database>;
  isEmbedded: boolean;
  /** As pg-boss wants it; asked for when the jobs begin, since loading it takes a while. */
  openQueue(): Promise<Db>;
}

const CONNECTIONS = 10;
const JOB_CONNECTIONS = 4;

/** Sizes and counts: JavaScript's numbers hold them exactly, as no object is larger than 5 TB. */
const INT8 = types.builtins.INT8;

/** PGlite under the data directory, which must be locked. */
export async function openPglite(dataDir: string): Promise<OpenDatabase> {
  const { pglite, db, close } = await openEmbeddedDatabase(dataDir);
  return {
    db,
    embedded: pglite,
    jobs: {
      db,
      isEmbedded: true,
      openQueue: async () => {
        const { fromPglite } = await import("pg-boss");
        return fromPglite(pglite);
      },
    },
    close,
  };
}

/** @throws {StartError} If the server cannot be reached or does not let us in. */
export async function openPostgres(
  url: string,
  log: Logger,
  { isTraced = false } = {},
): Promise<OpenDatabase> {
  const pool = openPool(url, CONNECTIONS, log);
  const jobPool = openPool(url, JOB_CONNECTIONS, log);
  try {
    await pool.query("SELECT 1");
  } catch (cause) {
    await Promise.all([pool.end(), jobPool.end()]);
    const reason = cause instanceof Error && cause.message !== "" ? cause.message : errorCode(cause);
    throw new StartError(
      `Cannot use the database: ${reason}. Check DATABASE_URL, and that the server runs.`,
      {
        cause,
      },
    );
  }
  const traced = isTraced ? { log: traceStatements } : {};
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }), ...traced });
  const jobDb = new Kysely<Database>({ dialect: new PostgresDialect({ pool: jobPool }), ...traced });
  const queue: Db = { executeSql: (text, values) => jobPool.query(text, values) };
  return {
    db,
    jobs: { db: jobDb, isEmbedded: false, openQueue: () => Promise.resolve(queue) },
    close: async () => {
      await Promise.all([db.destroy(), jobDb.destroy()]);
      // Kysely ends a pool only if it was ever asked for something.
      if (!jobPool.ended) await jobPool.end();
    },
  };
}

function openPool(url: string, max: number, log: Logger): Pool {
  const pool = new Pool({
    Client: preparing(Client),
    connectionString: url,
    max,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 30_000,
    application_name: "audiotricks-uploads",
    types: {
      getTypeParser: (oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : types.getTypeParser(oid, format as "text"),
    },
  });
  // A connection that breaks while idle is replaced by the next query; unheard, its error would end the process.
  pool.on("error", (err) => log.warn({ err }, "lost an idle database connection"));
  // So would that of one in use, which comes beside the failure of its query.
  pool.on("connect", (client) =>
    client.on("error", (err) => log.warn({ err }, "lost a database connection")),
  );
  return pool;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "no reason given";
}
