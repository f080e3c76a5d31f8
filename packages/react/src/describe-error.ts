import type { UploadErrorBody, UploadErrorCode } from "@audiotricks/protocol";
import { formatBytes } from "./format-bytes.ts";
import { ENGLISH, type Words } from "./words.ts";

/** A failure in plain words: what happened, and what the person can do about it. */
export interface ErrorText {
  title: string;
  advice: string;
}

/** Failures that no repetition mends: the bytes or the name would have to be others. */
const FINAL = new Set<UploadErrorCode>([
  "file_empty",
  "file_too_large",
  "type_not_allowed",
  "content_mismatch",
]);

/** Whether it makes sense to offer the same file another try. */
export function canRetry(error: UploadErrorBody): boolean {
  return !FINAL.has(error.code);
}

/** Every code has words of its own, whatever the companion said; where numbers came with it (`details`), they are said. */
export function describeError({ code, details = {} }: UploadErrorBody, words: Words = ENGLISH): ErrorText {
  const { say } = words;
  const [title, advice] = words.error(code);
  switch (code) {
    case "internal":
      return details.reason === "unreachable"
        ? { title: say("unreachable"), advice: say("unreachableAdvice") }
        : { title, advice };
    case "upload_failed":
      return details.reason === "unreadable"
        ? { title: say("unreadable"), advice: say("unreadableAdvice") }
        : { title, advice };
    case "quota_exceeded":
      return describeQuota(details, { title, advice }, words);
    case "file_too_large": {
      const max = numberOf(details, "maxFileSize");
      return { title, advice: max === null ? advice : say("upToSize", { size: formatBytes(max, words) }) };
    }
    case "type_not_allowed": {
      const allowed = details.allowedExtensions;
      if (!Array.isArray(allowed)) return { title, advice };
      return {
        title,
        advice: say("useExtensions", { extensions: listExtensions(allowed.map(String), words) }),
      };
    }
    default:
      return { title, advice };
  }
}

/** `["mp3", "wav", "ogg"]` → `"MP3, WAV or OGG"`. */
export function listExtensions(extensions: readonly string[], words: Words): string {
  return words.list(
    extensions.map((extension) => extension.toUpperCase()),
    "or",
  );
}

function describeQuota(details: Record<string, unknown>, plain: ErrorText, words: Words): ErrorText {
  const { say } = words;
  const { advice } = plain;
  const isWorkspace = details.scope === "workspace";
  const limitFiles = numberOf(details, "limitFiles");
  const isAboutBytes = numberOf(details, "overBytes") !== 0;
  if (!isAboutBytes && limitFiles !== null) {
    return {
      title: isWorkspace ? say("tooManyFilesInWorkspace") : say("tooManyFiles"),
      advice: words.join(words.count("filesAllowed", limitFiles), advice),
    };
  }
  const title = isWorkspace ? say("noSpaceInWorkspace") : plain.title;
  const limitBytes = numberOf(details, "limitBytes");
  const used = numberOf(details, "usedBytes");
  if (limitBytes === null || used === null) return { title, advice };
  const left = Math.max(0, limitBytes - used - (numberOf(details, "reservedBytes") ?? 0));
  const [free, limit] = [formatBytes(left, words), formatBytes(limitBytes, words)];
  const size = numberOf(details, "size");
  const numbers =
    size === null
      ? say("freeOf", { free, limit })
      : say("needsSize", { size: formatBytes(size, words), free, limit });
  return { title, advice: words.join(numbers, advice) };
}

function numberOf(details: Record<string, unknown>, key: string): number | null {
  const value = details[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
