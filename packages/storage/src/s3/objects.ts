import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { objectHeadersOf } from "../object-headers.ts";
import { unquoteEtag } from "./etag.ts";
import { callS3, type S3Connection } from "./s3-connection.ts";
import { storageUnavailable } from "./s3-failure.ts";

export interface ObjectHead {
  size: number;
  etag: string;
  contentType: string;
  lastModified: Date;
}

/** `undefined` when there is no such object. */
export async function headObject(s3: S3Connection, key: string): Promise<ObjectHead | undefined> {
  return callS3(s3, {
    type: "head",
    name: "HeadObject",
    httpMethod: "HEAD",
    key,
    send: () => s3.client.send(new HeadObjectCommand({ Bucket: s3.bucket, Key: key })),
    result: ({ ContentLength = 0, ETag = "", ContentType = "", LastModified = new Date(0) }) => ({
      size: ContentLength,
      etag: unquoteEtag(ETag),
      contentType: ContentType,
      lastModified: LastModified,
    }),
    failed: (failure) => {
      if (failure.status === 404) return undefined;
      throw storageUnavailable("HeadObject", failure);
    },
  });
}

/** Some bytes of an object, and what the same answer says of the whole of it. */
export interface ObjectBytes {
  bytes: Uint8Array;
  /** Of the whole object. */
  size: number;
  etag: string;
}

/** The first `length` bytes, or all there are; `undefined` when there is no such object. */
export async function readStart(
  s3: S3Connection,
  { key, length }: { key: string; length: number },
): Promise<ObjectBytes | undefined> {
  // The store finds no first byte in an empty object.
  const answer = await getRange(s3, { key, offset: 0, length });
  return answer === "beyond" ? { bytes: new Uint8Array(), size: 0, etag: "" } : answer;
}

/** Up to `length` bytes from `offset`; empty beyond the end, `undefined` when there is no such object. */
export async function readRange(
  s3: S3Connection,
  range: { key: string; offset: number; length: number },
): Promise<Uint8Array | undefined> {
  const answer = await getRange(s3, range);
  return answer === "beyond" ? new Uint8Array() : answer?.bytes;
}

async function getRange(
  s3: S3Connection,
  { key, offset, length }: { key: string; offset: number; length: number },
): Promise<ObjectBytes | "beyond" | undefined> {
  return callS3<GetObjectCommandOutput, ObjectBytes | "beyond" | undefined>(s3, {
    type: "download",
    name: "GetObject",
    httpMethod: "GET",
    key,
    send: () =>
      s3.client.send(
        new GetObjectCommand({
          Bucket: s3.bucket,
          Key: key,
          Range: `bytes=${offset}-${offset + length - 1}`,
        }),
      ),
    result: async ({ Body, ContentLength = 0, ContentRange = "", ETag = "" }) => ({
      bytes: Body === undefined ? new Uint8Array() : await Body.transformToByteArray(),
      size: Number(/\/(\d+)$/.exec(ContentRange)?.[1] ?? ContentLength),
      etag: unquoteEtag(ETag),
    }),
    responseSize: ({ ContentLength }) => ContentLength,
    failed: (failure) => {
      if (failure.status === 404) return undefined;
      if (failure.status === 416) return "beyond";
      throw storageUnavailable("GetObject", failure);
    },
  });
}

/**
 * Writes a small object, whole. Safe to repeat.
 *
 * @param object.md5 Of the bytes, in hex: the store refuses others that arrive in their place.
 * @returns The ETag of what was stored; `undefined` when the outcome is not known.
 */
export async function putObject(
  s3: S3Connection,
  object: { key: string; bytes: Uint8Array; md5: string; contentType: string },
): Promise<string | undefined> {
  const { key, bytes, md5, contentType } = object;
  return callS3(s3, {
    type: "upload",
    name: "PutObject",
    httpMethod: "PUT",
    key,
    requestSize: bytes.length,
    send: () =>
      s3.onceClient.send(
        new PutObjectCommand({
          Bucket: s3.bucket,
          Key: key,
          Body: bytes,
          ContentType: contentType,
          ...objectHeadersOf(key),
          ContentMD5: Buffer.from(md5, "hex").toString("base64"),
        }),
      ),
    result: ({ ETag = "" }): string | undefined => unquoteEtag(ETag),
    failed: () => undefined,
  });
}

export interface ListedObject {
  key: string;
  size: number;
  etag: string;
  lastModified: Date;
}

/**
 * One page of keys after `marker`, in order. The first version of the call: pages of the second are on DigitalOcean's
 * list of known issues.
 *
 * @throws {UploadError} `storage_unavailable`, also if the keys do not go up: then some may be missing.
 */
export async function listObjects(
  s3: S3Connection,
  { prefix, marker }: { prefix: string; marker?: string },
): Promise<{ objects: ListedObject[]; nextMarker: string | undefined }> {
  return callS3(s3, {
    type: "list",
    name: "ListObjects",
    httpMethod: "GET",
    key: prefix,
    send: () =>
      s3.client.send(
        new ListObjectsCommand({
          Bucket: s3.bucket,
          Prefix: prefix,
          // XML cannot carry every key that somebody else may have made.
          EncodingType: "url",
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      ),
    result: ({ Contents = [], IsTruncated = false, NextMarker, EncodingType }) => {
      const decode = EncodingType === "url" ? decodeKey : (key: string) => key;
      const objects = Contents.map(({ Key = "", Size = 0, ETag = "", LastModified = new Date(0) }) => ({
        key: decode(Key),
        size: Size,
        etag: unquoteEtag(ETag),
        lastModified: LastModified,
      }));
      requireAscending(marker, objects);
      const last = NextMarker === undefined ? objects.at(-1)?.key : decode(NextMarker);
      return { objects, nextMarker: IsTruncated ? last : undefined };
    },
    failed: (failure) => {
      throw storageUnavailable("ListObjects", failure);
    },
  });
}

/** Amazon writes a space as `+`, the others as `%20`; all write a plus as `%2B`. */
function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll("+", " "));
}

function requireAscending(marker: string | undefined, objects: readonly ListedObject[]): void {
  let before = marker === undefined ? undefined : Buffer.from(marker);
  for (const { key } of objects) {
    const current = Buffer.from(key);
    if (before !== undefined && Buffer.compare(before, current) >= 0) throw new Error("keys out of order");
    before = current;
  }
}

/** Rejects unless the bucket is there and the key may use it. */
export async function headBucket(s3: S3Connection): Promise<void> {
  await callS3(s3, {
    type: "head",
    name: "HeadBucket",
    httpMethod: "HEAD",
    key: null,
    send: () => s3.client.send(new HeadBucketCommand({ Bucket: s3.bucket })),
    result: () => undefined,
    failed: (failure) => {
      throw storageUnavailable("HeadBucket", failure);
    },
  });
}
