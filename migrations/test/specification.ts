import { readFile } from "node:fs/promises";
import { createEmptyDatabase, type TestDatabase } from "@audiotricks/testing/database";
import { type Kysely, sql } from "kysely";
import { splitStatements } from "../src/split-statements.ts";

/** The tables that the specification takes for granted, as narrow as it uses them. */
const HOST_TABLES = `
  CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);
  CREATE TABLE workspaces (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text, is_active boolean DEFAULT true);
  CREATE TABLE workspace_members (workspace_id uuid, user_id uuid, role text);
  CREATE TABLE audit_logs (action text, resource text, resource_id uuid, category text, details jsonb);
  CREATE TABLE audio_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), audio_url text, file_size_bytes bigint);
  CREATE TABLE audio_uploads (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), original_filename varchar(500),
    file_size bigint, mime_type varchar(100), user_id uuid, workspace_id uuid, storage_path text, storage_url text)`;

/** Defect 8: it is used, but nothing creates it. */
const MISSING_TABLE =
  "CREATE TABLE storage_quotas (workspace_id uuid, max_storage_bytes bigint, max_file_count integer)";

/** The least without which the SQL does not load (defect 1). */
const TO_LOAD: [string, string][] = [
  [
    `'azure_blob')),
    CONSTRAINT unique_primary_provider UNIQUE (is_primary) WHERE is_primary = true
);`,
    `'azure_blob'))
);
CREATE UNIQUE INDEX unique_primary_provider ON storage_providers (is_primary) WHERE is_primary = true;`,
  ],
];

/** The least without which its functions fail at every call (defect 9). */
const TO_RUN: [string, string][] = [
  [
    `        full_storage_path,
        upload_url_result,
        CASE WHEN should_use_multipart THEN 'multipart' ELSE 'direct' END,
        session_id;`,
    `        full_storage_path::text,
        upload_url_result,
        (CASE WHEN should_use_multipart THEN 'multipart' ELSE 'direct' END)::varchar(50),
        session_id;`,
  ],
  ["DECLARE\n    multipart_record", "#variable_conflict use_column\nDECLARE\n    multipart_record"],
];

/** Its SQL by block, as written. */
export async function readSpecification(): Promise<Map<string, string>> {
  const text = await readFile(new URL("fixtures/specification.sql", import.meta.url), "utf8");
  const blocks = text.split(/^-- block: (.+)$/m).slice(1);
  return new Map(
    Array.from({ length: blocks.length / 2 }, (_, i) => [blocks[2 * i] ?? "", blocks[2 * i + 1] ?? ""]),
  );
}

/** A database with the tables it takes for granted and nothing else. */
export async function openHostDatabase(): Promise<TestDatabase<unknown>> {
  const database = await createEmptyDatabase<unknown>();
  await execute(database.db, HOST_TABLES);
  return database;
}

/** The specification's own schema, mended just enough to load, and with `runnable` so that its functions can be called. */
export async function openSpecification(options: { runnable: boolean }): Promise<TestDatabase<unknown>> {
  const mends = options.runnable ? [...TO_LOAD, ...TO_RUN] : TO_LOAD;
  let text = [...(await readSpecification()).values()].join("\n");
  for (const [broken, mended] of mends) {
    if (!text.includes(broken)) throw new Error(`The specification has no ${broken}`);
    text = text.replace(broken, () => mended);
  }
  const database = await openHostDatabase();
  await execute(database.db, MISSING_TABLE);
  await execute(database.db, text);
  return database;
}

export async function execute(db: Kysely<unknown>, text: string): Promise<void> {
  for (const statement of splitStatements(text)) await sql.raw(statement).execute(db);
}
