import { crc } from "./crc.ts";
import type { Noise } from "./noise.ts";

const crc32 = crc(32, 0x04c1_1db7);

const SERIAL = 0x6175_6469;
const PAGE_HEAD_SIZE = 27;
/** CELT, the whole band, 20 ms, one frame: whatever bits follow can be decoded. */
const TOC = 0xfc;
const SAMPLES = 960;
/** A packet's lacing takes one byte for each 255 of its own, and one more. */
const PACKET_SIZE = 1000;
const LACING_SIZE = 4;
const PACKETS = 60;
const PAGE_SIZE = PAGE_HEAD_SIZE + PACKETS * (LACING_SIZE + PACKET_SIZE);
const SMALLEST_COMMENTS = 512;
const SMALLEST = 2048;

/** Opus in Ogg, noise to hear as well; what is left over stands in the comments. */
export function* opus(size: number, noise: Noise): Generator<Buffer> {
  if (size < SMALLEST) throw new RangeError(`An Opus file has at least ${SMALLEST} bytes here, not ${size}`);
  const head = Buffer.from("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00", "latin1");
  const first = page(0, 0x02, 0, [head]);
  yield first;
  const rest = size - first.length - (PAGE_HEAD_SIZE + LACING_SIZE + PACKET_SIZE);
  const pages = Math.max(0, Math.floor((rest - SMALLEST_COMMENTS) / PAGE_SIZE));
  // A page cannot have every size: another byte of lacing comes with each 255 of content.
  const wanted = rest - pages * PAGE_SIZE - PAGE_HEAD_SIZE - 1;
  const surplus = wanted % 256 === 255 ? 1 : 0;
  yield page(1, 0, 0, [comments(Math.floor(wanted / 256) * 255 + (wanted % 256) - surplus)]);
  for (let n = 1; n <= pages; n += 1) {
    const packets = Array.from({ length: PACKETS }, () => packet(PACKET_SIZE, noise));
    yield page(n + 1, 0, n * PACKETS * SAMPLES, packets);
  }
  yield page(pages + 2, 0x04, (pages * PACKETS + 1) * SAMPLES, [packet(PACKET_SIZE + surplus, noise)]);
}

function packet(size: number, noise: Noise): Buffer {
  return Buffer.concat([Buffer.from([TOC]), noise(size - 1)]);
}

function comments(size: number): Buffer {
  const head = Buffer.from("OpusTags\x04\x00\x00\x00test\x00\x00\x00\x00", "latin1");
  return Buffer.concat([head, Buffer.alloc(size - head.length)]);
}

function page(number: number, flags: number, position: number, packets: Buffer[]): Buffer {
  const lacing = packets.flatMap(({ length }) => [
    ...Array.from({ length: Math.floor(length / 255) }, () => 255),
    length % 255,
  ]);
  const head = Buffer.alloc(PAGE_HEAD_SIZE);
  head.write("OggS", 0);
  head.writeUInt8(flags, 5);
  head.writeBigUInt64LE(BigInt(position), 6);
  head.writeUInt32LE(SERIAL, 14);
  head.writeUInt32LE(number, 18);
  head.writeUInt8(lacing.length, 26);
  const whole = Buffer.concat([head, Buffer.from(lacing), ...packets]);
  whole.writeUInt32LE(crc32(whole), 22);
  return whole;
}
