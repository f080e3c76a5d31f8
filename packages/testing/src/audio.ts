import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { flac } from "./audio-types/flac.ts";
import { m4a } from "./audio-types/m4a.ts";
import { mp3 } from "./audio-types/mp3.ts";
import { type Noise, noiseOf } from "./audio-types/noise.ts";
import { opus } from "./audio-types/opus.ts";
import { wav } from "./audio-types/wav.ts";

/** A file on disk, and what its bytes must be wherever they end up. */
export interface AudioFile {
  path: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

type MakeAudio = (size: number, noise: Noise) => Iterable<Uint8Array>;

const TYPES = { wav, mp3, flac, m4a, opus, ogg: opus } satisfies Record<string, MakeAudio>;

/** Endings of the files that can be made. */
export const AUDIO_ENDINGS = Object.keys(TYPES) as readonly (keyof typeof TYPES)[];

/**
 * Writes audio of any size without holding it in memory, of the type that the file's name says: it plays, and no two stretches of it
 * are equal, so that parts in a wrong order or sent twice show. Equal seeds make equal files.
 *
 * @param path Ends with one of `AUDIO_ENDINGS`.
 * @param size Bytes of the whole file.
 * @throws {RangeError} If files of this type are not made, or not so small or large.
 */
export async function writeAudio(path: string, size: number, seed = 1): Promise<AudioFile> {
  const ending = extname(path).slice(1).toLowerCase();
  if (!isMade(ending))
    throw new RangeError(`Audio is made as ${AUDIO_ENDINGS.join(", ")}; ${path} is none of these.`);
  return await write(path, size, TYPES[ending](size, noiseOf(seed)));
}

/** A WAV whatever its name says. @param size Bytes of the whole file; at least 45. */
export async function writeWav(path: string, size: number, seed = 1): Promise<AudioFile> {
  return await write(path, size, wav(size, noiseOf(seed)));
}

/** The same bytes as `writeWav`, in memory: for small ones. */
export function wavBytes(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([...wav(size, noiseOf(seed))]));
}

/** The beginning of a Windows program, followed by noise: what must not pass for audio whatever its name. */
export function executableBytes(size: number): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(64);
  header.write("MZ");
  header.writeUInt32LE(64, 0x3c);
  const body = Buffer.concat([Buffer.from("PE\0\0"), noiseOf(7)(size - 68)]);
  return Uint8Array.from(Buffer.concat([header, body]));
}

async function write(path: string, size: number, content: Iterable<Uint8Array>): Promise<AudioFile> {
  const hash = createHash("sha256");
  await using file = await open(path, "w");
  for (const bytes of content) {
    hash.update(bytes);
    await file.writeFile(bytes);
  }
  return { path, size, sha256: hash.digest("hex") };
}

function isMade(ending: string): ending is keyof typeof TYPES {
  return Object.hasOwn(TYPES, ending);
}
