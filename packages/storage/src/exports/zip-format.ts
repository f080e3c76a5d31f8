/**
 * The records of a ZIP archive, as APPNOTE.TXT 6.3.10 has them: stored as it is, since sound gets no smaller; the CRC after the bytes,
 * since it is known only then; ZIP64 where 4 GiB or 65,535 files are not enough.
 */
export interface ZipEntry {
  /** UTF-8, with `/` between folders. */
  name: string;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
}

/** Little-endian, as all of ZIP; a field of as many bytes as it says. */
type Field = readonly [bytes: 2 | 4 | 8, value: number];

const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;
/** The CRC follows the bytes; the name is UTF-8. */
const FLAGS = 0x0808;
const STORED = 0;
const MADE_ON_UNIX = 3 << 8;
/** A plain file, `rw-r--r--`. */
const ATTRIBUTES = 0o100644 * 0x10000;

const isLarge = ({ size }: ZipEntry) => size >= MAX_32;
const versionOf = (needsZip64: boolean): Field => [2, needsZip64 ? 45 : 20];

export function localHeader(entry: ZipEntry): Buffer {
  const name = Buffer.from(entry.name);
  const large = isLarge(entry);
  const extra = [
    large
      ? record([
          [2, 1],
          [2, 16],
          [8, 0],
          [8, 0],
        ])
      : EMPTY,
    timeOf(entry),
  ];
  const size: Field = [4, large ? MAX_32 : 0];
  const fields: Field[] = [
    [4, 0x04034b50],
    versionOf(large),
    [2, FLAGS],
    [2, STORED],
    ...dosTimeOf(entry),
    [4, 0],
    size,
    size,
    [2, name.length],
    [2, lengthOf(extra)],
  ];
  return Buffer.concat([record(fields), name, ...extra]);
}

/** What follows the bytes of a file. */
export function dataDescriptor(entry: ZipEntry, crc32: number): Buffer {
  const size: Field = [isLarge(entry) ? 8 : 4, entry.size];
  return record([[4, 0x08074b50], [4, crc32], size, size]);
}

/** @param offset Where the entry's local header is. */
export function directoryHeader(entry: ZipEntry, crc32: number, offset: number): Buffer {
  const name = Buffer.from(entry.name);
  const large = isLarge(entry);
  const far = offset >= MAX_32;
  const beyond: Field[] = [
    ...(large ? [[8, entry.size] as const, [8, entry.size] as const] : []),
    ...(far ? [[8, offset] as const] : []),
  ];
  const zip64 = beyond.length === 0 ? EMPTY : record([[2, 1], [2, 8 * beyond.length], ...beyond]);
  const extra = [zip64, timeOf(entry)];
  const size: Field = [4, large ? MAX_32 : entry.size];
  const fields: Field[] = [
    [4, 0x02014b50],
    [2, MADE_ON_UNIX + 45],
    versionOf(large || far),
    [2, FLAGS],
    [2, STORED],
    ...dosTimeOf(entry),
    [4, crc32],
    size,
    size,
    [2, name.length],
    [2, lengthOf(extra)],
    [2, 0],
    [2, 0],
    [2, 0],
    [4, ATTRIBUTES],
    [4, far ? MAX_32 : offset],
  ];
  return Buffer.concat([record(fields), name, ...extra]);
}

/** The end of an archive, whose directory has so many entries and bytes, from `offset` on. */
export function endOfArchive({
  count,
  size,
  offset,
}: {
  count: number;
  size: number;
  offset: number;
}): Buffer {
  const needsZip64 = count >= MAX_16 || size >= MAX_32 || offset >= MAX_32;
  const zip64 = needsZip64
    ? record([
        [4, 0x06064b50],
        [8, 44],
        [2, MADE_ON_UNIX + 45],
        [2, 45],
        [4, 0],
        [4, 0],
        [8, count],
        [8, count],
        [8, size],
        [8, offset],
        // Where this record is.
        [4, 0x07064b50],
        [4, 0],
        [8, offset + size],
        [4, 1],
      ])
    : EMPTY;
  const end: Field[] = [
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, Math.min(count, MAX_16)],
    [2, Math.min(count, MAX_16)],
    [4, Math.min(size, MAX_32)],
    [4, Math.min(offset, MAX_32)],
    [2, 0],
  ];
  return Buffer.concat([zip64, record(end)]);
}

const EMPTY = Buffer.alloc(0);

function record(fields: readonly Field[]): Buffer {
  const bytes = Buffer.alloc(fields.reduce((sum, [length]) => sum + length, 0));
  let at = 0;
  for (const [length, value] of fields) {
    if (length === 2) bytes.writeUInt16LE(value, at);
    else if (length === 4) bytes.writeUInt32LE(value, at);
    else bytes.writeBigUInt64LE(BigInt(value), at);
    at += length;
  }
  return bytes;
}

function lengthOf(buffers: readonly Buffer[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0);
}

/** By MS-DOS: two seconds are the least, 1980 the first year; in UTC, as nobody knows whose clock reads it. */
function dosTimeOf({ modifiedAt }: ZipEntry): [Field, Field] {
  const year = Math.min(Math.max(modifiedAt.getUTCFullYear(), 1980), 2107);
  const time =
    (modifiedAt.getUTCHours() << 11) | (modifiedAt.getUTCMinutes() << 5) | (modifiedAt.getUTCSeconds() >> 1);
  const date = ((year - 1980) << 9) | ((modifiedAt.getUTCMonth() + 1) << 5) | modifiedAt.getUTCDate();
  return [
    [2, time],
    [2, date],
  ];
}

/** The extra field `UT`, in seconds of UTC: most readers go by it. */
function timeOf({ modifiedAt }: ZipEntry): Buffer {
  const seconds = Math.min(Math.max(Math.floor(modifiedAt.getTime() / 1000), 0), 0x7fffffff);
  return Buffer.concat([
    record([
      [2, 0x5455],
      [2, 5],
    ]),
    Buffer.from([1]),
    record([[4, seconds]]),
  ]);
}
