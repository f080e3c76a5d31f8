import { dataDescriptor, directoryHeader, endOfArchive, localHeader, type ZipEntry } from "./zip-format.ts";

/** Where the bytes of one entry lie in an archive. */
export interface Placed {
  /** Of the local header. */
  offset: number;
  /** Of the file's own bytes. */
  dataOffset: number;
  /** The first byte behind them. */
  dataEnd: number;
}

export interface ArchiveLayout {
  /** One for each entry, in order. */
  placed: readonly Placed[];
  directoryOffset: number;
  /** Bytes of the whole archive. */
  size: number;
}

/**
 * Where everything lies in an archive of these entries. It follows from their names and sizes alone, and an entry moves nothing
 * that comes before it: whoever goes on with an archive knows what every byte of it is.
 */
export function layOut(entries: readonly ZipEntry[]): ArchiveLayout {
  let offset = 0;
  const placed = entries.map((entry) => {
    const dataOffset = offset + localHeader(entry).length;
    const dataEnd = dataOffset + entry.size;
    const place = { offset, dataOffset, dataEnd };
    offset = dataEnd + dataDescriptor(entry, 0).length;
    return place;
  });
  const crcs = entries.map(() => 0);
  return {
    placed,
    directoryOffset: offset,
    size: offset + directoryOf(entries, placed, crcs, offset).length,
  };
}

/** The end of the archive: the list of its entries, and where that is. */
export function directoryOf(
  entries: readonly ZipEntry[],
  placed: readonly Placed[],
  crcs: readonly number[],
  directoryOffset: number,
): Buffer {
  const headers = entries.map((entry, index) =>
    directoryHeader(entry, crcs[index] ?? 0, placed[index]?.offset ?? 0),
  );
  const directory = Buffer.concat(headers);
  const { length: size } = directory;
  return Buffer.concat([directory, endOfArchive({ count: entries.length, size, offset: directoryOffset })]);
}
