import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";
import type { UploadItem } from "./uploads-state.ts";

/** A file as our Uppy instances keep it. */
export type UppyUpload = ReturnType<Uppy["getFile"]>;

/** What is known of a file beside its name and how far it is. */
export type SoundOf = Pick<UploadItem, "folder" | "audio" | "warnings" | "stems">;

const UNKNOWN: SoundOf = { folder: null, audio: null, warnings: [], stems: null };

/** A file as it is shown. */
export function itemOf(file: UppyUpload, sound: SoundOf = UNKNOWN): UploadItem {
  return { id: file.id, name: file.name ?? "", size: file.size ?? 0, status: statusOf(file), ...sound };
}

/** The engine's word on one file; a file it has not seen yet waits for its turn. */
export function statusOf({ spaces, error }: UppyUpload): SpacesUploadStatus {
  if (spaces !== undefined) return spaces;
  // A file that is not on this device never gets as far as the engine.
  return error
    ? { status: "failed", error: { code: "upload_failed", message: error } }
    : { status: "queued" };
}

/** Whether the companion has not been told of it. */
export function isWaiting(file: UppyUpload): boolean {
  return !isBegun(statusOf(file));
}

function isBegun(status: SpacesUploadStatus): boolean {
  switch (status.status) {
    case "queued":
    case "creating":
      return false;
    case "paused":
      return status.sessionId !== null;
    case "waiting":
      // Another tab sends it; or nothing was sent of it, as far as is known.
      return status.reason === "elsewhere" || status.progress.sentBytes > 0;
    default:
      return true;
  }
}
