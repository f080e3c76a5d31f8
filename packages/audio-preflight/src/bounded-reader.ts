import type { Bytes } from "./bytes.ts";

/** No byte is read twice, and none alone: a read of a file costs the same for one byte and for some thousands. */
const PAGE = 8 * 1024;
/** What is read at least, at the beginning of a file and elsewhere. */
const FIRST_PAGES = 8;
const MORE_PAGES = 2;

/** More was asked for than may be read. */
class TooMuchToRead extends Error {
  override name = "TooMuchToRead";
}

/** As much of a `Blob` as is needed: of a file that lies elsewhere, whose ranges somebody fetches. */
export interface AudioSource {
  /** Bytes. */
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** Bytes of a file, few of which may be read. */
export interface BoundedReader extends Bytes {
  /** Bytes read from the file so far. */
  bytesRead: () => number;
}

/**
 * Reads a file here and there, and never more of it than `maxBytes`, whatever its headers say.
 *
 * @throws {TooMuchToRead} By `read`, before anything is read that is too much.
 */
export function openBoundedReader(file: AudioSource, maxBytes: number): BoundedReader {
  const pages = new Map<number, Uint8Array>();
  let bytesRead = 0;

  const readPages = async (from: number, until: number) => {
    const [start, end] = [from * PAGE, Math.min(until * PAGE, file.size)];
    if (bytesRead + end - start > maxBytes) throw new TooMuchToRead(`More than ${maxBytes} bytes`);
    bytesRead += end - start;
    const bytes = new Uint8Array(await file.slice(start, end).arrayBuffer());
    for (let page = from; page < until; page += 1)
      pages.set(page, bytes.subarray((page - from) * PAGE, (page - from + 1) * PAGE));
  };

  const load = async (offset: number, end: number) => {
    const last = Math.ceil(end / PAGE);
    for (let page = Math.floor(offset / PAGE); page < last; page += 1) {
      if (pages.has(page)) continue;
      const atLeast = page + (page === 0 ? FIRST_PAGES : MORE_PAGES);
      const wanted = Math.min(Math.max(last, atLeast), Math.ceil(file.size / PAGE));
      let until = page + 1;
      while (until < wanted && !pages.has(until)) until += 1;
      await readPages(page, until);
    }
  };

  return {
    size: file.size,
    bytesRead: () => bytesRead,
    read: async (offset, length) => {
      const end = Math.min(offset + length, file.size);
      if (end <= offset) return new Uint8Array();
      if (end - offset > maxBytes) throw new TooMuchToRead(`More than ${maxBytes} bytes`);
      await load(offset, end);
      const first = Math.floor(offset / PAGE);
      if (end <= (first + 1) * PAGE) {
        return pages.get(first)?.subarray(offset - first * PAGE, end - first * PAGE) ?? new Uint8Array();
      }
      const bytes = new Uint8Array(end - offset);
      for (let page = first; page * PAGE < end; page += 1) {
        const part = pages.get(page) ?? new Uint8Array();
        const skipped = Math.max(0, offset - page * PAGE);
        bytes.set(part.subarray(skipped, end - page * PAGE), page * PAGE + skipped - offset);
      }
      return bytes;
    },
  };
}
