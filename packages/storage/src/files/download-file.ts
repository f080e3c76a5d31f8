import type { DownloadRequest, DownloadResponse } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { requireReadable } from "./access-rules.ts";
import { fileNotFound } from "./file-record.ts";
import { signDownload } from "./sign-download.ts";
import { STORED_STATES } from "./stored-states.ts";

/**
 * A URL that gives the bytes for a few minutes, under the file's own name and our type for it; of a public file that is to be shown
 * rather than saved, the one that anyone has, since copies of signed URLs are nobody else's. It is counted, unless a service
 * asks; whether it is used we never learn.
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
  requireReadable(row.status);
  const isService = "service" in caller;
  if (!isService) accesses.record(row.id);
  if (row.cdn_url !== null && disposition === "inline" && !isService)
    return { url: row.cdn_url, expiresIn: settings.downloadUrlExpiresIn };
  const { s3 } = await stores.of(row.storage_provider_id);
  return signDownload(s3, row, { disposition, expiresIn: settings.downloadUrlExpiresIn });
}
