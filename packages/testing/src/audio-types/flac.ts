import { crc } from "./crc.ts";
import type { Noise } from "./noise.ts";

const crc8 = crc(8, 0x07);
const crc16 = crc(16, 0x8005);

const SAMPLES = 4096;
/** Two channels of 16 bits. */
const SOUND_SIZE = SAMPLES * 4;
const BLOCK_HEAD_SIZE = 4;
const INFO_SIZE = 34;
const HEAD_SIZE = 4 + BLOCK_HEAD_SIZE + INFO_SIZE + BLOCK_HEAD_SIZE;
const SMALLEST = 32_768;

/** Samples as they are, which is noise to hear as well; what is left over is padding. */
export function* flac(size: number, noise: Noise): Generator<Buffer> {
  if (size < SMALLEST) throw new RangeError(`A FLAC has at least ${SMALLEST} bytes here, not ${size}`);
  let count = 0;
  let padding = size - HEAD_SIZE;
  while (padding >= frameSize(count)) {
    padding -= frameSize(count);
    count += 1;
  }
  yield Buffer.concat([
    Buffer.from("fLaC"),
    blockHead(0, INFO_SIZE),
    streamInfo(count * SAMPLES),
    blockHead(0x81, padding),
    Buffer.alloc(padding),
  ]);
  for (let number = 0; number < count; number += 1) yield frame(number, noise);
}

function blockHead(type: number, size: number): Buffer {
  return Buffer.from([type, size >> 16, (size >> 8) & 0xff, size & 0xff]);
}

function streamInfo(samples: number): Buffer {
  const info = Buffer.alloc(INFO_SIZE);
  info.writeUInt16BE(SAMPLES, 0);
  info.writeUInt16BE(SAMPLES, 2);
  // 44.1 kHz (20 bits), 2 channels (3), 16 bits a sample (5), how many there are (36).
  const packed = (44_100n << 44n) | (1n << 41n) | (15n << 36n) | BigInt(samples);
  info.writeBigUInt64BE(packed, 10);
  return info;
}

function frame(number: number, noise: Noise): Buffer {
  // 4096 samples, 44.1 kHz; two channels, 16 bits.
  const head = Buffer.from([0xff, 0xf8, 0xc9, 0x18, ...codedNumber(number)]);
  const half = SOUND_SIZE / 2;
  const channel = () => [Buffer.from([0x02]), noise(half)];
  const whole = Buffer.concat([head, Buffer.from([crc8(head)]), ...channel(), ...channel()]);
  const check = Buffer.alloc(2);
  check.writeUInt16BE(crc16(whole));
  return Buffer.concat([whole, check]);
}

const frameSize = (number: number): number => 4 + codedNumber(number).length + 1 + 2 + SOUND_SIZE + 2;

/** As UTF-8 writes a character, and further: up to 2^31 of them. */
function codedNumber(value: number): number[] {
  if (value < 0x80) return [value];
  const tail: number[] = [];
  let rest = value;
  let room = 6;
  do {
    tail.unshift(0x80 | (rest & 0x3f));
    rest >>>= 6;
    room -= 1;
  } while (rest >= 2 ** room);
  return [((0xff << (room + 1)) & 0xff) | rest, ...tail];
}
