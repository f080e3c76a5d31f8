import { isAudioExtension, UploadError } from "@audiotricks/protocol";
import { type ReadBytes, sniffAudio } from "./sniff-audio.ts";
import { looksLike } from "./sniff-content.ts";

/** What an object at its final key must be before anyone is told that it is stored. */
export interface Expectation {
  extension: string;
  /** Bytes; the most it may have where `isSizeKnown` is false. */
  fileSize: number;
  isSizeKnown: boolean;
}

/**
 * Holds an object against what was announced, by its size and its first bytes.
 *
 * @param object.read Reads the very bytes that are to be acknowledged.
 * @returns What is wrong with it, or `undefined`.
 * @throws {UploadError} `storage_unavailable` if that cannot be told now.
 */
export async function findFlaw(
  expected: Expectation,
  { size, read }: { size: number; read: ReadBytes },
): Promise<UploadError | undefined> {
  if (size === 0 || (expected.isSizeKnown ? size !== expected.fileSize : size > expected.fileSize)) {
    return new UploadError("size_mismatch", "The store holds another number of bytes than was announced.", {
      details: { size, announced: expected.fileSize },
    });
  }
  const { extension } = expected;
  const within: ReadBytes = (offset, length) =>
    offset < size ? read(offset, length) : Promise.resolve(new Uint8Array());
  const verdict = isAudioExtension(extension)
    ? await sniffAudio(extension, within)
    : { matches: await looksLike(extension, within), found: undefined };
  if (verdict.matches) return undefined;
  return new UploadError(
    "content_mismatch",
    `The file is not what its name says: its bytes are not .${extension}.`,
    {
      details: { extension, ...(verdict.found === undefined ? {} : { found: verdict.found }) },
    },
  );
}
