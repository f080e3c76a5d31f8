import { type Cipheriv, createCipheriv, createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** A file on disk, and what its bytes must be wherever they end up. */
export interface AudioFile {
  path: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

const WAV_HEADER_SIZE = 44;
const SAMPLE_RATE = 44_100;
const BLOCK = Buffer.alloc(4 * 1024 * 1024);

/**
 * Writes a valid WAV of any size without holding it in memory: noise in which no two stretches are equal, so that
 * parts in a wrong order or sent twice show. Equal seeds make equal files.
 *
 * @param size Bytes of the whole file; at least 45.
 */
export async function writeWav(path: string, size: number, seed = 1): Promise<AudioFile> {
  const noise = noiseOf(seed);
  const hash = createHash("sha256");
  await using file = await open(path, "w");
  const write = async (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    await file.writeFile(bytes);
  };
  await write(wavHeader(size));
  for (let left = size - WAV_HEADER_SIZE; left > 0; left -= BLOCK.length) {
    await write(noise.update(BLOCK.subarray(0, Math.min(left, BLOCK.length))));
  }
  return { path, size, sha256: hash.digest("hex") };
}

/** The same bytes as `writeWav`, in memory: for small ones. */
export function wavBytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const noise = noiseOf(seed).update(Buffer.alloc(size - WAV_HEADER_SIZE));
  return Uint8Array.from(Buffer.concat([wavHeader(size), noise]));
}

/** The beginning of a Windows program, followed by noise: what must not pass for audio whatever its name. */
export function executableBytes(size: number): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(64);
  header.write("MZ");
  header.writeUInt32LE(64, 0x3c);
  const body = Buffer.concat([Buffer.from("PE\0\0"), noiseOf(7).update(Buffer.alloc(size - 68))]);
  return Uint8Array.from(Buffer.concat([header, body]));
}

/** AES in counter mode over zeros: faster than any disk, and reproducible. */
function noiseOf(seed: number): Cipheriv {
  const key = createHash("sha256").update(`audio ${seed}`).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
}

/** 16-bit stereo PCM. The two lengths are 32 bits wide, which is enough for 4 GiB. */
function wavHeader(size: number): Buffer {
  if (!Number.isSafeInteger(size) || size <= WAV_HEADER_SIZE || size - 8 > 0xffff_ffff) {
    throw new RangeError(`A WAV has from ${WAV_HEADER_SIZE + 1} bytes to 4 GiB, not ${size}`);
  }
  const header = Buffer.alloc(WAV_HEADER_SIZE);
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
  header.writeUInt32LE(size - WAV_HEADER_SIZE, 40);
  return header;
}
