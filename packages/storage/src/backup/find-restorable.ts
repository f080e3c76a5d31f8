import { sql } from "kysely";
import { pinnedTypeOf } from "../pinned-type.ts";
import type { StorageContext } from "../storage-context.ts";

/** A file, and its copy where there is one. */
export interface Restorable {
  fileId: string;
  providerId: string;
  key: string;
  state: string;
  isStored: boolean;
  /** Bytes. */
  size: number;
  etag: string | null;
  partSize: number | undefined;
  contentType: string;
  userId: string | null;
  workspaceId: string | null;
  copy:
    | { backupId: string; key: string; etag: string; deletedAt: Date | null; restoreUploadId: string | null }
    | undefined;
}

/** Whose files: of one workspace, or of one bucket. */
export type RestoreScope = { workspaceId: string } | { providerId: string };

interface Row {
  id: string;
  storage_provider_id: string;
  storage_path: string;
  status: string;
  is_stored: boolean;
  file_size: number;
  etag: string | null;
  file_extension: string | null;
  user_id: string | null;
  workspace_id: string | null;
  part_size: number | null;
  backup_provider_id: string | null;
  object_key: string | null;
  copy_etag: string | null;
  deleted_at: Date | null;
  restore_upload_id: string | null;
}

const SELECT = sql`
  SELECT f.id, f.storage_provider_id, f.storage_path, f.status, is_counted_file(f.status) AS is_stored, f.file_size, f.etag,
    f.file_extension, f.user_id, f.workspace_id,
    (SELECT u.chunk_size FROM multipart_uploads u WHERE u.file_storage_id = f.id AND u.status = 'completed'
     ORDER BY u.completed_at DESC LIMIT 1) AS part_size,
    c.backup_provider_id, c.object_key, c.etag AS copy_etag, c.deleted_at, c.restore_upload_id
  FROM file_storage f
  LEFT JOIN LATERAL (
    SELECT b.* FROM file_backups b WHERE b.file_storage_id = f.id AND b.state = 'copied' ORDER BY b.copied_at DESC LIMIT 1) c ON true`;

export async function findRestorable(
  { db }: Pick<StorageContext, "db">,
  fileId: string,
): Promise<Restorable | undefined> {
  const { rows } = await sql<Row>`${SELECT} WHERE f.id = ${fileId}`.execute(db);
  return rows.map(toRestorable)[0];
}

/** The next of them, by their ids: those whose bytes are promised. */
export async function listRestorable(
  { db }: Pick<StorageContext, "db">,
  scope: RestoreScope,
  { after, limit }: { after: string; limit: number },
): Promise<Restorable[]> {
  const isOfScope =
    "workspaceId" in scope
      ? sql`f.workspace_id = ${scope.workspaceId}`
      : sql`f.storage_provider_id = ${scope.providerId}`;
  const { rows } = await sql<Row>`
    ${SELECT} WHERE ${isOfScope} AND is_counted_file(f.status) AND f.id > ${after} ORDER BY f.id LIMIT ${limit}`.execute(
    db,
  );
  return rows.map(toRestorable);
}

function toRestorable(row: Row): Restorable {
  const { backup_provider_id: backupId, object_key: key, copy_etag: etag } = row;
  const { deleted_at: deletedAt, restore_upload_id: restoreUploadId } = row;
  return {
    fileId: row.id,
    providerId: row.storage_provider_id,
    key: row.storage_path,
    state: row.status,
    isStored: row.is_stored,
    size: Number(row.file_size),
    etag: row.etag,
    partSize: row.part_size === null ? undefined : Number(row.part_size),
    contentType: pinnedTypeOf(row.file_extension ?? ""),
    userId: row.user_id,
    workspaceId: row.workspace_id,
    copy:
      backupId === null || key === null || etag === null
        ? undefined
        : { backupId, key, etag, deletedAt, restoreUploadId },
  };
}
