import { type Bytes, fourLetters, joined, viewOf } from "./bytes.ts";

const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "udta", "ilst"]);
/** Of a long recording these are megabytes, and say nothing that is asked for here. */
const TABLES = new Set([
  "stsz",
  "stz2",
  "stco",
  "co64",
  "stsc",
  "stss",
  "ctts",
  "sdtp",
  "sbgp",
  "sgpd",
  "mdat",
]);
const MAX_BOXES = 400;
const MAX_DEPTH = 10;

/** An MP4 without its sound. */
export interface Mp4Outline {
  /** A small MP4 with all that describes the other one; `null` where nothing does. */
  file: Uint8Array | null;
  /** Bytes of sound by the header, and those that the file has; `null` where no sound was found. */
  data: { expected: number; found: number } | null;
}

/**
 * Cuts out what describes an MP4, wherever in the file it stands: before the sound, or behind it as recorders write it.
 *
 * @param maxBox Bytes of a box that are still taken: covers of more are left out.
 */
export async function outlineMp4(bytes: Bytes, maxBox: number): Promise<Mp4Outline> {
  let boxes = 0;
  let data: Mp4Outline["data"] = null;

  /** Boxes from `offset` to `end`, rebuilt. */
  const rebuild = async (offset: number, end: number, depth: number): Promise<Uint8Array[]> => {
    const kept: Uint8Array[] = [];
    let at = offset;
    while (at + 8 <= end && boxes < MAX_BOXES && depth < MAX_DEPTH) {
      boxes += 1;
      const header = await bytes.read(at, 16);
      const box = boxOf(header, end - at);
      if (box === null) break;
      if (depth === 0 && box.name === "mdat") {
        data = {
          expected: box.length - box.headerLength,
          found: Math.max(0, Math.min(end - at, box.length) - box.headerLength),
        };
      }
      if (depth === 0 && box.name === "moof") break;
      const body = at + box.headerLength;
      const bodyEnd = Math.min(at + box.length, end);
      if (CONTAINERS.has(box.name)) kept.push(boxed(header, await rebuild(body, bodyEnd, depth + 1)));
      else if (box.name === "meta") kept.push(await rebuiltMeta(header, body, bodyEnd, depth));
      else if (!TABLES.has(box.name) && box.length <= maxBox && at + box.length <= end) {
        kept.push(boxed(header, [await bytes.read(body, bodyEnd - body)]));
      }
      at += box.length;
    }
    return kept;
  };

  /** Four bytes of its own before its boxes, but for QuickTime. */
  const rebuiltMeta = async (header: Uint8Array, body: number, end: number, depth: number) => {
    const start = await bytes.read(body, 8);
    const own = fourLetters(start, 4) === "hdlr" ? 0 : 4;
    return boxed(header, [start.subarray(0, own), ...(await rebuild(body + own, end, depth + 1))]);
  };

  const kept = await rebuild(0, bytes.size, 0);
  const hasMovie = kept.some((box) => fourLetters(box, 4) === "moov");
  return { file: hasMovie ? joined(kept) : null, data };
}

/** @param left Bytes up to the end of what it is in, for a box that goes as far as that. */
function boxOf(
  header: Uint8Array,
  left: number,
): { name: string; length: number; headerLength: number } | null {
  if (header.length < 8) return null;
  const name = fourLetters(header, 4);
  const short = viewOf(header).getUint32(0);
  const isLong = short === 1;
  if (isLong && header.length < 16) return null;
  const length = isLong ? Number(viewOf(header).getBigUint64(8)) : short === 0 ? left : short;
  const headerLength = isLong ? 16 : 8;
  return length < headerLength || !Number.isSafeInteger(length) ? null : { name, length, headerLength };
}

function boxed(header: Uint8Array, content: readonly Uint8Array[]): Uint8Array {
  const size = new Uint8Array(4);
  viewOf(size).setUint32(0, 8 + content.reduce((sum, { length }) => sum + length, 0));
  return joined([size, header.subarray(4, 8), ...content]);
}
