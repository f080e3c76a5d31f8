import { AUDIO_TYPES, isAudioExtension } from "@audiotricks/protocol";

/** Nothing here runs in a browser: a type that could is served as bytes. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  pdf: "application/pdf",
  txt: "text/plain; charset=utf-8",
  srt: "text/plain; charset=utf-8",
  vtt: "text/vtt; charset=utf-8",
  md: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  zip: "application/zip",
  gz: "application/gzip",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
};

/** The type that a file of this extension is stored and served as, whatever anyone announced. */
export function pinnedTypeOf(extension: string): string {
  if (isAudioExtension(extension)) return AUDIO_TYPES[extension].type;
  return Object.hasOwn(OTHER_TYPES, extension) ? (OTHER_TYPES[extension] ?? BYTES) : BYTES;
}

const BYTES = "application/octet-stream";
