import type { Database } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";
import { Pool } from "pg";

/** Asks the database for numbers, out of everybody else's way. */
export interface DatabaseReader {
  rows<Row extends object>(statement: string): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * On PostgreSQL one connection of its own: what uploads and jobs wait for, scrapes do not, nor the other way round. A statement
 * that takes too long is ended there, and given up here where the server does not even say so. Embedded there is one session.
 */
export function openReader(
  { databaseUrl, timeoutMs }: { databaseUrl: string | undefined; timeoutMs: number },
  db: Kysely<Database>,
): DatabaseReader {
  if (databaseUrl === undefined) {
    return {
      rows: async <Row extends object>(statement: string) => (await sql.raw<Row>(statement).execute(db)).rows,
      close: () => Promise.resolve(),
    };
  }
  const pool = new Pool({
    connectionString: databaseUrl,
    max: 1,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
    idleTimeoutMillis: 120_000,
    application_name: "audiotricks-metrics",
  });
  // Unheard, a connection that breaks would end the process. The next scrape says that the database is away.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return {
    // Such a query lets go of its connection for good where it fails, so that one which hangs is not asked again.
    rows: async <Row extends object>(statement: string) => (await pool.query<Row>(statement)).rows,
    close: () => pool.end(),
  };
}
