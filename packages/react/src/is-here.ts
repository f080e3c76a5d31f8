import type { UploadSession } from "@audiotricks/protocol/messages";
import type { UploadItem } from "./uploads-state.ts";

/**
 * Whether an open session belongs to a file of this widget. One that is through is known by its id, since the list of
 * sessions may be a moment old; before that, by name and size: a file that is being asked for, or waits, has no session
 * to be known by.
 */
export function isHere(upload: UploadSession, files: readonly UploadItem[]): boolean {
  return files.some(({ name, size, status }) =>
    status.status === "done"
      ? status.file.id === upload.fileId
      : name === upload.name && size === upload.size,
  );
}
