import type { Noise } from "./noise.ts";

/** MPEG-1 layer III, 128 kbit/s, 44.1 kHz, joint stereo; then 32 bytes of side information, all zero: silence. */
const FRAME_HEAD = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(32)]);
const FRAME_SIZE = 417;
const TAG_HEAD_SIZE = 20;
const OWNER = "audiotricks\0";
const SMALLEST = TAG_HEAD_SIZE + OWNER.length + 2 * FRAME_SIZE;
const FRAMES_AT_ONCE = 4096;

/** Silence to hear: the noise stands where decoders do not look. */
export function* mp3(size: number, noise: Noise): Generator<Buffer> {
  if (size < SMALLEST) throw new RangeError(`An MP3 has at least ${SMALLEST} bytes here, not ${size}`);
  const frames = Math.floor((size - TAG_HEAD_SIZE - OWNER.length) / FRAME_SIZE);
  yield tag(size - frames * FRAME_SIZE, noise);
  for (let left = frames; left > 0; left -= FRAMES_AT_ONCE) {
    const bytes = noise(Math.min(left, FRAMES_AT_ONCE) * FRAME_SIZE);
    for (let at = 0; at < bytes.length; at += FRAME_SIZE) FRAME_HEAD.copy(bytes, at);
    yield bytes;
  }
}

/** ID3v2.4 with one private frame, which makes the file exactly as long as it is to be. */
function tag(size: number, noise: Noise): Buffer {
  const head = Buffer.alloc(TAG_HEAD_SIZE);
  head.write("ID3\x04", 0);
  writeSyncSafe(head, size - 10, 6);
  head.write("PRIV", 10);
  writeSyncSafe(head, size - 20, 14);
  return Buffer.concat([head, Buffer.from(OWNER), noise(size - TAG_HEAD_SIZE - OWNER.length)]);
}

/** Seven bits a byte. */
function writeSyncSafe(target: Buffer, value: number, at: number): void {
  for (let n = 0; n < 4; n += 1) target[at + n] = (value >> (7 * (3 - n))) & 0x7f;
}
