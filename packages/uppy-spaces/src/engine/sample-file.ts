import type { HashBlob } from "../md5/blob-hasher.ts";
import { md5Of } from "../md5/md5-scalar.ts";
import { toHex } from "./bytes-as-text.ts";

const STRETCHES = 16;
const STRETCH_SIZE = 64 * 1024;

/**
 * MD5 over the MD5s of 1 MiB of a file, in stretches from its beginning to its end; over all of it where it has no more. Tells most
 * files apart that have one name, size and date, as stems exported from one template do, and proves nothing.
 *
 * @throws {Error} When the file can no longer be read.
 */
export async function sampleFile(blob: Blob, hash: HashBlob, signal: AbortSignal): Promise<string> {
  const digests: Uint8Array[] = [];
  for (const [from, to] of stretchesOf(blob.size)) {
    const { digest } = await hash(blob.slice(from, to), signal);
    digests.push(digest);
  }
  return toHex(md5Of(digests));
}

function stretchesOf(size: number): (readonly [from: number, to: number])[] {
  if (size <= STRETCHES * STRETCH_SIZE) return [[0, size]];
  const step = (size - STRETCH_SIZE) / (STRETCHES - 1);
  return Array.from({ length: STRETCHES }, (_, index) => {
    const from = Math.floor(index * step);
    return [from, from + STRETCH_SIZE] as const;
  });
}
