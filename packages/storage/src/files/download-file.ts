import type { DownloadRequest, DownloadResponse } from "@audiotricks/protocol/messages";
import { type InferResult, sql } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { tenantLookup } from "../access/tenant-lookup.ts";
import { requireAnswering } from "../places/require-answering.ts";
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
  context: CallerContext,
  fileId: string,
  { disposition }: DownloadRequest,
): Promise<DownloadResponse> {
  const { caller, stores, settings, accesses } = context;
  const [row] = await findStored(context, { fileId });
  if (row === undefined) throw fileNotFound();
  requireReadable({ state: row.status, scan: row.scan_state });
  const isService = "service" in caller;
  // Copies at the CDN are there whatever the bucket does.
  const publicUrl = disposition === "inline" && !isService ? row.cdn_url : null;
  const store = await stores.of(row.storage_provider_id);
  if (publicUrl === null) requireAnswering(store);
  if (!isService) accesses.record(row.id);
  if (publicUrl !== null) return { url: publicUrl, expiresIn: settings.downloadUrlExpiresIn };
  return signDownload(store.s3, row, { disposition, expiresIn: settings.downloadUrlExpiresIn });
}

const findStored = tenantLookup(["fileId"], (tenant, { fileId }) => {
  const found = tenant
    .files(ACCESS.downloadFile)
    .select([
      "f.id",
      "f.status",
      "f.scan_state",
      "f.storage_provider_id",
      "f.storage_path",
      "f.original_filename",
      "f.file_extension",
      "f.cdn_url",
    ])
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES);
  return sql<InferResult<typeof found>[number]>`${found}`;
});
