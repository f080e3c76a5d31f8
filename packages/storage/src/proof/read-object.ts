import { UploadError } from "@audiotricks/protocol";
import { readRange } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { ReadBytes } from "./sniff-audio.ts";

/** Reads what the store has at `key`, or from `start` what is known of it already: its first bytes. */
export function readObject(s3: S3Connection, key: string, start: Uint8Array = new Uint8Array()): ReadBytes {
  return async (offset, length) => {
    if (offset + length <= start.length) return start.subarray(offset, offset + length);
    const bytes = await readRange(s3, { key, offset, length });
    if (bytes === undefined) {
      throw new UploadError("storage_unavailable", "The object cannot be read back yet. Try again.");
    }
    return bytes;
  };
}

/** Reads bytes that are here in full. */
export function readMemory(bytes: Uint8Array): ReadBytes {
  return (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length));
}
