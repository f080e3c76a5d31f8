import { type Answer, xmlAnswer } from "./answer.ts";
import type { Bucket, StoredObject } from "./disk.ts";
import type { HandlerContext } from "./handler-context.ts";
import { invalidArgument, noSuchKey } from "./s3-error.ts";
import { encodeStrictly } from "./signature.ts";

const MAX_KEYS = 1000;

interface Page {
  contents: StoredObject[];
  commonPrefixes: string[];
  isTruncated: boolean;
  /** The last key or common prefix of this page. */
  last: string | undefined;
}

export function listObjects({ listed, request: { query } }: HandlerContext, bucket: Bucket): Answer {
  const isV2 = query.get("list-type") === "2";
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const maxKeys = readLimit(query, "max-keys");
  const token = query.get("continuation-token");
  const after = isV2 ? (token === null ? query.get("start-after") : decodeToken(token)) : query.get("marker");
  const objects = listed.buckets.get(bucket.name)?.objects ?? new Map();
  const page = collect(objects, { prefix, delimiter, maxKeys, after: after ?? "" });
  const encode = encoder(query);
  const next = page.isTruncated ? page.last : undefined;
  return xmlAnswer("ListBucketResult", {
    Name: bucket.name,
    Prefix: encode(prefix),
    MaxKeys: maxKeys,
    Delimiter: delimiter === "" ? undefined : encode(delimiter),
    EncodingType: query.get("encoding-type") ?? undefined,
    IsTruncated: page.isTruncated,
    ...(isV2
      ? {
          KeyCount: page.contents.length + page.commonPrefixes.length,
          ContinuationToken: token ?? undefined,
          StartAfter: query.get("start-after") ?? undefined,
          NextContinuationToken: next === undefined ? undefined : Buffer.from(next).toString("base64url"),
        }
      : { Marker: encode(after ?? ""), NextMarker: next === undefined ? undefined : encode(next) }),
    Contents: page.contents.map((object) => ({
      Key: encode(object.key),
      LastModified: object.lastModified,
      ETag: `"${object.etag}"`,
      Size: object.size,
      StorageClass: "STANDARD",
    })),
    CommonPrefixes: page.commonPrefixes.map((common) => ({ Prefix: encode(common) })),
  });
}

export function listUploads({ listed, request: { query } }: HandlerContext, bucket: Bucket): Answer {
  const prefix = query.get("prefix") ?? "";
  const maxUploads = readLimit(query, "max-uploads");
  const keyMarker = query.get("key-marker") ?? "";
  const uploadIdMarker = query.get("upload-id-marker") ?? "";
  const encode = encoder(query);
  const found = [...listed.uploads.values()]
    .filter(({ bucket: name, key, uploadId }) => {
      if (name !== bucket.name || !key.startsWith(prefix)) return false;
      return key > keyMarker || (key === keyMarker && uploadIdMarker !== "" && uploadId > uploadIdMarker);
    })
    .sort((a, b) => compare(a.key, b.key) || compare(a.uploadId, b.uploadId));
  const page = found.slice(0, maxUploads);
  const last = found.length > page.length ? page.at(-1) : undefined;
  return xmlAnswer("ListMultipartUploadsResult", {
    Bucket: bucket.name,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: uploadIdMarker,
    NextKeyMarker: last === undefined ? undefined : encode(last.key),
    NextUploadIdMarker: last?.uploadId,
    MaxUploads: maxUploads,
    IsTruncated: last !== undefined,
    Upload: page.map(({ key, uploadId, initiated }) => ({
      Key: encode(key),
      UploadId: uploadId,
      Initiated: initiated,
      StorageClass: "STANDARD",
    })),
  });
}

export function listParts(
  { listed, request: { query } }: HandlerContext,
  bucket: Bucket,
  key: string,
): Answer {
  const uploadId = query.get("uploadId") ?? "";
  const upload = listed.uploads.get(uploadId);
  // Ceph's word for an unknown upload, in this one call.
  if (upload === undefined || upload.bucket !== bucket.name || upload.key !== key) throw noSuchKey();
  const maxParts = readLimit(query, "max-parts");
  const marker = Number(query.get("part-number-marker") ?? 0);
  const parts = [...upload.parts.values()]
    .filter((part) => part.partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const page = parts.slice(0, maxParts);
  return xmlAnswer("ListPartsResult", {
    Bucket: bucket.name,
    Key: key,
    UploadId: uploadId,
    StorageClass: "STANDARD",
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: maxParts,
    IsTruncated: parts.length > page.length,
    Part: page.map(({ partNumber, size, etag, lastModified }) => ({
      PartNumber: partNumber,
      LastModified: lastModified,
      ETag: `"${etag}"`,
      Size: size,
    })),
  });
}

function collect(
  objects: ReadonlyMap<string, StoredObject>,
  {
    prefix,
    delimiter,
    maxKeys,
    after,
  }: { prefix: string; delimiter: string; maxKeys: number; after: string },
): Page {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort(compare);
  const page: Page = { contents: [], commonPrefixes: [], isTruncated: false, last: undefined };
  for (const key of keys) {
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut === -1 ? undefined : key.slice(0, cut + delimiter.length);
    // A common prefix that was given on an earlier page covers all its keys.
    if (common !== undefined && (common === page.commonPrefixes.at(-1) || after.startsWith(common))) continue;
    if (page.contents.length + page.commonPrefixes.length >= maxKeys) {
      page.isTruncated = maxKeys > 0;
      break;
    }
    const object = objects.get(key);
    if (common !== undefined) page.commonPrefixes.push(common);
    else if (object !== undefined) page.contents.push(object);
    page.last = common ?? key;
  }
  return page;
}

/** S3 orders keys by their UTF-8 bytes. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function readLimit(query: URLSearchParams, name: string): number {
  const value = query.get(name);
  if (value === null) return MAX_KEYS;
  const limit = Number(value);
  if (!/^\d+$/.test(value) || limit > 2 ** 31 - 1) throw invalidArgument(`${name}=${value}`);
  return Math.min(limit, MAX_KEYS);
}

function decodeToken(token: string): string {
  return Buffer.from(token, "base64url").toString("utf8");
}

function encoder(query: URLSearchParams): (text: string) => string {
  return query.get("encoding-type") === "url"
    ? (text) => encodeStrictly(text).replaceAll("%2F", "/")
    : (text) => text;
}
