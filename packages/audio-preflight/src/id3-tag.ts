import { type Bytes, joined, withHead } from "./bytes.ts";

const HEADER_LENGTH = 10;
/** Tags of which there may be several, and zeros behind them. */
const MAX_STEPS = 6;

/** Whole length of the ID3v2 tag at the start, in bytes; 0 when there is none. Its size has 7 bits a byte. */
export function id3TagLength(bytes: Uint8Array): number {
  const [i, d, three, , , flags = 0, ...size] = bytes.subarray(0, HEADER_LENGTH);
  if (i !== 0x49 || d !== 0x44 || three !== 0x33 || size.length !== 4) return 0;
  const bodyLength = size.reduce((length, byte) => length * 128 + (byte & 0x7f), 0);
  const hasFooter = (flags & 0x10) !== 0;
  return HEADER_LENGTH + bodyLength + (hasFooter ? HEADER_LENGTH : 0);
}

/** Where the audio begins: behind all ID3v2 tags and the zeros that some encoders leave after them. */
export async function endOfTags(bytes: Bytes, windowLength: number): Promise<number> {
  let offset = 0;
  for (let step = 0; step < MAX_STEPS && offset < bytes.size; step += 1) {
    const window = await bytes.read(offset, windowLength);
    const tagLength = id3TagLength(window);
    const skipped = tagLength > 0 ? tagLength : offset > 0 ? leadingZeros(window) : 0;
    if (skipped === 0) break;
    offset += skipped;
  }
  return Math.min(offset, bytes.size);
}

/**
 * The same file with as much of its first ID3v2 tag as `maxLength` bytes hold: pictures make tags of many megabytes, and what is
 * written stands before them as a rule. Frames that are cut off are left out by who reads it.
 */
export async function withShortTag(bytes: Bytes, maxLength: number): Promise<Bytes> {
  const length = id3TagLength(await bytes.read(0, HEADER_LENGTH));
  if (length <= maxLength) return bytes;
  const kept = await bytes.read(0, Math.min(maxLength, bytes.size));
  return withHead(shortened(kept), bytes, length);
}

/** A tag of which only the beginning is there, with a header that says so. */
export function shortened(tag: Uint8Array): Uint8Array<ArrayBuffer> {
  const bodyLength = Math.max(0, tag.length - HEADER_LENGTH);
  const size = [21, 14, 7, 0].map((shift) => (bodyLength >> shift) & 0x7f);
  // Without a footer, which stood at the end.
  const flags = (tag[5] ?? 0) & ~0x10;
  return joined([tag.subarray(0, 5), Uint8Array.of(flags, ...size), tag.subarray(HEADER_LENGTH)]);
}

function leadingZeros(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? bytes.length : first;
}
