import { viewOf } from "./bytes.ts";

/** Pixels. */
export interface ImageSize {
  width: number;
  height: number;
}

/** A frame of a JPEG, but for what defines tables. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/**
 * How large a picture becomes when it is unpacked: some kilobytes can be gigabytes then.
 *
 * @returns `null` for what is neither JPEG nor PNG, of which covers are.
 */
export function imageSize(bytes: Uint8Array): ImageSize | null {
  const view = viewOf(bytes);
  if (bytes.length >= 24 && view.getUint32(0) === 0x89504e47) {
    return { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] ?? 0;
    if (isFrame(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    // Any number of 0xff may stand before a marker.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return null;
}
