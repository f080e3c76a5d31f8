import { extensionOf, type UploadErrorBody } from "@audiotricks/protocol";
import type { ConfigResponse } from "@audiotricks/protocol/messages";
import { listExtensions } from "./describe-error.ts";
import { formatBytes } from "./format-bytes.ts";
import { ENGLISH, type Words } from "./words.ts";

type Limits = Pick<ConfigResponse, "maxFileSize" | "allowedExtensions">;

/** The companion's limits as Uppy's `restrictions`: by extension, since browsers disagree on audio types. */
export function uppyRestrictions({ maxFileSize, allowedExtensions }: Limits) {
  return {
    maxFileSize,
    minFileSize: 1,
    allowedFileTypes: allowedExtensions.map((extension) => `.${extension}`),
  };
}

/** The limits in one line, for the drop zone. */
export function describeLimits({ maxFileSize, allowedExtensions }: Limits, words: Words = ENGLISH): string {
  return words.say("limits", {
    extensions: listExtensions(allowedExtensions, words),
    size: formatBytes(maxFileSize, words),
  });
}

/** Why a file cannot be uploaded, in the companion's own codes; `null` if it can as far as anyone knows before a byte moves. */
export function findViolation(file: { name: string; size: number }, limits: Limits): UploadErrorBody | null {
  const { maxFileSize, allowedExtensions } = limits;
  const extension = extensionOf(file.name);
  if (extension === undefined || !allowedExtensions.includes(extension)) {
    return { code: "type_not_allowed", message: "This type is not allowed", details: { allowedExtensions } };
  }
  if (file.size === 0) return { code: "file_empty", message: "The file is empty" };
  if (file.size > maxFileSize) {
    return { code: "file_too_large", message: "The file is too large", details: { maxFileSize } };
  }
  return null;
}
