import type { FileRecord } from "@audiotricks/protocol/messages";
import type { UploadItem } from "./uploads-state.ts";

type Items = readonly UploadItem[];

/** The records of files that were not done before. */
export function newlyDone(before: Items, after: Items): FileRecord[] {
  const known = statusesOf(before);
  return after.flatMap(({ id, status }) =>
    status.status === "done" && known.get(id) !== "done" ? [status.file] : [],
  );
}

/**
 * Whether quota, files or open uploads are others at the companion now: something was begun, ended or taken away. Pausing,
 * waiting and progress change nothing there.
 */
export function hasChangedStorage(before: Items, after: Items): boolean {
  const known = statusesOf(before);
  const left = new Set(after.map(({ id }) => id));
  return (
    before.some(({ id }) => !left.has(id)) ||
    after.some(({ id, status: { status } }) => {
      const old = known.get(id);
      if (old === status) return false;
      if (status === "uploading") return old === undefined || old === "queued" || old === "creating";
      return status === "done" || status === "failed" || status === "cancelled";
    })
  );
}

function statusesOf(items: Items): Map<string, UploadItem["status"]["status"]> {
  return new Map(items.map(({ id, status }) => [id, status.status]));
}
