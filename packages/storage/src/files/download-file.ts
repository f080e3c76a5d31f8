import { UploadError } from "@audiotricks/protocol";
import type { DownloadRequest, DownloadResponse } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { pinnedTypeOf } from "../pinned-type.ts";
import { contentDisposition } from "../s3/content-disposition.ts";
import { fileNotFound } from "./file-record.ts";
import { STORED_STATES } from "./stored-states.ts";

const READABLE_STATES: readonly string[] = ["stored", "processing", "processed"];

/**
 * A URL that gives the bytes for a few minutes, under the file's own name and our type for it. It is counted, unless a
 * service asks; whether it is used we never learn.
 */
export async function downloadFile(
  { caller, tenant, stores, settings, accesses }: CallerContext,
  fileId: string,
  { disposition }: DownloadRequest,
): Promise<DownloadResponse> {
  const row = await tenant
    .files(ACCESS.downloadFile)
    .selectAll("f")
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  if (!READABLE_STATES.includes(row.status)) {
    throw new UploadError("file_not_ready", `The file is ${row.status}.`, { details: { state: row.status } });
  }
  const { s3 } = await stores.of(row.storage_provider_id);
  if (!("service" in caller)) accesses.record(row.id);
  const expiresIn = settings.downloadUrlExpiresIn;
  const url = s3.presigner.getObject({
    key: row.storage_path,
    contentDisposition: contentDisposition(disposition, row.original_filename),
    contentType: pinnedTypeOf(row.file_extension ?? ""),
    expiresIn,
  });
  return { url, expiresIn };
}
