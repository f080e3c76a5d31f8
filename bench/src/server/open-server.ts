import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "@audiotricks/storage";
import { createTemplate, createTestDatabase, type TestDatabase } from "@audiotricks/testing/database";
import { startPostgres, type TestPostgres } from "@audiotricks/testing/postgres";
import { sql } from "kysely";

/** A PostgreSQL server for measuring: it counts its statements, and tells of every lock that is waited for. */
export interface MeasuredPostgres extends TestPostgres {
  /** Migrated, with nobody in it. */
  createDatabase(): Promise<TestDatabase<Database>>;
  /** Lines of its log about locks that somebody waited for. */
  lockWaits(): Promise<string[]>;
}

/** What counts as waiting for a lock, in milliseconds. */
export const LOCK_WAIT_MS = 10;

export async function openServer(): Promise<MeasuredPostgres> {
  const postgres = await startPostgres({
    // Five million files are more than should lie in memory.
    parent: "/var/tmp",
    settings: {
      shared_preload_libraries: "pg_stat_statements",
      "pg_stat_statements.track_planning": "on",
      shared_buffers: "1GB",
      maintenance_work_mem: "512MB",
      max_wal_size: "8GB",
      full_page_writes: "on",
      log_lock_waits: "on",
      deadlock_timeout: `${LOCK_WAIT_MS}ms`,
      logging_collector: "on",
    },
  });
  await createTemplate(postgres.url);
  return {
    ...postgres,
    createDatabase: async () => {
      const database = await createTestDatabase<Database>(postgres.url);
      await sql`CREATE EXTENSION pg_stat_statements`.execute(database.db);
      // Nobody completes what a measurement of starts begins.
      await sql`UPDATE storage_settings SET max_open_sessions = 1000000000`.execute(database.db);
      return database;
    },
    lockWaits: async () => {
      const folder = join(postgres.data, "log");
      const texts = await Promise.all(
        (await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")),
      );
      return texts
        .join("\n")
        .split("\n")
        .filter((line) => line.includes("still waiting for"));
    },
  };
}
