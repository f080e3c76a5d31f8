import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AudioFile, writeWav } from "@audiotricks/testing/audio";
import type { ExpectedFile } from "@audiotricks/testing/audit";

export const MiB = 1024 * 1024;

/** On disk, under the name that people see. */
export interface LocalFile extends AudioFile, ExpectedFile {}

/** Real audio from `fixtures/`. */
export async function fixture(name: string): Promise<LocalFile> {
  const path = join(import.meta.dirname, "../fixtures", name);
  const bytes = await readFile(path);
  return { name, path, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** A WAV of any size, made on the spot. */
export async function generateWav(folder: string, name: string, size: number, seed = 1): Promise<LocalFile> {
  return { name, ...(await writeWav(join(folder, name), size, seed)) };
}
