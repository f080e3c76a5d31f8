import { expect } from "vitest";
import type { Answer } from "./ask.ts";

const TEXT = "text/plain; charset=utf-8";
/** What a file of each extension may be served as, and nothing else: none of these runs in a browser. */
const SERVED_AS: Readonly<Record<string, string>> = {
  mp3: "audio/mpeg",
  wav: "audio/wav",
  m4a: "audio/mp4",
  flac: "audio/flac",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  pdf: "application/pdf",
  txt: TEXT,
  srt: TEXT,
  md: TEXT,
  vtt: "text/vtt; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  zip: "application/zip",
  gz: "application/gzip",
  dump: "application/octet-stream",
  enc: "application/octet-stream",
  age: "application/octet-stream",
};
/** Sound, and pictures made of pixels. */
const SHOWN = /^(mp3|wav|m4a|flac|ogg|opus|png|jpg|jpeg|webp|gif)$/;

export function expectServedSafely(
  { status, headers }: Answer,
  { extension, asked }: { extension: string; asked: "attachment" | "inline" },
): void {
  expect(status).toBe(200);
  expect(headers["content-type"], extension).toBe(SERVED_AS[extension]);
  const isShown = asked === "inline" && SHOWN.test(extension);
  expect(headers["content-disposition"], extension).toMatch(isShown ? /^inline/ : /^attachment/);
}
