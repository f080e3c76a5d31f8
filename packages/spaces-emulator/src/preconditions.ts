import type { StoredObject } from "./disk.ts";
import { S3Error } from "./s3-error.ts";
import type { S3Request } from "./s3-request.ts";

/** RFC 9110's order: If-Match before If-Unmodified-Since, If-None-Match before If-Modified-Since. */
export function checkReadConditions(headers: S3Request["headers"], object: StoredObject): void {
  const notModified = (): S3Error => new S3Error(304, "NotModified");
  const modified = Math.floor(Date.parse(object.lastModified) / 1000);
  const ifMatch = headers["if-match"];
  const ifNoneMatch = headers["if-none-match"];
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, object.etag)) throw failed();
  } else if (seconds(headers["if-unmodified-since"]) < modified) throw failed();
  if (ifNoneMatch !== undefined) {
    if (matchesEtag(ifNoneMatch, object.etag)) throw notModified();
  } else if (seconds(headers["if-modified-since"]) >= modified) throw notModified();
}

/** On PUT: `If-None-Match: *` writes only where nothing is, `If-Match` only over what was read. */
export function checkWriteConditions(
  headers: S3Request["headers"],
  existing: StoredObject | undefined,
): void {
  const ifMatch = headers["if-match"];
  const ifNoneMatch = headers["if-none-match"];
  if (ifMatch !== undefined && (existing === undefined || !matchesEtag(ifMatch, existing.etag)))
    throw failed();
  if (ifNoneMatch !== undefined && existing !== undefined && matchesEtag(ifNoneMatch, existing.etag))
    throw failed();
}

/** On a copy of an object, by the name that Ceph reads; that of S3's documentation it does not. */
export function checkCopyCondition(headers: S3Request["headers"], source: StoredObject): void {
  const ifMatch = headers["x-amz-copy-if-match"];
  if (ifMatch !== undefined && !matchesEtag(ifMatch, source.etag)) throw failed();
}

function matchesEtag(list: string, etag: string): boolean {
  return list.split(",").some((item) => {
    const wanted = item.trim().replace(/^W\//, "").replace(/^"|"$/g, "");
    return wanted === "*" || wanted === etag;
  });
}

/** NaN, which no comparison holds for, where there is no such header. */
function seconds(date: string | undefined): number {
  return date === undefined ? Number.NaN : Math.floor(Date.parse(date) / 1000);
}

function failed(): S3Error {
  return new S3Error(412, "PreconditionFailed");
}
