/** What an archive's list of files says of one. */
export interface ListedEntry {
  name: string;
  crc32: number;
  size: number;
}

/** Reads the list at the end of an archive, where it is beyond 4 GiB too. `end` has all of it. */
export function readDirectory(end: Buffer, archiveSize: number): ListedEntry[] {
  const eocd = end.lastIndexOf("PK\u0005\u0006", undefined, "latin1");
  let count = end.readUInt16LE(eocd + 10);
  let offset = end.readUInt32LE(eocd + 16);
  const zip64 = end.lastIndexOf("PK\u0006\u0006", undefined, "latin1");
  if (zip64 !== -1) {
    count = Number(end.readBigUInt64LE(zip64 + 32));
    offset = Number(end.readBigUInt64LE(zip64 + 48));
  }
  let at = offset - (archiveSize - end.length);
  return Array.from({ length: count }, () => {
    if (end.readUInt32LE(at) !== 0x02014b50) throw new Error("not a list of files");
    const nameLength = end.readUInt16LE(at + 28);
    const entry = {
      name: end.toString("utf8", at + 46, at + 46 + nameLength),
      crc32: end.readUInt32LE(at + 16),
      size: end.readUInt32LE(at + 24),
    };
    at += 46 + nameLength + end.readUInt16LE(at + 30);
    return entry;
  });
}
