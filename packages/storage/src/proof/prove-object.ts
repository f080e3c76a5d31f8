import { isAudioExtension, UploadError } from "@audiotricks/protocol";
import { readRange } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import { sniffAudio } from "./sniff-audio.ts";

/** What an object at its final key must be before anyone is told that it is stored. */
export interface Expectation {
  key: string;
  extension: string;
  /** Bytes; the most it may have where `isSizeKnown` is false. */
  fileSize: number;
  isSizeKnown: boolean;
}

/**
 * Holds an object of `size` bytes against what was announced, by its size and its first bytes.
 *
 * @returns What is wrong with it, or `undefined`.
 * @throws {UploadError} `storage_unavailable` if that cannot be told now.
 */
export async function findFlaw(
  s3: S3Connection,
  expected: Expectation,
  size: number,
): Promise<UploadError | undefined> {
  if (size === 0 || (expected.isSizeKnown ? size !== expected.fileSize : size > expected.fileSize)) {
    return new UploadError("size_mismatch", "The store holds another number of bytes than was announced.", {
      details: { size, announced: expected.fileSize },
    });
  }
  const { key, extension } = expected;
  if (!isAudioExtension(extension)) return undefined;
  const verdict = await sniffAudio(extension, async (offset, length) => {
    const bytes = offset < size ? await readRange(s3, { key, offset, length }) : new Uint8Array();
    if (bytes === undefined) {
      throw new UploadError("storage_unavailable", "The object cannot be read back yet. Try again.");
    }
    return bytes;
  });
  if (verdict.matches) return undefined;
  return new UploadError(
    "content_mismatch",
    `The file is not what its name says: its bytes are not .${extension}.`,
    {
      details: { extension, ...(verdict.found === undefined ? {} : { found: verdict.found }) },
    },
  );
}
