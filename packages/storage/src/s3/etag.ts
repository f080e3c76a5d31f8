import { createHash } from "node:crypto";

const MD5_HEX = /^[0-9a-f]{32}$/;

/** Takes S3's quotes away; everywhere inside, ETags are bare. */
export function unquoteEtag(etag: string): string {
  return etag.replace(/^(?:W\/)?"?/, "").replace(/"$/, "");
}

/** Whether a part's ETag is the MD5 of its bytes; it is not where a store encrypts with its own keys. */
export function isMd5Etag(etag: string): boolean {
  return MD5_HEX.test(etag);
}

/** The ETag of an object assembled from these parts, or `undefined` if their ETags are not MD5s. */
export function multipartEtag(partEtags: readonly string[]): string | undefined {
  if (!partEtags.every(isMd5Etag)) return undefined;
  const hash = createHash("md5");
  for (const etag of partEtags) hash.update(etag, "hex");
  return `${hash.digest("hex")}-${partEtags.length}`;
}
