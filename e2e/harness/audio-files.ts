import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type AudioFile, writeWav } from "@audiotricks/testing/audio";
import type { ExpectedFile } from "@audiotricks/testing/audit";

export const MiB = 1024 * 1024;

/** On disk, under the name that people see. */
export interface LocalFile extends AudioFile, ExpectedFile {}

/** Real audio from `fixtures/`. */
export async function fixture(name: string): Promise<LocalFile> {
  return await localFile(join(import.meta.dirname, "../fixtures", name));
}

/** A file that is there, under its own name. */
export async function localFile(path: string): Promise<LocalFile> {
  const bytes = await readFile(path);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { name: basename(path), path, size: bytes.length, sha256 };
}

/** A WAV of any size, made on the spot. */
export async function generateWav(folder: string, name: string, size: number, seed = 1): Promise<LocalFile> {
  return { name, ...(await writeWav(join(folder, name), size, seed)) };
}
