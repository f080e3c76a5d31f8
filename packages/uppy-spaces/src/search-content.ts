import type { FileMatch } from "@audiotricks/protocol/messages";
import { toHex } from "./engine/bytes-as-text.ts";
import type { HashBlob } from "./md5/blob-hasher.ts";

/** Parts that are read and hashed side by side. */
const AT_ONCE = 8;

/** Compares a file with stored ones by the MD5s that the store made of their parts. Of most files only the first part is read: they differ there. */
export async function searchContent(
  blob: Blob,
  stored: readonly FileMatch[],
  hash: HashBlob,
  signal: AbortSignal,
): Promise<FileMatch | null> {
  for (const [partSize, group] of Map.groupBy(stored, (file) => partSizeOf(file, blob.size))) {
    const found = await searchGroup(blob, partSize, group, hash, signal);
    if (found !== null) return found;
  }
  return null;
}

/** An ETag without a number of parts is of all bytes at once. */
function partSizeOf({ etag, partSize }: FileMatch, size: number): number {
  return etag.includes("-") ? partSize : Math.max(size, 1);
}

async function searchGroup(
  blob: Blob,
  partSize: number,
  stored: readonly FileMatch[],
  hash: HashBlob,
  signal: AbortSignal,
): Promise<FileMatch | null> {
  const digestOf = async (part: Blob) => (await hash(part, signal)).digest;
  const count = Math.max(1, Math.ceil(blob.size / partSize));
  const sameCount = stored.filter(({ etag }) => Number(etag.split("-")[1] ?? 1) === count);
  if (sameCount.length === 0) return null;
  const first = await digestOf(blob.slice(0, partSize));
  const left = sameCount.filter(({ firstPartMd5, etag }) =>
    // Of all bytes at once, the first part may be one of several that it was sent in.
    etag.includes("-") ? firstPartMd5 === null || firstPartMd5 === toHex(first) : true,
  );
  if (left.length === 0) return null;
  const digests = [first];
  for (let number = 1; number < count; number += AT_ONCE) {
    const parts = Array.from({ length: Math.min(AT_ONCE, count - number) }, (_, index) => {
      const offset = (number + index) * partSize;
      return blob.slice(offset, offset + partSize);
    });
    digests.push(...(await Promise.all(parts.map(digestOf))));
  }
  const whole = toHex(first);
  const ofParts = `${toHex(await digestOf(new Blob(digests.map((digest) => digest.slice()))))}-${count}`;
  return left.find(({ etag }) => etag === (etag.includes("-") ? ofParts : whole)) ?? null;
}
