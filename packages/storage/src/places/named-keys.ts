import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

/**
 * Keys in one bucket that a file's row names, or at this moment its move alone: copies that are being made, and old
 * objects that are still read; in a bucket of copies, those that a copy's row names, until it says that the copy is gone. In one
 * statement: a move hands a key from the one to the other, and two would both miss it.
 *
 * @param options.isStored Only rows whose bytes are promised.
 */
export async function findNamedKeys(
  { db }: Pick<StorageContext, "db">,
  providerId: string,
  keys: readonly string[],
  { isStored = false }: { isStored?: boolean } = {},
): Promise<Set<string>> {
  // A key in the bucket may hold a NUL, a text in the database cannot.
  const storable = keys.filter((key) => !key.includes("\0"));
  if (storable.length === 0) return new Set();
  const { rows } = await sql<{ key: string }>`
    SELECT f.storage_path AS key FROM file_storage f
    WHERE f.storage_provider_id = ${providerId}::uuid AND f.storage_path = ANY (${storable})
      AND (NOT ${isStored}::boolean OR is_counted_file(f.status))
    UNION
    SELECT object_key FROM file_moves
    WHERE from_provider_id = ${providerId}::uuid AND object_key = ANY (${storable}) AND state = 'moved'
    UNION
    SELECT object_key FROM file_moves
    WHERE to_provider_id = ${providerId}::uuid AND object_key = ANY (${storable}) AND state IN ('copying', 'failed', 'dropping')
    UNION
    SELECT object_key FROM file_backups
    WHERE backup_provider_id = ${providerId}::uuid AND object_key = ANY (${storable}) AND state <> 'removed'`.execute(
    db,
  );
  return new Set(rows.map(({ key }) => key));
}
