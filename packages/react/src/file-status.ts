import type { SpacesUploadStatus } from "@audiotricks/uppy-spaces";
import type { Uppy } from "@uppy/core";

/** A file as our Uppy instances keep it. */
export type UppyUpload = ReturnType<Uppy["getFile"]>;

/** The engine's word on one file; a file it has not seen yet waits for its turn. */
export function statusOf({ spaces, error }: UppyUpload): SpacesUploadStatus {
  if (spaces !== undefined) return spaces;
  // A file that is not on this device never gets as far as the engine.
  return error
    ? { status: "failed", error: { code: "upload_failed", message: error } }
    : { status: "queued" };
}
