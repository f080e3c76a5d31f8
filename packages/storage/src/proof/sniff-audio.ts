import { type AudioExtension, holdsMpegFrames } from "@audiotricks/protocol";
import { fileTypeFromBuffer } from "file-type";

/** Up to `length` bytes from `offset`; fewer at the end of the file. */
export type ReadBytes = (offset: number, length: number) => Promise<Uint8Array>;

/** Enough for any signature and for three MPEG frames of the longest kind. */
export const WINDOW_LENGTH = 12_288;
const MAX_READS = 6;

/** What the bytes may turn out to be, in the words of `file-type`, for each extension we store. */
const CONTENT_OF = {
  mp3: ["mp3", "mp2", "mp1"],
  wav: ["wav"],
  // One container, many brands: recorders write 3GPP brands into .m4a too.
  m4a: ["m4a", "m4b", "mp4", "3gp", "3g2", "f4a", "f4b"],
  flac: ["flac"],
  ogg: ["ogg", "oga", "opus", "spx"],
  opus: ["opus"],
} as const satisfies Record<AudioExtension, readonly string[]>;

/**
 * Decides by the bytes themselves whether a file is what its extension says. Reads a few KiB: more than once only
 * behind an ID3 tag, which may hold a picture of any size and says nothing about what follows.
 */
export async function sniffAudio(
  extension: AudioExtension,
  read: ReadBytes,
): Promise<{ matches: true } | { matches: false; found: string | undefined }> {
  const window = await readBehindTags(read);
  const found = isBigWav(window) ? "wav" : (await fileTypeFromBuffer(window))?.ext;
  const expected: readonly string[] = CONTENT_OF[extension];
  const matches =
    extension === "mp3"
      ? (found === undefined || expected.includes(found)) &&
        holdsMpegFrames(window, window.length < WINDOW_LENGTH)
      : found !== undefined && expected.includes(found);
  return matches ? { matches } : { matches, found };
}

/** The first bytes behind all ID3v2 tags and the zeros that some encoders leave after them. */
async function readBehindTags(read: ReadBytes): Promise<Uint8Array> {
  let offset = 0;
  let window = await read(offset, WINDOW_LENGTH);
  let isBehindTag = false;
  for (let reads = 1; reads < MAX_READS; reads++) {
    const tagLength = id3TagLength(window);
    isBehindTag ||= tagLength > 0;
    const skipped = tagLength > 0 ? tagLength : isBehindTag ? leadingZeros(window) : 0;
    if (skipped === 0) break;
    offset += skipped;
    window = await read(offset, WINDOW_LENGTH);
  }
  return window;
}

/** Whole length of the ID3v2 tag at the start, in bytes; 0 when there is none. Its size has 7 bits a byte. */
function id3TagLength(bytes: Uint8Array): number {
  const [i, d, three, , , flags = 0, ...size] = bytes.subarray(0, 10);
  if (i !== 0x49 || d !== 0x44 || three !== 0x33 || size.length !== 4) return 0;
  const bodyLength = size.reduce((length, byte) => length * 128 + (byte & 0x7f), 0);
  const hasFooter = (flags & 0x10) !== 0;
  return 10 + bodyLength + (hasFooter ? 10 : 0);
}

function leadingZeros(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? bytes.length : first;
}

/** WAV above 4 GiB: same chunks under another first word, which `file-type` does not know. */
function isBigWav(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  return /^(?:RF64|BW64).{4}WAVE$/s.test(text);
}
