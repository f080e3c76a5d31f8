import { type Bytes, fourLetters, joined, viewOf } from "./bytes.ts";
import { id3TagLength, shortened } from "./id3-tag.ts";

/** Chunks that are looked at: more than this are not written by anybody. */
const MAX_CHUNKS = 64;
/** A size that means: as far as the file goes, or it is said elsewhere. */
const UNKNOWN_SIZE = 0xffff_ffff;
/** What a chunk of text takes. */
const MAX_TEXT = 64 * 1024;
const TEXT_CHUNKS = new Set(["LIST", "id3 ", "ID3 ", "bext", "CSET"]);

/** What a WAV says of itself, and what is there. */
export interface WavFacts {
  /** `"PCM"`, `"PCM float"`, or another by its number: `"WAV 0x11"`. */
  codec: string | null;
  sampleRate: number | null;
  bitDepth: number | null;
  channels: number | null;
  /** Of what is there. */
  durationSeconds: number | null;
  /** Bytes of sound by the header, and those that the file has; `null` where the header does not say or there is no sound. */
  data: { expected: number; found: number } | null;
  /** Title and artist in a WAV without sound, for who reads tags; at most some 64 KiB each. */
  tags: Uint8Array;
}

/**
 * Reads the chunks of a WAV, RF64 (over 4 GiB) included, and jumps over the sound.
 *
 * @param maxTag Bytes of a chunk of tags that are taken.
 */
export async function readWav(bytes: Bytes, maxTag: number = MAX_TEXT): Promise<WavFacts> {
  let format: Uint8Array | null = null;
  let bigSize: number | null = null;
  let data: WavFacts["data"] = null;
  let found = 0;
  const kept: Uint8Array[] = [];
  let offset = 12;

  for (let count = 0; count < MAX_CHUNKS && offset + 8 <= bytes.size; count += 1) {
    const header = await bytes.read(offset, 8);
    const [name, size] = [fourLetters(header, 0), viewOf(header).getUint32(4, true)];
    const body = offset + 8;
    let length = size;
    if (name === "ds64") bigSize = bigDataSize(await bytes.read(body, 16));
    else if (name === "fmt ") format = await bytes.read(body, Math.min(size, 40));
    else if (TEXT_CHUNKS.has(name)) kept.push(await textChunk(bytes, header, body, Math.min(size, maxTag)));
    else if (name === "data") {
      const expected = size === UNKNOWN_SIZE ? bigSize : size;
      length = expected ?? UNKNOWN_SIZE;
      found = Math.min(expected ?? Number.POSITIVE_INFINITY, bytes.size - body);
      if (expected !== null) data = { expected, found };
      if (expected === null) break;
    }
    offset = body + length + (length % 2);
  }
  return { ...formatFacts(format, found), data, tags: riffOf(kept) };
}

function bigDataSize(ds64: Uint8Array): number | null {
  return ds64.length < 16 ? null : Number(viewOf(ds64).getBigUint64(8, true));
}

async function textChunk(
  bytes: Bytes,
  header: Uint8Array,
  body: number,
  length: number,
): Promise<Uint8Array> {
  const content = await bytes.read(body, length);
  const isCut = id3TagLength(content) > content.length;
  return chunk(header.subarray(0, 4), isCut ? shortened(content) : content);
}

function chunk(name: Uint8Array, content: Uint8Array): Uint8Array {
  const size = new Uint8Array(4);
  viewOf(size).setUint32(0, content.length, true);
  return joined([name, size, content, new Uint8Array(content.length % 2)]);
}

/** A WAV that has nothing but these chunks. */
function riffOf(chunks: readonly Uint8Array[]): Uint8Array {
  const letters = new TextEncoder();
  return chunk(letters.encode("RIFF"), joined([letters.encode("WAVE"), ...chunks]));
}

function formatFacts(format: Uint8Array | null, dataLength: number): Omit<WavFacts, "data" | "tags"> {
  const nothing = { codec: null, sampleRate: null, bitDepth: null, channels: null, durationSeconds: null };
  if (format === null || format.length < 16) return nothing;
  const view = viewOf(format);
  const [channels, sampleRate, bytesPerSecond] = [
    view.getUint16(2, true),
    view.getUint32(4, true),
    view.getUint32(8, true),
  ];
  const [blockLength, container] = [view.getUint16(12, true), view.getUint16(14, true)];
  const outer = view.getUint16(0, true);
  const isExtensible = outer === 0xfffe && format.length >= 26;
  const tag = isExtensible ? view.getUint16(24, true) : outer;
  const valid = isExtensible ? view.getUint16(18, true) : 0;
  const isPcm = tag === 1 || tag === 3;
  const rate = isPcm && blockLength > 0 ? blockLength * sampleRate : bytesPerSecond;
  return {
    codec: tag === 1 ? "PCM" : tag === 3 ? "PCM float" : `WAV 0x${tag.toString(16)}`,
    sampleRate,
    channels,
    bitDepth: isPcm ? (valid > 0 && valid <= container ? valid : container) : null,
    durationSeconds: rate > 0 && dataLength > 0 ? dataLength / rate : null,
  };
}
