import type { Database } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";

export interface SeededFile {
  key: string;
  etag: string;
}

/** Rows of files that are stored, without anybody having sent them. */
export async function seedFiles(
  db: Kysely<Database>,
  { userId, size, files }: { userId: string; size: number; files: readonly SeededFile[] },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO file_storage (original_filename, stored_filename, file_extension, storage_provider_id, storage_path, storage_url,
      file_size, etag, content_type, user_id, former_user_id, status, stored_at)
    SELECT 'take ' || f.n || '.wav', f.n::text, 'wav', p.id, f.key, '/', ${size}, f.etag, 'audio_file', ${userId}, ${userId}, 'stored', now()
    FROM jsonb_to_recordset(${JSON.stringify(files.map((file, n) => ({ ...file, n })))}::jsonb) AS f (n integer, key text, etag text),
      storage_providers p WHERE p.is_primary
    RETURNING id`.execute(db);
  return rows.map(({ id }) => id);
}
