import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { joined } from "./bytes.ts";

const FOLDER = join(import.meta.dirname, "../../../e2e/fixtures");

/** Real audio: four seconds in every format that is taken. */
export async function fixtureBlob(name: string): Promise<Blob> {
  return await openAsBlob(join(FOLDER, name));
}

export async function fixtureBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await readFile(join(FOLDER, name)));
}

/** Counts what is read of it, however it is read. */
export class CountingBlob extends Blob {
  readonly #of: Blob;
  readonly #count: { bytes: number };

  constructor(of: Blob, count = { bytes: 0 }) {
    super();
    this.#of = of;
    this.#count = count;
  }

  get bytesRead(): number {
    return this.#count.bytes;
  }
  override get size(): number {
    return this.#of.size;
  }
  override slice(start?: number, end?: number): CountingBlob {
    return new CountingBlob(this.#of.slice(start, end), this.#count);
  }
  override arrayBuffer(): Promise<ArrayBuffer> {
    this.#count.bytes += this.size;
    return this.#of.arrayBuffer();
  }
  override stream(): ReturnType<Blob["stream"]> {
    this.#count.bytes += this.size;
    return this.#of.stream();
  }
  override text(): Promise<string> {
    this.#count.bytes += this.size;
    return this.#of.text();
  }
}

/** A large file, of which only the ends take memory: what is between them cannot be told from zeros. */
export class HollowBlob extends Blob {
  readonly #pieces: readonly { offset: number; bytes: Uint8Array<ArrayBuffer> }[];
  readonly #size: number;
  readonly #from: number;

  constructor(size: number, pieces: readonly { offset: number; bytes: Uint8Array<ArrayBuffer> }[], from = 0) {
    super();
    this.#pieces = pieces;
    this.#size = size;
    this.#from = from;
  }
  override get size(): number {
    return this.#size;
  }
  override slice(start = 0, end = this.#size): HollowBlob {
    const [from, to] = [Math.min(start, this.#size), Math.min(end, this.#size)];
    return new HollowBlob(Math.max(0, to - from), this.#pieces, this.#from + from);
  }
  override async arrayBuffer(): Promise<ArrayBuffer> {
    const all = new Uint8Array(this.#size);
    for (const { offset, bytes } of this.#pieces) {
      const at = offset - this.#from;
      const part = bytes.subarray(Math.max(0, -at), Math.max(0, this.#size - at));
      if (part.length > 0) all.set(part, Math.max(0, at));
    }
    return all.buffer;
  }
}

const letters = (text: string) => new TextEncoder().encode(text);
const little = (value: number, length: number) =>
  Uint8Array.from({ length }, (_, index) => Math.floor(value / 256 ** index) % 256);
const big = (value: number, length: number) => little(value, length).reverse();

export interface WavShape {
  sampleRate?: number;
  bitDepth?: number;
  channels?: number;
  /** What the header says of the sound; by default, what there is. */
  claimed?: number;
  /** Chunks between format and sound. */
  between?: readonly Uint8Array[];
  isFloat?: boolean;
}

/** The head of a WAV, up to its sound. */
export function wavHead(dataBytes: number, shape: WavShape = {}): Uint8Array<ArrayBuffer> {
  const {
    sampleRate = 48_000,
    bitDepth = 24,
    channels = 2,
    claimed = dataBytes,
    between = [],
    isFloat = false,
  } = shape;
  const block = (bitDepth / 8) * channels;
  const format = joined([
    little(isFloat ? 3 : 1, 2),
    little(channels, 2),
    little(sampleRate, 4),
    little(sampleRate * block, 4),
    little(block, 2),
    little(bitDepth, 2),
  ]);
  const chunks = joined([chunkOf("fmt ", format), ...between, letters("data"), little(claimed, 4)]);
  return joined([
    letters("RIFF"),
    little(Math.min(4 + chunks.length + claimed, 2 ** 32 - 1), 4),
    letters("WAVE"),
    chunks,
  ]);
}

export function chunkOf(name: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return joined([letters(name), little(content.length, 4), content, new Uint8Array(content.length % 2)]);
}

/** RF64: a WAV of more than 4 GiB, whose sizes stand in a chunk of their own. */
export function bigWavHead(dataBytes: number): Uint8Array<ArrayBuffer> {
  const sizes = joined([
    little(dataBytes + 72, 8),
    little(dataBytes, 8),
    little(dataBytes / 6, 8),
    little(0, 4),
  ]);
  const head = wavHead(0, { claimed: 0xffff_ffff });
  return joined([
    letters("RF64"),
    little(0xffff_ffff, 4),
    letters("WAVE"),
    chunkOf("ds64", sizes),
    head.subarray(12),
  ]);
}

/** An ID3v2.3 tag of a title and then, perhaps, a picture. */
export function id3Tag(title: string, picture?: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = (name: string, content: Uint8Array) =>
    joined([letters(name), big(content.length, 4), Uint8Array.of(0, 0), content]);
  const frames = joined([
    frame("TIT2", joined([Uint8Array.of(0), letters(title)])),
    ...(picture === undefined ? [] : [frame("APIC", joined([letters("\0image/jpeg\0\x03\0"), picture]))]),
  ]);
  const size = [21, 14, 7, 0].map((shift) => (frames.length >> shift) & 0x7f);
  return joined([letters("ID3"), Uint8Array.of(3, 0, 0, ...size), frames]);
}

/** A box of an MP4. */
function boxOf(name: string, ...content: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const inner = joined(content);
  return joined([big(inner.length + 8, 4), letters(name), inner]);
}

/** The same MP4 with `moov` behind its sound, as recorders write it, and tables in it as those of a recording of hours. */
export function movedMovie(file: Uint8Array, tableBytes: number): Uint8Array<ArrayBuffer> {
  const boxes: { name: string; bytes: Uint8Array }[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + 8 <= file.length; ) {
    const size = view.getUint32(at);
    boxes.push({
      name: String.fromCharCode(...file.subarray(at + 4, at + 8)),
      bytes: file.subarray(at, at + size),
    });
    at += size;
  }
  const movie = boxes.find(({ name }) => name === "moov")?.bytes ?? new Uint8Array();
  const others = boxes.filter(({ name }) => name !== "moov").map(({ bytes }) => bytes);
  const grown = boxOf("moov", grow(movie.subarray(8), tableBytes));
  return joined([...others, grown]);
}

/** Boxes with so many more bytes in each `stsz`, and all sizes around them right. */
function grow(boxes: Uint8Array, tableBytes: number): Uint8Array<ArrayBuffer> {
  const grown: Uint8Array[] = [];
  const view = new DataView(boxes.buffer, boxes.byteOffset, boxes.byteLength);
  for (let at = 0; at + 8 <= boxes.length; ) {
    const size = view.getUint32(at);
    const name = String.fromCharCode(...boxes.subarray(at + 4, at + 8));
    const content = boxes.subarray(at + 8, at + size);
    if (["trak", "mdia", "minf", "stbl"].includes(name)) grown.push(boxOf(name, grow(content, tableBytes)));
    else if (name === "stsz") grown.push(boxOf(name, content, new Uint8Array(tableBytes)));
    else grown.push(boxes.subarray(at, at + size));
    at += size;
  }
  return joined(grown);
}
