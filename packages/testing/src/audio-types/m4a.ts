import type { Noise } from "./noise.ts";

/** AAC-LC, stereo, 44.1 kHz: 1024 samples of silence. */
const SILENCE = Buffer.from([0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23, 0x80]);
const SAMPLE_RATE = 44_100;
const SAMPLES = 1024;
/** Some two seconds. */
const FRAMES = 86;
const BLOCK_SIZE = 4 * 1024 * 1024;
/** A box that is longer than 32 bits say has its length behind its name. */
const FREE_HEAD_SIZE = 16;
const SMALLEST = 4096;

/** Two seconds of silence to hear, and noise in a box that players leave out. */
export function* m4a(size: number, noise: Noise): Generator<Buffer> {
  if (size < SMALLEST) throw new RangeError(`An M4A has at least ${SMALLEST} bytes here, not ${size}`);
  const type = box("ftyp", "M4A ", u32(0), "M4A mp42isom");
  const sound = box("mdat", ...Array.from({ length: FRAMES }, () => SILENCE));
  const start = Buffer.concat([type, movie(0)]).length + 8;
  yield Buffer.concat([type, movie(start), sound]);
  const free = size - (start + sound.length - 8);
  const head = Buffer.alloc(FREE_HEAD_SIZE);
  head.writeUInt32BE(1);
  head.write("free", 4);
  head.writeBigUInt64BE(BigInt(free), 8);
  yield head;
  for (let left = free - FREE_HEAD_SIZE; left > 0; left -= BLOCK_SIZE)
    yield noise(Math.min(left, BLOCK_SIZE));
}

function movie(soundAt: number): Buffer {
  const duration = u32(FRAMES * SAMPLES);
  const rate = u32(SAMPLE_RATE);
  const unity = [u32(0x10000), zeros(12), u32(0x10000), zeros(12), u32(0x4000_0000)];
  const table = box(
    "stbl",
    box("stsd", u32(0), u32(1), sampleEntry()),
    box("stts", u32(0), u32(1), u32(FRAMES), u32(SAMPLES)),
    box("stsc", u32(0), u32(1), u32(1), u32(FRAMES), u32(1)),
    box("stsz", u32(0), u32(SILENCE.length), u32(FRAMES)),
    box("stco", u32(0), u32(1), u32(soundAt)),
  );
  const media = box(
    "mdia",
    box("mdhd", u32(0), zeros(8), rate, duration, u32(0x55c4_0000)),
    box("hdlr", zeros(8), "soun", zeros(13)),
    box("minf", box("smhd", zeros(8)), box("dinf", box("dref", u32(0), u32(1), box("url ", u32(1)))), table),
  );
  const track = box(
    "trak",
    box(
      "tkhd",
      u32(3),
      zeros(8),
      u32(1),
      zeros(4),
      duration,
      zeros(8),
      u32(0),
      u32(0x0100_0000),
      ...unity,
      zeros(8),
    ),
    media,
  );
  const head = box(
    "mvhd",
    u32(0),
    zeros(8),
    rate,
    duration,
    u32(0x10000),
    u32(0x0100_0000),
    zeros(8),
    ...unity,
    zeros(24),
    u32(2),
  );
  return box("moov", head, track);
}

function sampleEntry(): Buffer {
  const decoder = [0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  // AAC-LC, 44.1 kHz, two channels.
  const specific = [0x05, 2, 0x12, 0x10];
  const config = [0x04, decoder.length + specific.length, ...decoder, ...specific];
  const stream = [0x03, 3 + config.length + 3, 0, 1, 0, ...config, 0x06, 1, 2];
  return box(
    "mp4a",
    zeros(6),
    Buffer.from([0, 1]),
    zeros(8),
    Buffer.from([0, 2, 0, 16, 0, 0, 0, 0]),
    u32(SAMPLE_RATE * 0x10000),
    box("esds", u32(0), Buffer.from(stream)),
  );
}

function box(name: string, ...content: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(content.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
  return Buffer.concat([u32(8 + body.length), Buffer.from(name), body]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function zeros(count: number): Buffer {
  return Buffer.alloc(count);
}
