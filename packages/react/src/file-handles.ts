import type { FileGroup } from "@audiotricks/protocol/messages";
import type { DroppedHandles } from "./dropped-handles.ts";
import { groupOfFile } from "./file-group.ts";
import type { FileHandle } from "./file-handle.ts";
import type { UppyUpload } from "./file-status.ts";

/** A file of Uppy's that a person gave, as it is described to a later page. */
export interface HandledFile {
  name: string;
  type: string;
  size: number;
  lastModified: number;
  relativePath: string | null;
  /** `null` where the browser gave none. */
  handle: FileHandle | null;
  /** Of the files that it is one thing with. */
  group?: FileGroup;
}

/** By which handles this page's files can be read again. */
export interface FileHandles {
  /** `null` for what is no file of this device. */
  describe: (file: UppyUpload) => Promise<HandledFile | null>;
  /** A file that was read by its handle. */
  know: (file: File, handle: FileHandle) => void;
}

export function createFileHandles(drops: Pick<DroppedHandles, "find">): FileHandles {
  const known = new WeakMap<Blob, Promise<FileHandle | null>>();
  return {
    describe: async (file) => {
      const { data, meta, type } = file;
      if (!(data instanceof File)) return null;
      const { size, lastModified } = data;
      const relativePath = typeof meta.relativePath === "string" ? meta.relativePath : null;
      const finding = known.get(data) ?? drops.find({ name: data.name, size, lastModified, relativePath });
      known.set(data, finding);
      const name = typeof meta.name === "string" && meta.name !== "" ? meta.name : data.name;
      const group = groupOfFile(file);
      const described = { name, type, size, lastModified, relativePath, handle: await finding };
      return group === null ? described : { ...described, group };
    },
    know: (file, handle) => void known.set(file, Promise.resolve(handle)),
  };
}
