import { UploadError } from "@audiotricks/protocol";
import type {
  DownloadResponse,
  ExportRecord,
  ListExportsQuery,
  ListExportsResponse,
} from "@audiotricks/protocol/messages";
import type { Selectable } from "kysely";
import type { CallerContext } from "../access/caller-context.ts";
import type { Tenant } from "../access/tenant.ts";
import { formatCursor, isAfter, microsOf, parseCursor } from "../cursor.ts";
import type { FileStorage, StorageExports } from "../database-schema.ts";
import { requireReadable } from "../files/access-rules.ts";
import { signDownload } from "../files/sign-download.ts";
import type { Principal } from "../storage.ts";

/** The row, with what its archive adds. */
export type ExportRow = Selectable<StorageExports> &
  Pick<Selectable<FileStorage>, "original_filename"> & { archive_expires_at: Date | null };

const selectExports = (tenant: Tenant) =>
  tenant.exports().selectAll("e").select(["f.original_filename", "f.expires_at as archive_expires_at"]);

/** @throws {UploadError} `file_not_found` for an absent one and for someone else's alike. */
export async function getExport(
  { tenant }: CallerContext<Principal>,
  exportId: string,
): Promise<ExportRecord> {
  const row = await selectExports(tenant).where("e.id", "=", exportId).executeTakeFirst();
  if (row === undefined) throw exportNotFound();
  return toExportRecord(row);
}

/** Newest first, a page at a time. */
export async function listExports(
  { tenant }: CallerContext<Principal>,
  { cursor, limit }: ListExportsQuery,
): Promise<ListExportsResponse> {
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  const rows = await selectExports(tenant)
    .select(microsOf("e.created_at").as("created_micros"))
    .$if(after !== undefined, (found) =>
      after === undefined ? found : found.where(isAfter(["e.created_at", "e.id"], after)),
    )
    .orderBy("e.created_at", "desc")
    .orderBy("e.id", "desc")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    exports: page.map(toExportRecord),
    nextCursor:
      rows.length > limit && last !== undefined
        ? formatCursor({ micros: last.created_micros, id: last.id })
        : null,
  };
}

/** A URL of the archive, for a few minutes: also of one that no quota counts, and that is nobody's file therefore. */
export async function downloadExport(
  { tenant, stores, settings, accesses }: CallerContext<Principal>,
  exportId: string,
): Promise<DownloadResponse> {
  const row = await tenant
    .exports()
    .where("e.id", "=", exportId)
    .select([
      "e.status as export_status",
      "f.id",
      "f.status",
      "f.scan_state",
      "f.storage_provider_id",
      "f.storage_path",
      "f.original_filename",
      "f.file_extension",
    ])
    .executeTakeFirst();
  if (row === undefined) throw exportNotFound();
  requireReadable({
    state: row.export_status === "done" ? row.status : row.export_status,
    scan: row.scan_state,
  });
  accesses.record(row.id);
  const { s3 } = await stores.of(row.storage_provider_id);
  return signDownload(s3, row, { disposition: "attachment", expiresIn: settings.downloadUrlExpiresIn });
}

export function exportNotFound(): UploadError {
  return new UploadError("file_not_found", "There is no such export.");
}

function toExportRecord(row: ExportRow): ExportRecord {
  const { error_code: code, error_message: message } = row;
  return {
    id: row.id,
    kind: row.kind as ExportRecord["kind"],
    state: row.status as ExportRecord["state"],
    name: row.original_filename,
    fileId: row.file_storage_id,
    files: { total: row.total_files, done: row.done_files, missing: row.missing_files },
    bytes: { total: Number(row.total_bytes), done: Number(row.done_bytes) },
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    expiresAt: row.status === "done" ? (row.archive_expires_at?.toISOString() ?? null) : null,
    error: code === null ? null : { code, message: message ?? "The export failed." },
  };
}
