import type { StoredObject } from "./disk.ts";
import { invalidArgument } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";

const KEPT = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
];

/** What a PUT says about the object and every GET repeats. */
export function keptHeaders(request: S3Request): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && (KEPT.includes(name) || name.startsWith("x-amz-meta-"))) kept[name] = value;
  }
  // The framing of the transfer is no property of the object.
  const encoding = kept["content-encoding"]?.replace(/^aws-chunked,?\s*/, "");
  if (encoding !== undefined) {
    if (encoding === "") delete kept["content-encoding"];
    else kept["content-encoding"] = encoding;
  }
  return kept;
}

export function readAcl(value: string | null | undefined): StoredObject["acl"] {
  if (value === undefined || value === null || value === "private") return "private";
  if (value === "public-read") return "public-read";
  throw invalidArgument(`ACL ${value}`);
}

export function objectHeaders(object: StoredObject): Record<string, string> {
  return {
    "content-type": "binary/octet-stream",
    ...object.headers,
    etag: `"${object.etag}"`,
    "last-modified": new Date(object.lastModified).toUTCString(),
    "accept-ranges": "bytes",
  };
}

/** `response-content-type` and its kind: only a signed request may choose them. */
export function overriddenHeaders(request: S3Request): Record<string, string> {
  const overridden: Record<string, string> = {};
  for (const name of KEPT) {
    const value = request.query.get(`response-${name}`);
    if (value !== null) overridden[name] = value;
  }
  return overridden;
}
