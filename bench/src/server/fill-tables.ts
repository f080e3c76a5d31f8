import type { Database } from "@audiotricks/storage";
import type { TestDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";

/** Files of one user, on average; a few have many times that. */
const FILES_PER_USER = 100;
const FILES_PER_WORKSPACE = 1_000;
const TABLES = ["file_storage", "multipart_uploads", "upload_chunks"];
/** From here on rows are not held against the CHECKs one by one: it would take as long as all the rest. */
const UNCHECKED_FROM = 100_000;

/**
 * Puts so many files into the tables, as years of use leave them: users of whom few have much, a third of the files in
 * workspaces, all states, one in twenty sent in parts, each with its session and its line in the audit log. By
 * set-based SQL and without triggers: what these would have counted is counted at the end.
 */
export async function fillTables({ pool }: TestDatabase<Database>, fileCount: number): Promise<void> {
  const run = (text: string) => pool.query(text);
  const indexes = await findIndexes(pool);
  const checks = fileCount < UNCHECKED_FROM ? [] : await findChecks(pool);
  for (const { name } of indexes) await run(`DROP INDEX ${name}`);
  for (const { table, name } of checks) await run(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  const { owners, files, rest } = statements(fileCount);
  await runBare(pool, owners);
  // Two at a time, as long as they are of different tables.
  await Promise.all([runBare(pool, files), runBare(pool, rest)]);
  for (const { table, name, definition } of checks) {
    await run(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition} NOT VALID`);
  }
  await run("UPDATE pg_constraint SET convalidated = true WHERE contype = 'c' AND NOT convalidated");
  await Promise.all(
    TABLES.map(async (table) => {
      for (const index of indexes) if (index.table === table) await run(index.definition);
    }),
  );
  await run(COUNTERS);
  await run("VACUUM ANALYZE");
  await run("CHECKPOINT");
}

type Pool = TestDatabase<Database>["pool"];

/** Those that are no constraints. */
async function findIndexes(pool: Pool): Promise<{ table: string; name: string; definition: string }[]> {
  const { rows } = await pool.query<{ table: string; name: string; definition: string }>(
    `SELECT i.indrelid::regclass::text AS "table", i.indexrelid::regclass::text AS name,
       pg_get_indexdef(i.indexrelid) AS definition
     FROM pg_index i
     WHERE i.indrelid = ANY ($1::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)`,
    [TABLES],
  );
  return rows;
}

async function findChecks(pool: Pool): Promise<{ table: string; name: string; definition: string }[]> {
  const { rows } = await pool.query<{ table: string; name: string; definition: string }>(
    `SELECT conrelid::regclass::text AS "table", quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid = ANY ($1::regclass[]) AND contype = 'c'`,
    [TABLES],
  );
  return rows;
}

/** On one connection, without triggers and foreign keys. */
async function runBare(pool: Pool, statements: readonly string[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("SET session_replication_role = replica");
    for (const statement of statements) await client.query(statement);
  } finally {
    // Its settings are for nobody else.
    client.release(true);
  }
}

/** A UUID of version 4, in SQL: the companion knows no others. */
function idOf(kind: string, number: string): string {
  return `overlay(overlay(md5('${kind} ' || ${number}) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid`;
}

/** Ids are made of numbers, so that one statement knows those of another; their order is as good as random. */
function statements(fileCount: number): Record<"owners" | "files" | "rest", string[]> {
  const users = Math.max(Math.round(fileCount / FILES_PER_USER), 10);
  const workspaces = Math.max(Math.round(fileCount / FILES_PER_WORKSPACE), 2);
  const files = `
    SELECT n, ${idOf("file", "n")} AS id, ${idOf("session", "n")} AS session_id,
      ${idOf("user", "user_n")} AS user_id,
      CASE WHEN n % 3 = 0 THEN ${idOf("workspace", `user_n % ${workspaces}`)} END AS workspace_id,
      n % 20 = 0 AS is_multipart,
      CASE WHEN n % 20 = 0 THEN 11000000 + hash % 60000000 ELSE 20000 + hash % 10000000 END AS size,
      CASE WHEN r < 600 THEN 'processed' WHEN r < 880 THEN 'stored' WHEN r < 890 THEN 'archived'
        WHEN r < 892 THEN 'quarantined' WHEN r < 950 THEN 'deleted' WHEN r < 998 THEN 'failed' ELSE 'uploading' END AS status,
      CASE WHEN r < 998 THEN now() - interval '3 years' * (1 - n / ${fileCount}::float8) - interval '2 days'
        ELSE now() - interval '1 hour' END AS created_at
    FROM (
      SELECT n, abs(hashint8(n)::bigint) AS hash, abs(hashint8(n + 1000000000)::bigint) % 1000 AS r,
        -- The cube of an even spread: one in five users has more than half of the files.
        floor(${users} * power(abs(hashint8(n + 2000000000)::bigint) / 2147483649.0::float8, 3))::integer AS user_n
      FROM generate_series(1, ${fileCount}) AS n
    ) d`;
  const owners = [
    `INSERT INTO users (id, name) SELECT ${idOf("user", "n")}, 'User ' || n FROM generate_series(0, ${users - 1}) AS n`,
    `INSERT INTO workspaces (id, name)
     SELECT ${idOf("workspace", "n")}, 'Workspace ' || n FROM generate_series(0, ${workspaces - 1}) AS n`,
    `INSERT INTO workspace_members (workspace_id, user_id)
     SELECT ${idOf("workspace", `n % ${workspaces}`)}, ${idOf("user", "n")} FROM generate_series(0, ${users - 1}) AS n`,
  ];
  const intoFiles = [
    `INSERT INTO file_storage (id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id,
       storage_path, storage_url, file_size, checksum_md5, etag, upload_method, upload_session_id, status, content_type,
       content_category, user_id, workspace_id, former_user_id, former_workspace_id, access_level, stored_at, deleted_at,
       created_at, updated_at)
     SELECT f.id, 'Song ' || f.n || '.wav', f.id || '.wav', 'wav', 'audio/wav', p.id,
       'audio/uploads/' || to_char(f.created_at AT TIME ZONE 'UTC', 'YYYY/MM/') || f.id || '.wav',
       '/v1/files/' || f.id || '/content', f.size,
       CASE WHEN f.status NOT IN ('failed', 'uploading') THEN md5(f.n::text) END,
       CASE WHEN f.status NOT IN ('failed', 'uploading') THEN md5(f.n::text) END,
       CASE WHEN f.is_multipart THEN 'multipart' ELSE 'direct' END, f.session_id, f.status, 'audio_file', 'original',
       f.user_id, f.workspace_id, f.user_id, f.workspace_id,
       CASE WHEN f.workspace_id IS NULL THEN 'private' ELSE 'workspace' END,
       CASE WHEN f.status NOT IN ('failed', 'uploading') THEN f.created_at + interval '1 minute' END,
       CASE WHEN f.status = 'deleted' THEN f.created_at + interval '1 day' END, f.created_at, f.created_at
     FROM (${files}) f CROSS JOIN storage_providers p`,
  ];
  const rest = [
    `INSERT INTO multipart_uploads (id, file_storage_id, upload_method, origin, spaces_upload_id, temp_path,
       original_filename, total_file_size, chunk_size, total_chunks, completed_chunks, uploaded_bytes, status, user_id,
       workspace_id, former_user_id, former_workspace_id, idempotency_key, client_id, request_hash, created_at, updated_at,
       expires_at, completed_at)
     SELECT f.session_id, f.id, CASE WHEN f.is_multipart THEN 'multipart' ELSE 'put' END, 'v1',
       CASE WHEN f.is_multipart THEN '2~' || md5(f.n::text) END,
       CASE WHEN NOT f.is_multipart THEN 'temp/uploads/' || f.session_id END, 'Song ' || f.n || '.wav', f.size,
       CASE WHEN f.is_multipart THEN 5242880 ELSE f.size END,
       CASE WHEN f.is_multipart THEN (f.size + 5242879) / 5242880 ELSE 1 END,
       CASE WHEN f.status IN ('failed', 'uploading') THEN 0 WHEN f.is_multipart THEN (f.size + 5242879) / 5242880 ELSE 1 END,
       CASE WHEN f.status IN ('failed', 'uploading') THEN 0 ELSE f.size END,
       CASE f.status WHEN 'failed' THEN 'aborted' WHEN 'uploading' THEN 'active' ELSE 'completed' END,
       f.user_id, f.workspace_id, f.user_id, f.workspace_id, md5('key ' || f.n)::uuid, f.n % 100, md5('request ' || f.n),
       f.created_at, f.created_at, f.created_at + interval '1 day',
       CASE WHEN f.status NOT IN ('failed', 'uploading') THEN f.created_at + interval '1 minute' END
     FROM (${files}) f`,
    `INSERT INTO upload_chunks (multipart_upload_id, chunk_number, spaces_etag, checksum_md5, chunk_size, start_byte,
       end_byte, status, created_at, uploaded_at)
     SELECT f.session_id, c.n, md5(f.n || '/' || c.n), md5(f.n || '/' || c.n), c.size, c.start, c.start + c.size - 1,
       'completed', f.created_at, f.created_at
     FROM (${files}) f
     CROSS JOIN LATERAL (
       SELECT n, (n - 1) * 5242880 AS start, least(5242880, f.size - (n - 1) * 5242880) AS size
       FROM generate_series(1, (f.size + 5242879) / 5242880) AS n) c
     WHERE f.is_multipart AND f.status <> 'failed'`,
    `INSERT INTO audit_logs (user_id, action, resource, resource_id, category, details, created_at)
     SELECT f.user_id, 'file_stored', 'file_storage', f.id, 'storage',
       jsonb_build_object('sessionId', f.session_id, 'size', f.size, 'origin', 'v1'), f.created_at
     FROM (${files}) f WHERE f.status NOT IN ('failed', 'uploading')`,
  ];
  return { owners, files: intoFiles, rest };
}

const COUNTERS = `
  INSERT INTO storage_counters (scope, scope_id, used_bytes, reserved_bytes, used_files, reserved_files)
  SELECT scope, scope_id, used_bytes, reserved_bytes, used_files, reserved_files FROM counted_storage()`;

/** Users whose counters differ from the rows: none, or the tables are not as they should be. */
export async function countMiscounted({ db }: TestDatabase<Database>): Promise<number> {
  const { rows } = await sql<{
    count: number;
  }>`SELECT count(*)::integer AS count FROM recount_storage()`.execute(db);
  return rows[0]?.count ?? Number.NaN;
}
