import { UploadError } from "@audiotricks/protocol";
import type { AccessLevel, FileRecord } from "@audiotricks/protocol/messages";

/** States in which bytes may be given out. */
export const READABLE_STATES: readonly string[] = ["stored", "processing", "processed"];

/** @throws {UploadError} Why this file cannot be for so many eyes: `access_not_allowed`, `invalid_request`, `file_not_ready`. */
export function requireLevel(
  { contentType, workspaceId, state }: Pick<FileRecord, "contentType" | "workspaceId" | "state">,
  level: AccessLevel,
): void {
  if (level === "private") return;
  requireShareable({ contentType });
  if (level === "workspace" && workspaceId === null)
    throw new UploadError(
      "invalid_request",
      "The file belongs to no workspace that it could be shared with.",
    );
  if (level === "public") requireReadable(state);
}

export function requireShareable({ contentType }: Pick<FileRecord, "contentType">): void {
  if (contentType === "backup")
    throw new UploadError("access_not_allowed", "Backups stay private.", { details: { contentType } });
}

export function requireReadable(state: string): void {
  if (!READABLE_STATES.includes(state))
    throw new UploadError("file_not_ready", `The file is ${state}.`, { details: { state } });
}
