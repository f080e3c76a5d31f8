/** Chunks before the sound: more than this are not written by anybody. */
const MAX_CHUNKS = 64;
/** A size that means: as far as the file goes, or it is said in `ds64`. */
const UNKNOWN_SIZE = 0xffff_ffff;

/** Where the sound of a WAV is, and how its samples are written. */
export interface PcmLayout {
  sampleRate: number;
  channels: number;
  encoding: "u8" | "s16" | "s24" | "s32" | "f32" | "f64";
  /** Bytes of one sample of all channels. */
  frameSize: number;
  /** Bytes before the first frame. */
  offset: number;
  frames: number;
}

/**
 * Finds the sound of a WAV, RF64 (over 4 GiB) included.
 *
 * @param read Bytes of the file, fewer at its end.
 * @returns `null` where it is no WAV, or its samples are not written plainly.
 */
export async function findPcm(
  size: number,
  read: (start: number, end: number) => Promise<Uint8Array>,
): Promise<PcmLayout | null> {
  const word = (bytes: Uint8Array, at: number) =>
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  const letters = (bytes: Uint8Array, at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  const start = await read(0, 12);
  if (start.length < 12 || !["RIFF", "RF64"].includes(letters(start, 0)) || letters(start, 8) !== "WAVE")
    return null;
  let format: Uint8Array | null = null;
  let bigSize: number | null = null;
  let offset = 12;
  for (let count = 0; count < MAX_CHUNKS && offset + 8 <= size; count += 1) {
    const header = await read(offset, offset + 8);
    if (header.length < 8) return null;
    const [name, length] = [letters(header, 0), word(header, 4)];
    offset += 8;
    if (name === "ds64") {
      const ds64 = await read(offset, offset + 16);
      if (ds64.length === 16) bigSize = word(ds64, 8) + word(ds64, 12) * 2 ** 32;
    } else if (name === "fmt ") format = await read(offset, offset + Math.min(length, 40));
    else if (name === "data") {
      const there = size - offset;
      return layoutOf(format, offset, Math.min(there, length === UNKNOWN_SIZE ? (bigSize ?? there) : length));
    }
    offset += length + (length % 2);
  }
  return null;
}

function layoutOf(format: Uint8Array | null, offset: number, length: number): PcmLayout | null {
  if (format === null || format.length < 16) return null;
  const view = new DataView(format.buffer, format.byteOffset, format.length);
  const outer = view.getUint16(0, true);
  const tag = outer === 0xfffe && format.length >= 26 ? view.getUint16(24, true) : outer;
  const [channels, sampleRate] = [view.getUint16(2, true), view.getUint32(4, true)];
  const [frameSize, bits] = [view.getUint16(12, true), view.getUint16(14, true)];
  const encoding = ENCODINGS[`${tag}:${bits}`];
  if (encoding === undefined || channels === 0 || sampleRate === 0 || sampleRate > 1_000_000) return null;
  if (frameSize !== (channels * bits) / 8 || length < frameSize) return null;
  return { sampleRate, channels, encoding, frameSize, offset, frames: Math.floor(length / frameSize) };
}

/** By format tag (1: whole numbers, 3: floating point) and bits. */
const ENCODINGS: Readonly<Record<string, PcmLayout["encoding"]>> = {
  "1:8": "u8",
  "1:16": "s16",
  "1:24": "s24",
  "1:32": "s32",
  "3:32": "f32",
  "3:64": "f64",
};
