import { type Kysely, sql } from "kysely";
import type { Database } from "../database.ts";

/** A copy's row, beside what its bucket has at its key. */
export interface CopyRow {
  fileId: string;
  key: string;
  state: string;
  /** Bytes. */
  size: number;
  etag: string | null;
  uploadId: string | null;
  isDeleted: boolean;
}

const COLUMNS = sql`file_storage_id AS "fileId", object_key AS key, state, file_size AS size, etag, upload_id AS "uploadId",
  deleted_at IS NOT NULL AS "isDeleted"`;

/** In the order of their keys' bytes, after one key and up to another. */
export async function findCopiesByKey(
  db: Kysely<Database>,
  backupId: string,
  { after, upTo, limit }: { after: string; upTo: string | undefined; limit: number },
): Promise<CopyRow[]> {
  const end = upTo === undefined ? sql`true` : sql`object_key COLLATE "C" <= ${storable(upTo)}`;
  const { rows } = await sql<CopyRow>`
    SELECT ${COLUMNS} FROM file_backups
    WHERE backup_provider_id = ${backupId} AND object_key COLLATE "C" > ${storable(after)} AND ${end}
    ORDER BY object_key COLLATE "C" LIMIT ${limit}`.execute(db);
  return rows.map(withNumber);
}

export async function findCopiesAt(
  db: Kysely<Database>,
  backupId: string,
  keys: readonly string[],
): Promise<Map<string, CopyRow>> {
  if (keys.length === 0) return new Map();
  const { rows } = await sql<CopyRow>`
    SELECT ${COLUMNS} FROM file_backups
    WHERE backup_provider_id = ${backupId} AND object_key IN (${sql.join(keys.map(storable))})`.execute(db);
  return new Map(rows.map((row) => [row.key, withNumber(row)]));
}

/** What a bucket no longer has is copied anew; of a file that is gone there is nothing to copy. Unless the row has gone on meanwhile. */
export async function loseCopy(
  db: Kysely<Database>,
  backupId: string,
  { fileId, etag, isDeleted }: CopyRow,
): Promise<void> {
  await db
    .updateTable("file_backups")
    .set({
      state: isDeleted ? "removing" : "pending",
      due_at: sql<Date>`now()`,
      etag: null,
      copied_at: null,
      attempts: 0,
    })
    .where("file_storage_id", "=", fileId)
    .where("backup_provider_id", "=", backupId)
    .where("state", "=", "copied")
    .where("etag", "is not distinct from", etag)
    .execute();
}

/** A key in a bucket may hold a NUL, a text in the database cannot. */
function storable(key: string): string {
  return key.replace(/\0.*/s, "");
}

function withNumber(row: CopyRow): CopyRow {
  return { ...row, size: Number(row.size) };
}
