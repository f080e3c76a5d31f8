import { type Bytes, fourLetters, viewOf } from "./bytes.ts";

const LETTERS = "OggS";
/** A page is no longer than that. */
const LONGEST_PAGE = 65_307;
const HEADER_LENGTH = 27;

/**
 * Samples of an Ogg stream by its last page: the one number that stands at the end of a file.
 *
 * @returns `null` where the end has no page of the file's first stream.
 */
export async function lastGranule(bytes: Bytes): Promise<number | null> {
  const serial = viewOf(await bytes.read(0, HEADER_LENGTH)).getUint32(14, true);
  const start = Math.max(0, bytes.size - LONGEST_PAGE);
  const tail = await bytes.read(start, LONGEST_PAGE);
  const view = viewOf(tail);
  for (
    let at = tail.lastIndexOf(LETTERS.charCodeAt(0));
    at !== -1;
    at = at === 0 ? -1 : tail.lastIndexOf(LETTERS.charCodeAt(0), at - 1)
  ) {
    const isPage =
      at + HEADER_LENGTH <= tail.length && fourLetters(tail, at) === LETTERS && tail[at + 4] === 0;
    if (!isPage || view.getUint32(at + 14, true) !== serial) continue;
    const granule = view.getBigInt64(at + 6, true);
    // No packet ends on that page.
    if (granule >= 0n) return Number(granule);
  }
  return null;
}

/** Samples that Opus gives before the first that is meant to be heard. */
export async function opusPreSkip(bytes: Bytes): Promise<number> {
  const page = await bytes.read(0, 512);
  const packet = HEADER_LENGTH + (page[26] ?? 0);
  return packet + 12 <= page.length ? viewOf(page).getUint16(packet + 10, true) : 0;
}
