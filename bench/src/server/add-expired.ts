import type { Database } from "@audiotricks/storage";
import type { TestDatabase } from "@audiotricks/testing/database";

/** Among so many users expired sessions are spread. */
const OWNERS = 2_000;

/**
 * Sessions that ran out a while ago, one in seven in parts, as they are when no sweep has come by for long.
 *
 * @returns Whose they are.
 */
export async function addExpired({ pool }: TestDatabase<Database>, count: number): Promise<string[]> {
  const client = await pool.connect();
  try {
    await client.query("SET session_replication_role = replica");
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO users (name) SELECT 'Late ' || n FROM generate_series(1, ${OWNERS}) AS n RETURNING id`,
    );
    const owners = rows.map(({ id }) => id);
    await client.query(
      "CREATE TEMPORARY TABLE late (n integer, file_id uuid, session_id uuid, user_id uuid)",
    );
    await client.query(
      `INSERT INTO late SELECT n, gen_random_uuid(), gen_random_uuid(), ($1::uuid[])[1 + n % ${OWNERS}]
       FROM generate_series(1, ${count}) AS n`,
      [owners],
    );
    await client.query(
      `INSERT INTO file_storage (id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id,
         storage_path, storage_url, file_size, upload_method, upload_session_id, content_type, content_category, user_id,
         former_user_id)
       SELECT l.file_id, 'Late ' || l.n || '.wav', l.file_id || '.wav', 'wav', 'audio/wav', p.id,
         'audio/uploads/2026/01/' || l.file_id || '.wav', '/v1/files/' || l.file_id || '/content', 26214400,
         CASE WHEN l.n % 7 = 0 THEN 'multipart' ELSE 'direct' END, l.session_id, 'audio_file', 'original', l.user_id, l.user_id
       FROM late l CROSS JOIN storage_providers p`,
    );
    await client.query(
      `INSERT INTO multipart_uploads (id, file_storage_id, upload_method, origin, spaces_upload_id, temp_path,
         original_filename, total_file_size, chunk_size, total_chunks, status, user_id, former_user_id, expires_at)
       SELECT session_id, file_id, CASE WHEN n % 7 = 0 THEN 'multipart' ELSE 'put' END, 'v1',
         CASE WHEN n % 7 = 0 THEN '2~late-' || n END,
         CASE WHEN n % 7 > 0 THEN 'temp/uploads/' || session_id END, 'Late ' || n || '.wav', 26214400,
         CASE WHEN n % 7 = 0 THEN 5242880 ELSE 26214400 END, CASE WHEN n % 7 = 0 THEN 5 ELSE 1 END, 'active', user_id,
         user_id, now() - interval '2 hours' + interval '1 second' * (n % 3600)
       FROM late`,
    );
    await client.query(
      `INSERT INTO storage_counters (scope, scope_id, reserved_bytes, reserved_files)
       SELECT scope, scope_id, reserved_bytes, reserved_files FROM counted_storage() WHERE scope_id = ANY ($1)`,
      [owners],
    );
    await client.query("VACUUM ANALYZE");
    return owners;
  } finally {
    // Its settings are for nobody else.
    client.release(true);
  }
}
