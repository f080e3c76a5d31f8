import { UploadError } from "@audiotricks/protocol";
import type { DownloadRequest, DownloadResponse } from "@audiotricks/protocol/messages";
import { pinnedTypeOf } from "../pinned-type.ts";
import { contentDisposition } from "../s3/content-disposition.ts";
import type { Principal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { fileNotFound } from "./file-record.ts";
import { STORED_STATES, visibleFiles } from "./visible-files.ts";

const READABLE_STATES: readonly string[] = ["stored", "processing", "processed"];

/** A URL that gives the bytes for a few minutes, under the file's own name and our type for it. Counts as a download. */
export async function downloadFile(
  { db, stores, clock, settings }: StorageContext,
  principal: Principal,
  fileId: string,
  { disposition }: DownloadRequest,
): Promise<DownloadResponse> {
  const row = await visibleFiles(db, principal)
    .selectAll("f")
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  if (!READABLE_STATES.includes(row.status)) {
    throw new UploadError("file_not_ready", `The file is ${row.status}.`, { details: { state: row.status } });
  }
  const { s3 } = await stores.of(row.storage_provider_id);
  await db
    .updateTable("file_storage")
    .set((eb) => ({ download_count: eb("download_count", "+", 1), last_accessed_at: clock.now() }))
    .where("id", "=", fileId)
    .execute();
  const expiresIn = settings.downloadUrlExpiresIn;
  const url = s3.presigner.getObject({
    key: row.storage_path,
    contentDisposition: contentDisposition(disposition, row.original_filename),
    contentType: pinnedTypeOf(row.file_extension ?? ""),
    expiresIn,
  });
  return { url, expiresIn };
}
