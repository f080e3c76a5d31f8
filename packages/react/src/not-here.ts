import type { UploadSession } from "@audiotricks/protocol/messages";
import type { UploadItem } from "./uploads-state.ts";

/**
 * Open sessions that belong to no file of this widget. A file that is through is known by its id, since the list of sessions may
 * be a moment old; before that, by name and size: one that is being asked for, or waits, has no session to be known by.
 */
export function notHere(
  uploads: readonly UploadSession[],
  files: readonly UploadItem[],
): readonly UploadSession[] {
  if (uploads.length === 0) return uploads;
  // Sessions are few, files may be thousands and change all the time: those are gone through once.
  const names = new Map<string, UploadSession[]>();
  for (const upload of uploads) names.set(upload.name, [...(names.get(upload.name) ?? []), upload]);
  const left = new Set(uploads);
  const byFile = new Map(uploads.map((upload) => [upload.fileId, upload]));
  for (const { name, size, status } of files) {
    if (status.status === "done") {
      const upload = byFile.get(status.file.id);
      if (upload !== undefined) left.delete(upload);
    } else for (const upload of names.get(name) ?? []) if (upload.size === size) left.delete(upload);
  }
  return [...left];
}
