import { createHash } from "node:crypto";

/** A stretch of some content: all that can ever be found out about bytes that nobody keeps. */
export interface Stretch {
  content: string;
  offset: number;
  size: number;
  /** What a server made by itself, such as a part of an archive: nobody could make these bytes again. */
  bytes?: Uint8Array;
}

/** Up to here bytes are made and hashed for real, since the companion reads them itself: as small files, and wherever it copies one. */
const REAL_UP_TO = 25 * 1024 * 1024;

const MARK_EVERY = 65_536;
const MARK_DIGITS = 6;

/** MD5 → what it is of, so that bytes that the companion itself sends are known again. */
const known = new Map<string, Stretch>();
const md5s = new Map<string, string>();

export function forgetContents(): void {
  known.clear();
  md5s.clear();
}

/** The stretch's own bytes, from its `from`th on. A WAV file by its first ones, or a ZIP file. */
export function bytesOf(stretch: Stretch, from = 0, length = stretch.size - from): Uint8Array {
  const { content, offset, size } = stretch;
  const count = Math.max(0, Math.min(length, size - from));
  if (stretch.bytes !== undefined) return stretch.bytes.subarray(from, from + count);
  const begin = offset + from;
  const filling = createHash("sha256").update(content).digest();
  const turn = begin % filling.length;
  const bytes = Buffer.alloc(count, Buffer.concat([filling.subarray(turn), filling.subarray(0, turn)]));
  // Where it is, now and then: no part is the same as another one.
  for (let mark = begin - (begin % MARK_EVERY); mark < begin + count; mark += MARK_EVERY)
    for (let digit = 0; digit < MARK_DIGITS; digit++)
      if (mark + digit >= begin && mark + digit < begin + count)
        bytes[mark + digit - begin] = Math.floor(mark / 256 ** digit) % 256;
  const head = isExport(content) ? ZIP : WAV;
  bytes.set(head.subarray(begin, begin + count));
  return bytes;
}

/** In hex. Of a long stretch it is made of what the stretch is, not of bytes. */
export function md5Of(stretch: Stretch): string {
  const name = `${stretch.content}/${stretch.offset}/${stretch.size}`;
  let md5 = md5s.get(name);
  if (md5 === undefined) {
    md5 = createHash("md5")
      .update(stretch.size <= REAL_UP_TO ? bytesOf(stretch) : name)
      .digest("hex");
    md5s.set(name, md5);
    known.set(md5, stretch);
  }
  return md5;
}

/** What these bytes are, if anybody ever had them; otherwise themselves. */
export function recognize(bytes: Uint8Array): Stretch {
  const md5 = createHash("md5").update(bytes).digest("hex");
  const stretch = known.get(md5);
  if (stretch !== undefined) return stretch;
  const content = `made ${md5}`;
  md5s.set(`${content}/0/${bytes.length}`, md5);
  return { content, offset: 0, size: bytes.length, bytes };
}

/** Stretches that follow each other, as one. */
export function join(stretches: readonly Stretch[]): Stretch[] {
  const joined: Stretch[] = [];
  for (const next of stretches) {
    const last = joined.at(-1);
    if (last?.content === next.content && last.offset + last.size === next.offset) last.size += next.size;
    else joined.push({ ...next });
  }
  return joined;
}

/** By its name, since that is all that is kept of it. */
export function isExport(content: string): boolean {
  return content.startsWith("export-");
}

const ZIP = new TextEncoder().encode("PK\u0003\u0004");
const WAV = new TextEncoder().encode("RIFF\u0024\u0000\u0000\u0000WAVEfmt \u0010\u0000\u0000\u0000");
