import { UploadError } from "@audiotricks/protocol";

/** The same for an absent workspace and for one that the caller is no member of. */
export function workspaceNotFound(): UploadError {
  return new UploadError("workspace_not_found", "There is no such workspace.");
}
