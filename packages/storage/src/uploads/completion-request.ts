import { UploadError } from "@audiotricks/protocol";
import type { CompleteUploadRequest } from "@audiotricks/protocol/messages";
import { toStorable } from "../storable-text.ts";

/**
 * What a caller says of a finished upload, as the database takes it: a row that refused it would be left `completing`,
 * with the file at the store. Over HTTP most of this was checked before.
 *
 * @throws {UploadError} `invalid_request` where a checksum is none.
 */
export function toStorableRequest<Request extends CompleteUploadRequest>(request: Request): Request {
  const { md5, partsMd5, sha256, summary } = request;
  if (![md5, partsMd5].every((hash) => isHex(hash, 32)) || !isHex(sha256, 64))
    throw new UploadError("invalid_request", "Checksums are lower-case hexadecimal.");
  return summary === undefined ? request : { ...request, summary: toStorable(summary) };
}

function isHex(text: string | undefined, length: number): boolean {
  return text === undefined || (text.length === length && /^[0-9a-f]+$/.test(text));
}
