import { constants, gunzipSync } from "node:zlib";
import type { ReadBytes } from "./sniff-audio.ts";

/** Enough to see what a text begins with, and little to unpack should it be nothing but zeros. */
const PACKED_LENGTH = 4096;
const MOST_UNPACKED = 1024 * PACKED_LENGTH;

/** How an object of gzip begins once it is unpacked. Rejects where it is no gzip, or unpacks to more than a text does. */
export function readUnzipped(read: ReadBytes, size: number): ReadBytes {
  return async (offset, length) => {
    const packed = await read(0, Math.min(PACKED_LENGTH, size));
    const start = gunzipSync(packed, {
      // It ends in the middle.
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: MOST_UNPACKED,
    });
    return start.subarray(offset, offset + length);
  };
}
