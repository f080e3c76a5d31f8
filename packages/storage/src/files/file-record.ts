import { type FileState, UploadError } from "@audiotricks/protocol";
import type { FileRecord, SoundFacts } from "@audiotricks/protocol/messages";
import type { Kysely, Selectable } from "kysely";
import type { Database } from "../database.ts";
import type { FileStorage } from "../database-schema.ts";
import { groupValueOf, markOf } from "../uploads/file-groups.ts";

/** For whoever may already see the file; asks no questions. */
export async function getFileRecord(db: Kysely<Database>, fileId: string): Promise<FileRecord> {
  const row = await db.selectFrom("file_storage").selectAll().where("id", "=", fileId).executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  return toFileRecord(row);
}

/** The same for many, by id. */
export async function findFileRecords(
  db: Kysely<Database>,
  fileIds: readonly string[],
): Promise<Map<string, FileRecord>> {
  if (fileIds.length === 0) return new Map();
  const rows = await db.selectFrom("file_storage").selectAll().where("id", "in", fileIds).execute();
  return new Map(rows.map((row) => [row.id, toFileRecord(row)]));
}

export function toFileRecord(row: Selectable<FileStorage>): FileRecord {
  const group = markOf(groupValueOf(row.metadata));
  return {
    id: row.id,
    name: row.original_filename,
    size: Number(row.file_size),
    type: row.mime_type ?? "application/octet-stream",
    contentType: row.content_type as FileRecord["contentType"],
    state: row.status as FileState,
    accessLevel: row.access_level as FileRecord["accessLevel"],
    workspaceId: row.workspace_id,
    ownerId: row.user_id,
    key: row.storage_path,
    checksumMd5: row.checksum_md5,
    checksumSha256: row.checksum_sha256,
    downloadUrlsIssued: Number(row.download_count),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    expiresAt: row.expires_at?.toISOString() ?? null,
    contentUrl: `/v1/files/${row.id}/content`,
    ...(row.scan_state === "none" ? {} : { scan: row.scan_state as NonNullable<FileRecord["scan"]> }),
    ...(row.sound_inspected_at === null ? {} : { sound: toSoundFacts(row) }),
    ...(row.cdn_url === null ? {} : { publicUrl: row.cdn_url }),
    ...(row.access_due_at === null ? {} : { accessChanging: true }),
    ...(group === null ? {} : { group }),
  };
}

function toSoundFacts(row: Selectable<FileStorage>): SoundFacts {
  return {
    format: row.sound_format as SoundFacts["format"],
    codec: row.sound_codec,
    durationSeconds: row.sound_seconds,
    sampleRate: row.sound_sample_rate,
    bitDepth: row.sound_bit_depth,
    channels: row.sound_channels,
    title: row.sound_title,
    artist: row.sound_artist,
    album: row.sound_album,
  };
}

/** The same for an absent file and for someone else's. */
export function fileNotFound(): UploadError {
  return new UploadError("file_not_found", "There is no such file.");
}
