import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeWav } from "@audiotricks/testing/audio";

/** A WAV of so many bytes, for as long as the work takes. */
export async function withFile<Result>(
  size: number,
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "at-bench-"));
  try {
    return await work((await writeWav(join(folder, "take.wav"), size)).path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
