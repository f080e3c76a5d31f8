import Uppy from "@uppy/core";
import type { UppyUpload } from "./file-status.ts";

export type FileToAdd = Parameters<Uppy["addFiles"]>[0][number];

/** Bytes, as far as anybody knows before the file is read. */
export function sizeOf({ data }: FileToAdd): number | null {
  return data.size ?? null;
}

/** Makes Uppy's files of what was picked, and says which are refused. */
export interface FileChecker {
  check: (files: readonly FileToAdd[]) => UppyUpload[];
  close: () => void;
}

/**
 * Uppy's own checks, without its list: for each file that is added, Uppy copies the list of all it has, twice. So the checks
 * run in another Uppy that has no files.
 *
 * @param uppy Whose options hold and whose listeners hear of refused files.
 */
export function createFileChecker(uppy: Uppy): FileChecker {
  const checker: Uppy = new Uppy({ id: uppy.getID(), logger: uppy.opts.logger });
  checker.on("restriction-failed", (file, error) => {
    uppy.emit("restriction-failed", file, error);
  });
  return {
    check: (files) => {
      const { meta, allowNewUpload } = uppy.getState();
      // What a host's rule says, it says in the host's language.
      if (checker.opts.locale !== uppy.opts.locale) checker.setOptions({ locale: uppy.opts.locale });
      checker.opts = { ...uppy.opts, store: checker.store, autoProceed: false };
      checker.setState({ meta, allowNewUpload, files: {} });
      try {
        checker.addFiles([...files]);
      } catch (error) {
        // What a host's own rule throws is logged, as Uppy's Dashboard does.
        uppy.log(error, "error");
      }
      const checked = checker.getFiles();
      checker.setState({ files: {}, info: [] });
      return checked;
    },
    close: () => checker.destroy(),
  };
}

/** Whether a rule of the host looks at all files together, or at files that wait to be picked again: those Uppy adds itself. */
export function needsWholeList(uppy: Uppy): boolean {
  const { maxNumberOfFiles, maxTotalFileSize } = uppy.opts.restrictions;
  return Boolean(maxNumberOfFiles) || Boolean(maxTotalFileSize) || uppy.getState().recoveredState !== null;
}
