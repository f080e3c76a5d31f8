import { UploadError } from "@audiotricks/protocol";
import type { AccessLevel, FileRecord } from "@audiotricks/protocol/messages";

/** States in which bytes may be given out, unless they are held for a scan: `is_given_out` in SQL. */
export const READABLE_STATES: readonly string[] = ["stored", "processing", "processed"];

type Looked = Pick<FileRecord, "contentType" | "workspaceId" | "state" | "scan">;

/** @throws {UploadError} Why this file cannot be for so many eyes: `access_not_allowed`, `invalid_request`, `file_not_ready`. */
export function requireLevel({ contentType, workspaceId, state, scan }: Looked, level: AccessLevel): void {
  if (level === "private") return;
  requireShareable({ contentType });
  if (level === "workspace" && workspaceId === null)
    throw new UploadError(
      "invalid_request",
      "The file belongs to no workspace that it could be shared with.",
    );
  if (level === "public") requireReadable({ state, scan });
}

export function requireShareable({ contentType }: Pick<FileRecord, "contentType">): void {
  if (contentType === "backup")
    throw new UploadError("access_not_allowed", "Backups stay private.", { details: { contentType } });
}

/** When a scan is worth asking for again. */
const SCAN_RETRY_MS = 2_000;

/** @throws {UploadError} `file_not_ready`; with `details.scan` for one that is held until it is scanned. */
export function requireReadable({ state, scan }: { state: string; scan?: string | undefined }): void {
  if (!READABLE_STATES.includes(state))
    throw new UploadError("file_not_ready", `The file is ${state}.`, { details: { state } });
  if (scan === "held")
    throw new UploadError("file_not_ready", "The file is being checked for harm. Ask again in a moment.", {
      details: { state, scan, retryAfterMs: SCAN_RETRY_MS },
    });
}
