import type { Readable } from "node:stream";
import { UploadPartCommand } from "@aws-sdk/client-s3";
import { unquoteEtag } from "./etag.ts";
import { callS3, type S3Connection } from "./s3-connection.ts";
import { storageUnavailable } from "./s3-failure.ts";

/** A part may take this long, and a second more for every megabyte. */
const PART_LIMIT_MS = 120_000;

interface PartTarget {
  key: string;
  uploadId: string;
  partNumber: number;
}

/**
 * Sends one part that is in memory. The store refuses other bytes than these.
 *
 * @param part.md5 Of the bytes, in hex.
 * @returns Its ETag; `undefined` where the store knows no such upload (any more).
 */
export function uploadPart(
  s3: S3Connection,
  part: PartTarget & { bytes: Uint8Array; md5: string },
): Promise<string | undefined> {
  const ContentMD5 = Buffer.from(part.md5, "hex").toString("base64");
  return send(s3, s3.client, { ...part, size: part.bytes.length, body: { Body: part.bytes, ContentMD5 } });
}

/** Sends one part as it comes, once. Whoever makes the bytes holds the ETag against them. */
export function streamPart(
  s3: S3Connection,
  part: PartTarget & { body: Readable; size: number },
): Promise<string | undefined> {
  return send(s3, s3.onceClient, { ...part, body: { Body: part.body } });
}

function send(
  s3: S3Connection,
  client: S3Connection["client"],
  part: PartTarget & { size: number; body: { Body: Uint8Array | Readable; ContentMD5?: string } },
): Promise<string | undefined> {
  const { key, uploadId, partNumber, size, body } = part;
  return callS3(s3, {
    type: "upload",
    name: "UploadPart",
    httpMethod: "PUT",
    key,
    requestSize: size,
    send: () =>
      client.send(
        new UploadPartCommand({
          Bucket: s3.bucket,
          Key: key,
          UploadId: uploadId,
          PartNumber: partNumber,
          ContentLength: size,
          ...body,
        }),
        {
          requestTimeout: PART_LIMIT_MS + Math.ceil(size / 1_000),
          ...(s3.signal && { abortSignal: s3.signal }),
        },
      ),
    result: ({ ETag = "" }): string | undefined => unquoteEtag(ETag),
    failed: (failure) => {
      if (failure.status === 404 && failure.code !== "NoSuchBucket") return undefined;
      throw storageUnavailable("UploadPart", failure);
    },
  });
}
