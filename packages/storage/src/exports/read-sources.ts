import { headObject } from "../s3/objects.ts";
import { readPart } from "../s3/read-part.ts";
import type { Stores } from "../stores.ts";
import type { ArchiveLayout } from "./archive-layout.ts";
import type { PresentEntry } from "./export-progress.ts";
import { BLOCK_LENGTH, blocksOf, readAhead } from "./read-ahead.ts";

/** The bytes of an entry are not there any more, or are others than were planned. */
export class EntryGone extends Error {
  override readonly name = "EntryGone";
  readonly index: number;

  constructor(index: number) {
    super(`entry ${index} is gone`);
    this.index = index;
  }
}

/**
 * Reads the bytes of entries, in their order, ahead of being asked: from `offset` of the archive on.
 *
 * @returns What `archiveBytes` reads with. It rejects with `EntryGone`.
 */
export function readSources(
  stores: Stores,
  entries: readonly PresentEntry[],
  {
    layout,
    offset,
    requireReadable,
  }: { layout: ArchiveLayout; offset: number; requireReadable: (index: number) => Promise<void> },
): (index: number, from: number) => AsyncIterable<Uint8Array> {
  function* wanted() {
    for (const [index, { size, source }] of entries.entries()) {
      const start = Math.max(offset - (layout.placed[index]?.dataOffset ?? 0), 0);
      if ("key" in source && start < size) yield { index, offset: start, end: size };
    }
  }
  // Whatever is read goes into memory that was read into before, also the ends of files, and files of less than a block: a hundred gigabytes
  // of it would come faster than it is collected.
  const free: Buffer[] = [];
  const next = readAhead(blocksOf(wanted()), async ({ index, offset: at, length }) => {
    const source = entries[index]?.source;
    if (source === undefined || !("key" in source)) throw new Error("a block of nothing");
    await requireReadable(index);
    const { s3 } = await stores.of(source.providerId);
    const etag = source.etag ?? (await headObject(s3, source.key))?.etag;
    const block = free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_LENGTH);
    const into = block.subarray(0, length);
    if (etag === undefined || (await readPart(s3, { key: source.key, etag, offset: at, into })) !== "read")
      throw new EntryGone(index);
    return { block, into };
  });
  return async function* (index, from) {
    const entry = entries[index];
    if (entry !== undefined && "content" in entry.source) {
      yield entry.source.content.subarray(from);
      return;
    }
    for (let at = from; at < (entry?.size ?? 0); ) {
      const read = await next();
      if (read === undefined || read.block.index !== index || read.block.offset !== at)
        throw new Error("blocks out of order");
      at += read.block.length;
      yield read.result.into;
      // Whoever asks for more has taken all of this.
      free.push(read.result.block);
    }
  };
}
