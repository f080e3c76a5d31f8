import type { DownloadResponse } from "@audiotricks/protocol/messages";
import type { Selectable } from "kysely";
import { mayBeShown } from "../content-kinds.ts";
import type { FileStorage } from "../database-schema.ts";
import { pinnedTypeOf } from "../pinned-type.ts";
import { contentDisposition } from "../s3/content-disposition.ts";
import type { S3Connection } from "../s3/s3-connection.ts";

/** Under the file's own name, as our type for it, and for its reader's cache alone, as long as the URL lasts. */
export function signDownload(
  s3: S3Connection,
  row: Pick<Selectable<FileStorage>, "storage_path" | "original_filename" | "file_extension">,
  { disposition, expiresIn }: { disposition: "inline" | "attachment"; expiresIn: number },
): DownloadResponse {
  const extension = row.file_extension ?? "";
  const shown = mayBeShown(extension) ? disposition : "attachment";
  const url = s3.presigner.getObject({
    key: row.storage_path,
    cacheControl: `private, max-age=${expiresIn}`,
    contentDisposition: contentDisposition(shown, row.original_filename),
    contentType: pinnedTypeOf(extension),
    expiresIn,
  });
  return { url, expiresIn };
}
