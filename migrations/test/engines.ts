import { createPgliteDatabase, createTestDatabase, type PgliteDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";

/** What behaves alike on both: the server that deployments run on, and the embedded default. */
export const ENGINES: { engine: "PostgreSQL" | "PGlite"; open: () => Promise<PgliteDatabase<unknown>> }[] = [
  { engine: "PostgreSQL", open: () => createTestDatabase<unknown>() },
  { engine: "PGlite", open: openEmptiedPglite },
];

let shared: Promise<PgliteDatabase<unknown>> | undefined;

/** One PGlite for all tests of a process, emptied for each: a fresh one takes as long as most tests together. */
async function openEmptiedPglite(): Promise<PgliteDatabase<unknown>> {
  shared ??= createPgliteDatabase<unknown>();
  const { db } = await shared;
  await sql`SET session_replication_role = replica`.execute(db);
  // No trigger counts anything here, and none refuses it.
  await sql`
    TRUNCATE users, workspaces, storage_providers, storage_counters, storage_settings, spaces_operations, audit_logs,
      audio_history, audio_uploads, outbox_events, counter_findings, expiry_watch CASCADE`.execute(db);
  await sql`RESET session_replication_role`.execute(db);
  await sql`INSERT INTO storage_settings DEFAULT VALUES`.execute(db);
  await sql`SET TIME ZONE 'UTC'`.execute(db);
  return { db, [Symbol.asyncDispose]: () => Promise.resolve() };
}
