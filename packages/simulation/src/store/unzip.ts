import { crc32 } from "node:zlib";

/** A file of an archive; `isWhole`: its bytes are those that the archive's own sums are of. */
export interface Unzipped {
  name: string;
  bytes: Buffer;
  isWhole: boolean;
}

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const DESCRIPTOR = 0x08074b50;
const END_LENGTH = 22;

/**
 * Reads an archive of files as they are, the way programs do: from its directory at the end.
 *
 * @throws {Error} If it is none, or not whole.
 */
export function unzip(archive: Buffer): Unzipped[] {
  const end = archive.length - END_LENGTH;
  if (end < 0 || archive.readUInt32LE(end) !== END) throw new Error("it has no end");
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  if (at + archive.readUInt32LE(end + 12) !== end) throw new Error("its directory is not where it says");
  // Between two files there is nothing else, so that none is there which the directory does not name.
  let next = 0;
  const files = Array.from({ length: count }, () => {
    if (archive.readUInt32LE(at) !== DIRECTORY) throw new Error("its directory is broken");
    const sum = archive.readUInt32LE(at + 16);
    const size = archive.readUInt32LE(at + 24);
    const nameLength = archive.readUInt16LE(at + 28);
    const offset = archive.readUInt32LE(at + 42);
    const name = archive.toString("utf8", at + 46, at + 46 + nameLength);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    if (offset !== next || archive.readUInt32LE(offset) !== LOCAL)
      throw new Error(`${name} is not where it says`);
    const begin = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
    const localName = archive.toString("utf8", offset + 30, offset + 30 + archive.readUInt16LE(offset + 26));
    const bytes = archive.subarray(begin, begin + size);
    const behind = begin + size;
    next = behind + 16;
    const isWhole =
      localName === name &&
      crc32(bytes) === sum &&
      archive.readUInt32LE(behind) === DESCRIPTOR &&
      archive.readUInt32LE(behind + 4) === sum &&
      archive.readUInt32LE(behind + 12) === size;
    return { name, bytes, isWhole };
  });
  if (at !== end || next !== archive.readUInt32LE(end + 16))
    throw new Error("it has more than its directory says");
  return files;
}
