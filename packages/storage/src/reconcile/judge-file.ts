import type { FileRow } from "./file-rows.ts";
import type { FoundObject } from "./finding.ts";

/** How far the store's clock may be from the database's. */
const CLOCK_SKEW_MS = 60_000;

export type Verdict =
  | "fine"
  | "object_missing"
  | "object_differs"
  | "file_without_owner"
  | "failed_with_object"
  | "upload_without_session"
  | "ended_object";

/** Holds a row against what is at its key. */
export function judgeFile(row: FileRow, object: FoundObject | undefined): Verdict {
  if (row.isPromised) {
    if (object === undefined) return "object_missing";
    const isSame = object.size === row.size && (row.etag === null || object.etag === row.etag);
    if (!isSame) return "object_differs";
    return row.hasOwner ? "fine" : "file_without_owner";
  }
  if (row.state === "uploading") return row.hasOpenSession ? "fine" : "upload_without_session";
  // `deleting` is on its way, and a session that is not over has a say about what it left.
  if (object === undefined || row.state === "deleting" || row.hasOpenSession) return "fine";
  if (row.state === "deleted") return "ended_object";
  // Only what came after the end was certainly never acknowledged.
  const cameAfterEnd = object.lastModified.getTime() > row.changedAt.getTime() + CLOCK_SKEW_MS;
  return cameAfterEnd ? "ended_object" : "failed_with_object";
}
