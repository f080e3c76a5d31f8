import { holdsMpegFrames } from "@audiotricks/protocol";
import { fourLetters } from "./bytes.ts";

/** What the bytes of a file are, whatever its name says; `opus` and `ogg` are both Ogg. */
export type AudioFormat = "mp3" | "wav" | "m4a" | "flac" | "ogg" | "opus";

/** Enough for any signature and for three MPEG frames of the longest kind. */
export const SNIFF_LENGTH = 12_288;

/** Pictures have the same container as M4A. */
const NO_AUDIO_BRANDS = new Set(["heic", "heix", "hevc", "mif1", "msf1", "avif", "avis", "crx "]);

/** @param window The first bytes behind the tags of a file, up to `SNIFF_LENGTH`. */
export function sniffFormat(window: Uint8Array): AudioFormat | null {
  const first = fourLetters(window, 0);
  if (["RIFF", "RF64", "BW64"].includes(first)) return fourLetters(window, 8) === "WAVE" ? "wav" : null;
  if (first === "fLaC") return "flac";
  if (first === "OggS") return isOpus(window) ? "opus" : "ogg";
  if (fourLetters(window, 4) === "ftyp") return NO_AUDIO_BRANDS.has(fourLetters(window, 8)) ? null : "m4a";
  return holdsMpegFrames(window, window.length < SNIFF_LENGTH) ? "mp3" : null;
}

/** The first page holds the first packet of the first stream alone. */
function isOpus(page: Uint8Array): boolean {
  const packet = 27 + (page[26] ?? 0);
  return fourLetters(page, packet) === "Opus" && fourLetters(page, packet + 4) === "Head";
}
