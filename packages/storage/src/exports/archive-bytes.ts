import { crc32 } from "node:zlib";
import { type ArchiveLayout, directoryOf } from "./archive-layout.ts";
import { dataDescriptor, localHeader, type ZipEntry } from "./zip-format.ts";

/** An entry, and the CRC-32 of all its bytes where they were read before. */
export type KnownEntry = ZipEntry & { crc32: number | null };

/** What has to be known of an archive to go on behind a part of it. */
export interface Mark {
  /** Of the bytes before the part's end, of the entry that lies there. */
  crc32: number;
  /** Entries whose bytes end in the part, by their index. */
  finished: { index: number; crc32: number }[];
}

/** From which of its bytes on an archive is to be made; `crc32` as the mark of the part before has it. */
export interface Beginning {
  offset: number;
  crc32: number;
}

/**
 * The bytes of an archive. Of the entry that lies at its beginning, and of all that follow, the bytes are read.
 *
 * @param options.read The bytes of an entry from `offset` on, and no others.
 * @param options.mark Told, before the last byte of each part leaves, what to go on with behind it.
 */
export async function* archiveBytes(
  entries: readonly KnownEntry[],
  { placed, directoryOffset, size }: ArchiveLayout,
  options: {
    from: Beginning;
    partSize: number;
    read: (index: number, offset: number) => AsyncIterable<Uint8Array>;
    mark: (partNumber: number, mark: Mark) => void;
  },
): AsyncGenerator<Uint8Array> {
  const { from, partSize, read, mark } = options;
  const crcs = entries.map((entry) => (entry.size === 0 ? 0 : (entry.crc32 ?? undefined)));
  let position = from.offset;
  let crc = from.crc32;
  let finished: Mark["finished"] = [];

  /** In pieces none of which lies in two parts. `look` is told of each before it leaves. */
  function* inParts(bytes: Uint8Array, look?: (piece: Uint8Array) => void): Generator<Uint8Array> {
    for (let rest = bytes; rest.length > 0; ) {
      const piece = rest.subarray(0, partSize - (position % partSize));
      rest = rest.subarray(piece.length);
      look?.(piece);
      position += piece.length;
      if (position % partSize === 0 || position === size) {
        mark(Math.ceil(position / partSize), { crc32: crc, finished });
        finished = [];
      }
      yield piece;
    }
  }

  for (const [index, entry] of entries.entries()) {
    const place = placed[index];
    if (place === undefined) throw new Error("an entry without a place");
    const { offset, dataOffset, dataEnd } = place;
    const descriptorLength = dataDescriptor(entry, 0).length;
    if (position >= dataEnd + descriptorLength) continue;
    if (position < dataOffset || entry.size === 0) yield* inParts(rest(localHeader(entry), offset));
    if (position < dataEnd) {
      if (position === dataOffset) crc = 0;
      for await (const bytes of read(index, position - dataOffset)) {
        if (position + bytes.length > dataEnd) throw new Error("more bytes than the entry has");
        yield* inParts(bytes, (piece) => {
          crc = crc32(piece, crc);
          if (position + piece.length < dataEnd) return;
          crcs[index] = crc;
          finished.push({ index, crc32: crc });
        });
      }
      if (position !== dataEnd) throw new Error("fewer bytes than the entry has");
    }
    yield* inParts(rest(dataDescriptor(entry, requireCrc(crcs[index])), dataEnd));
  }
  yield* inParts(rest(directoryOf(entries, placed, crcs.map(requireCrc), directoryOffset), directoryOffset));

  /** What of these bytes, which lie at `offset`, does not lie before the beginning. */
  function rest(bytes: Uint8Array, offset: number): Uint8Array {
    return bytes.subarray(Math.max(position - offset, 0));
  }
}

function requireCrc(crc: number | undefined): number {
  if (crc === undefined) throw new Error("an entry of which no CRC is known");
  return crc;
}
