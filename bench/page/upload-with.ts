import type { Upload } from "./contender.ts";

/** As much of Uppy as all its versions have. */
interface AnyUppy {
  addFiles(files: { name: string; type: string; data: File }[]): unknown;
  upload(): Promise<{ failed?: { name?: string; error?: string | null }[] } | undefined>;
}

export function uploadWith(uppy: AnyUppy): Upload {
  return async (files) => {
    uppy.addFiles(files.map((data) => ({ name: data.name, type: data.type, data })));
    const [failed] = (await uppy.upload())?.failed ?? [];
    if (failed !== undefined) throw new Error(`${failed.name}: ${failed.error}`);
  };
}
