import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
} from "@aws-sdk/client-s3";
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

/** Up to `length` bytes from `offset`; empty beyond the end, `undefined` when there is no such object. */
export async function readRange(
  s3: S3Connection,
  { key, offset, length }: { key: string; offset: number; length: number },
): Promise<Uint8Array | undefined> {
  return callS3(s3, {
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
    result: async ({ Body }) => (Body === undefined ? new Uint8Array() : await Body.transformToByteArray()),
    responseSize: ({ ContentLength }) => ContentLength,
    failed: (failure) => {
      if (failure.status === 404) return undefined;
      if (failure.status === 416) return new Uint8Array();
      throw storageUnavailable("GetObject", failure);
    },
  });
}

/** Safe to repeat: an object that is already gone is what was wanted. */
export async function deleteObject(s3: S3Connection, key: string): Promise<void> {
  await callS3(s3, {
    type: "delete",
    name: "DeleteObject",
    httpMethod: "DELETE",
    key,
    send: () => s3.client.send(new DeleteObjectCommand({ Bucket: s3.bucket, Key: key })),
    result: () => undefined,
    failed: (failure) => {
      if (failure.status === 404 && failure.code === "NoSuchKey") return undefined;
      throw storageUnavailable("DeleteObject", failure);
    },
  });
}

/**
 * One page of keys after `marker`, in order. The first version of the call: pages of the second are on DigitalOcean's
 * list of known issues.
 */
export async function listObjects(
  s3: S3Connection,
  { prefix, marker }: { prefix: string; marker?: string },
): Promise<{ objects: { key: string; size: number; lastModified: Date }[]; nextMarker: string | undefined }> {
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
          ...(marker === undefined ? {} : { Marker: marker }),
        }),
      ),
    result: ({ Contents = [], IsTruncated = false, NextMarker }) => {
      const objects = Contents.map(({ Key = "", Size = 0, LastModified = new Date(0) }) => ({
        key: Key,
        size: Size,
        lastModified: LastModified,
      }));
      return { objects, nextMarker: IsTruncated ? (NextMarker ?? objects.at(-1)?.key) : undefined };
    },
    failed: (failure) => {
      throw storageUnavailable("ListObjects", failure);
    },
  });
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
