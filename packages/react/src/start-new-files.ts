import type { Uppy } from "@uppy/core";

/**
 * Starts what was added and not started yet, and nothing else. Uppy's `upload()` would first send everything again that
 * failed before, and make the new files wait for it; a refused file (quota, content) is for a person to retry. Uppy looks for
 * failed files before its first `await`, so it is enough to hide their errors for that moment.
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
