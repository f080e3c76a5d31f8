import { uploadFiles } from "@better-upload/client";
import type { Upload } from "../contender.ts";

/** By default it sends three files at once, and all parts of each. */
const LANES = 6;

export function prepare(settings: Record<string, unknown>): Upload {
  const partSize = Number(settings.partSize);
  return async (files) => {
    const isBig = files.some(({ size }) => size > partSize);
    const { failedFiles } = await uploadFiles({
      api: `${String(settings.origin)}/upload`,
      route: isBig ? "parts" : "whole",
      files,
      multipartBatchSize: LANES,
      ...(isBig ? {} : { uploadBatchSize: LANES }),
      retry: 2,
    });
    const [failed] = failedFiles;
    if (failed !== undefined) throw new Error(`${failed.name}: ${failed.error.message}`);
  };
}
