import { createWriteStream } from "node:fs";
import { link, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** At its name only as a whole, never in the place of another, and for its owner alone. */
export async function saveFile(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const part = `${path}.part-${process.pid}`;
  try {
    await pipeline(bytes, createWriteStream(part, { flags: "wx", mode: 0o600, flush: true }));
    await link(part, path);
  } finally {
    await rm(part, { force: true });
  }
}
