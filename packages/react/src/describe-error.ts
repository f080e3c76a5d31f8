import type { UploadErrorBody, UploadErrorCode } from "@audiotricks/protocol";
import { formatBytes } from "./format-bytes.ts";

/** A failure in plain words: what happened, and what the person can do about it. */
export interface ErrorText {
  title: string;
  advice: string;
}

const UNREACHABLE: ErrorText = {
  title: "The server does not answer",
  advice: "Check your connection, then retry. What has arrived is kept.",
};

const TEXTS = {
  unauthenticated: {
    title: "You are signed out",
    advice: "Sign in again, then retry. What has arrived is kept.",
  },
  forbidden: { title: "Not allowed", advice: "You may not upload here. Ask whoever runs this workspace." },
  unknown_user: {
    title: "This account is not known here",
    advice: "Ask whoever runs this service to let you in.",
  },
  workspace_not_found: {
    title: "No such workspace",
    advice: "It was removed, or you are no longer a member of it.",
  },
  session_not_found: { title: "This upload has ended", advice: "Retry to send the file from the beginning." },
  session_not_open: { title: "This upload has ended", advice: "Retry to send the file from the beginning." },
  file_empty: { title: "The file is empty", advice: "It holds 0 bytes. Export it again, then add it." },
  content_mismatch: {
    title: "Not the audio its name says",
    advice: "The content does not match the file's ending. Nothing was kept.",
  },
  size_mismatch: {
    title: "The file changed while it was sent",
    advice: "Retry once nothing is writing to it any more.",
  },
  too_many_sessions: {
    title: "Too many unfinished uploads",
    advice: "Finish or discard some, then retry.",
  },
  rate_limited: { title: "Too many requests", advice: "Wait a minute, then retry." },
  storage_unavailable: {
    title: "The storage does not answer",
    advice: "Retry in a moment. What has arrived is kept.",
  },
  database_unavailable: {
    title: "The server is busy",
    advice: "Retry in a moment. What has arrived is kept.",
  },
  no_provider: { title: "No storage is set up", advice: "Ask whoever runs this service." },
  internal: {
    title: "Something went wrong on the server",
    advice: "Retry in a moment. What has arrived is kept.",
  },
} satisfies Partial<Record<UploadErrorCode, ErrorText>>;

function hasText(code: UploadErrorCode): code is keyof typeof TEXTS {
  return Object.hasOwn(TEXTS, code);
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

/** Every code has words; where numbers came with it (`details`), they are said. */
export function describeError(error: UploadErrorBody): ErrorText {
  switch (error.code) {
    case "internal":
      return error.details?.reason === "unreachable" ? UNREACHABLE : TEXTS.internal;
    case "quota_exceeded":
      return describeQuota(error.details ?? {});
    case "file_too_large": {
      const max = numberOf(error.details, "maxFileSize");
      return {
        title: "The file is too large",
        advice: max === null ? error.message : `A file may be up to ${formatBytes(max)}.`,
      };
    }
    case "type_not_allowed": {
      const allowed = error.details?.allowedExtensions;
      return {
        title: "Not a kind of audio we take",
        advice: Array.isArray(allowed) ? `Use ${listExtensions(allowed.map(String))}.` : error.message,
      };
    }
    default:
      return hasText(error.code) ? TEXTS[error.code] : { title: "Not uploaded", advice: error.message };
  }
}

/** `["mp3", "wav", "ogg"]` → `"MP3, WAV or OGG"`. */
export function listExtensions(extensions: readonly string[]): string {
  const names = extensions.map((extension) => extension.toUpperCase());
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} or ${last}`;
}

function describeQuota(details: Record<string, unknown>): ErrorText {
  const where = details.scope === "workspace" ? " in this workspace" : "";
  const advice = "Delete files you no longer need, then retry.";
  const limitFiles = numberOf(details, "limitFiles");
  const isAboutBytes = numberOf(details, "overBytes") !== 0;
  if (!isAboutBytes && limitFiles !== null) {
    return {
      title: `Too many files${where}`,
      advice: `${limitFiles.toLocaleString("en")} files are allowed. ${advice}`,
    };
  }
  const title = `Not enough space${where}`;
  const limit = numberOf(details, "limitBytes");
  const used = numberOf(details, "usedBytes");
  if (limit === null || used === null) return { title, advice };
  const free = Math.max(0, limit - used - (numberOf(details, "reservedBytes") ?? 0));
  const size = numberOf(details, "size");
  const need = size === null ? "" : `The file needs ${formatBytes(size)}; `;
  return { title, advice: `${need}${formatBytes(free)} of ${formatBytes(limit)} are free. ${advice}` };
}

function numberOf(details: Record<string, unknown> | undefined, key: string): number | null {
  const value = details?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
