import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

const AT_ONCE = 200;

/** Files that somebody asked for; one whose way there is not at its end yet waits for that. @returns How many wait from now on. */
export async function queueRecalls({ db }: Pick<StorageContext, "db">): Promise<number> {
  const { rows } = await sql`
    INSERT INTO file_moves (file_storage_id, kind, from_provider_id, to_provider_id, object_key, file_size)
    SELECT f.id, 'recall', f.storage_provider_id, f.place, f.storage_path, f.file_size
    FROM (
      SELECT f.*, place_upload(f.workspace_id, NULL) AS place FROM file_storage f
      WHERE f.status = 'recalling' AND NOT EXISTS (
        SELECT FROM file_moves m WHERE m.file_storage_id = f.id AND m.state NOT IN ('cleared', 'dropped'))
      LIMIT ${AT_ONCE}) f
    WHERE f.place <> f.storage_provider_id
    ON CONFLICT DO NOTHING
    RETURNING file_storage_id`.execute(db);
  return rows.length;
}
