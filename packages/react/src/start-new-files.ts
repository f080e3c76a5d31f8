import type { Uppy } from "@uppy/core";

let starts = 0;

/**
 * Starts these files, and looks at no other: the way that Uppy has for uploads that it finds again. Its `upload()` makes an
 * error with a stack for every file there is, to see whether one is to be shown.
 */
export function startFiles(uppy: Uppy, wanted: readonly string[]): void {
  const files = uppy.getFilesByIds([...wanted]).filter((file) => file?.progress.uploadStarted === null);
  if (files.length === 0) return;
  const fileIDs = files.map(({ id }) => id);
  starts += 1;
  const uploadId = `${uppy.getID()}-${starts}`;
  uppy.emit("upload", uploadId, files);
  const { currentUploads } = uppy.getState();
  uppy.setState({ currentUploads: { ...currentUploads, [uploadId]: { fileIDs, step: 0, result: {} } } });
  // Failures of files are in their state.
  uppy.restore(uploadId).catch((error: unknown) => uppy.log(error, "error"));
}

/**
 * Starts what was added and not started yet, and nothing else, under all rules that a host has given Uppy. Its `upload()` would
 * first send everything again that failed before, and make the new files wait for it; a refused file (quota, content) is for a
 * person to retry. Uppy looks for failed files before its first `await`, so it is enough to hide their errors for that moment.
 */
export function startNewFiles(uppy: Uppy): void {
  const failed = uppy.getFiles().filter((file) => file.error);
  uppy.patchFilesState(
    Object.fromEntries(
      failed.map(({ id, progress, size }) => [
        id,
        {
          error: null,
          // A file that was refused before its first byte would count as new otherwise.
          progress:
            progress.uploadStarted === null
              ? { bytesTotal: size, bytesUploaded: 0, uploadStarted: Date.now(), uploadComplete: false }
              : progress,
        },
      ]),
    ),
  );
  const run = uppy.upload();
  uppy.patchFilesState(Object.fromEntries(failed.map(({ id, error }) => [id, { error: error ?? null }])));
  // Failures of files are in their state; what else rejects here, Uppy has logged and announced.
  run.catch(() => {});
}
