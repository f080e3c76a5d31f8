import type { Noise } from "./noise.ts";

const HEADER_SIZE = 44;
const SAMPLE_RATE = 44_100;
const BLOCK_SIZE = 4 * 1024 * 1024;

/** 16-bit stereo PCM, which is noise to hear as well. */
export function* wav(size: number, noise: Noise): Generator<Buffer> {
  yield header(size);
  for (let left = size - HEADER_SIZE; left > 0; left -= BLOCK_SIZE) yield noise(Math.min(left, BLOCK_SIZE));
}

/** The two lengths are 32 bits wide, which is enough for 4 GiB. */
function header(size: number): Buffer {
  if (!Number.isSafeInteger(size) || size <= HEADER_SIZE || size - 8 > 0xffff_ffff) {
    throw new RangeError(`A WAV has from ${HEADER_SIZE + 1} bytes to 4 GiB, not ${size}`);
  }
  const header = Buffer.alloc(HEADER_SIZE);
  header.write("RIFF", 0);
  header.writeUInt32LE(size - 8, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(2, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 4, 28);
  header.writeUInt16LE(4, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(size - HEADER_SIZE, 40);
  return header;
}
