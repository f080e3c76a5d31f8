import type { StoredPart } from "@audiotricks/protocol/messages";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { objectHeadersOf } from "../object-headers.ts";
import { unquoteEtag } from "./etag.ts";
import { callS3, type S3Connection } from "./s3-connection.ts";
import { type S3Failure, storageUnavailable, wasNeverSent } from "./s3-failure.ts";
import { uriEncodePath } from "./uri-encode.ts";

/** Sent once: an answer lost and repeated would leave an upload that nobody knows. */
export async function createMultipartUpload(
  s3: S3Connection,
  {
    key,
    contentType,
    contentEncoding,
  }: { key: string; contentType: string; contentEncoding?: string | null },
): Promise<string> {
  return callS3(s3, {
    type: "upload",
    name: "CreateMultipartUpload",
    httpMethod: "POST",
    key,
    send: () =>
      s3.onceClient.send(
        new CreateMultipartUploadCommand({
          Bucket: s3.bucket,
          Key: key,
          ContentType: contentType,
          ...(contentEncoding ? { ContentEncoding: contentEncoding } : {}),
          ...objectHeadersOf(key),
        }),
      ),
    result: ({ UploadId }) => {
      if (UploadId === undefined || UploadId === "") throw new Error("no upload id in the answer");
      return UploadId;
    },
    failed: (failure) => {
      throw storageUnavailable("CreateMultipartUpload", failure);
    },
  });
}

/** All parts of an upload, by number; `undefined` when the store knows no such upload (any more). */
export async function listParts(
  s3: S3Connection,
  { key, uploadId }: { key: string; uploadId: string },
): Promise<StoredPart[] | undefined> {
  const parts: StoredPart[] = [];
  for (let marker = 0; ; ) {
    const page = await callS3(s3, {
      type: "list",
      name: "ListParts",
      httpMethod: "GET",
      key,
      send: () =>
        s3.client.send(
          new ListPartsCommand({
            Bucket: s3.bucket,
            Key: key,
            UploadId: uploadId,
            ...(marker === 0 ? {} : { PartNumberMarker: String(marker) }),
          }),
        ),
      result: ({ Parts = [], IsTruncated = false }) => ({
        isLast: !IsTruncated || Parts.length === 0,
        parts: Parts.map(({ PartNumber = 0, Size = 0, ETag = "" }) => ({
          partNumber: PartNumber,
          size: Size,
          etag: unquoteEtag(ETag),
        })),
      }),
      // Ceph says NoSuchKey where Amazon says NoSuchUpload.
      failed: (failure) => absentWhen(failure, ["NoSuchUpload", "NoSuchKey"], "ListParts"),
    });
    if (page === undefined) return undefined;
    parts.push(...page.parts);
    if (page.isLast) return parts;
    marker = page.parts.at(-1)?.partNumber ?? marker;
  }
}

/** An upload under way, as the store lists it. */
export interface ListedUpload {
  key: string;
  uploadId: string;
  initiatedAt: Date;
}

/** Where a page begins: after this key, and among uploads to the same key after this id. Empty for the first. */
type UploadMarker = Pick<ListedUpload, "key" | "uploadId">;

/** All uploads under way whose keys begin with `prefix`, a page at a time. */
export async function* listUploads(s3: S3Connection, prefix: string): AsyncGenerator<ListedUpload[]> {
  for (let after: UploadMarker | undefined = { key: "", uploadId: "" }; after !== undefined; ) {
    const page = await listUploadsPage(s3, prefix, after);
    yield page.uploads;
    after = page.next;
  }
}

/** One page of them, in the order of their keys. */
export async function listUploadsPage(
  s3: S3Connection,
  prefix: string,
  after: UploadMarker,
): Promise<{ uploads: ListedUpload[]; next: UploadMarker | undefined }> {
  const marker = after.key === "" ? {} : { KeyMarker: after.key, UploadIdMarker: after.uploadId };
  return callS3(s3, {
    type: "list",
    name: "ListMultipartUploads",
    httpMethod: "GET",
    key: prefix,
    send: () =>
      s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.bucket, Prefix: prefix, ...marker })),
    result: ({ Uploads = [], IsTruncated = false, NextKeyMarker = "", NextUploadIdMarker = "" }) => ({
      uploads: Uploads.map(({ Key = "", UploadId = "", Initiated = new Date() }) => ({
        key: Key,
        uploadId: UploadId,
        initiatedAt: Initiated,
      })),
      next:
        IsTruncated && NextKeyMarker !== ""
          ? { key: NextKeyMarker, uploadId: NextUploadIdMarker }
          : undefined,
    }),
    failed: (failure) => {
      throw storageUnavailable("ListMultipartUploads", failure);
    },
  });
}

/** Ids of all uploads under way at exactly this key. */
export async function listUploadsAt(s3: S3Connection, wanted: string): Promise<string[]> {
  const uploadIds: string[] = [];
  for await (const page of listUploads(s3, wanted)) {
    for (const { key, uploadId } of page) if (key === wanted) uploadIds.push(uploadId);
  }
  return uploadIds;
}

/** Safe to repeat: an upload that is already gone is what was wanted. */
export async function abortMultipartUpload(
  s3: S3Connection,
  { key, uploadId }: { key: string; uploadId: string },
): Promise<void> {
  await callS3(s3, {
    type: "delete",
    name: "AbortMultipartUpload",
    httpMethod: "DELETE",
    key,
    send: () =>
      s3.client.send(new AbortMultipartUploadCommand({ Bucket: s3.bucket, Key: key, UploadId: uploadId })),
    result: () => undefined,
    failed: (failure) => absentWhen(failure, ["NoSuchUpload", "NoSuchKey"], "AbortMultipartUpload"),
  });
}

/**
 * Copies a whole object of this bucket as part 1. At most 5 GB.
 *
 * @returns The part's ETag, the MD5 of the bytes that were copied; `undefined` when there is nothing to copy.
 */
export async function copyPart(
  s3: S3Connection,
  { key, uploadId, from }: { key: string; uploadId: string; from: string },
): Promise<string | undefined> {
  return callS3(s3, {
    type: "copy",
    name: "UploadPartCopy",
    httpMethod: "PUT",
    key,
    send: () =>
      s3.onceClient.send(
        new UploadPartCopyCommand({
          Bucket: s3.bucket,
          Key: key,
          UploadId: uploadId,
          PartNumber: 1,
          CopySource: `${s3.bucket}/${uriEncodePath(from)}`,
        }),
        { requestTimeout: s3.completionLimitMs },
      ),
    result: ({ CopyPartResult }) => unquoteEtag(CopyPartResult?.ETag ?? ""),
    failed: (failure) => absentWhen(failure, ["NoSuchKey", "NoSuchUpload"], "UploadPartCopy"),
  });
}

/**
 * What can be told from the answer to Complete. None of them proves that the object is there, and `unknown` does not
 * prove that it is not.
 */
export type CompleteAnswer =
  | { outcome: "answered" }
  /** The store looked at the request and did nothing, or the request never left. */
  | { outcome: "refused"; failure: S3Failure }
  /** The store failed at it and is no longer at it: it says so itself, and no proxy before it does. */
  | { outcome: "ended"; failure: S3Failure }
  | { outcome: "unknown"; failure: S3Failure };

/** Sent once: two at a time have lost objects on Ceph. Whoever repeats it knows that the first has ended. */
export async function completeMultipartUpload(
  s3: S3Connection,
  upload: { key: string; uploadId: string; parts: readonly { partNumber: number; etag: string }[] },
): Promise<CompleteAnswer> {
  const { key, uploadId, parts } = upload;
  return callS3(s3, {
    type: "upload",
    name: "CompleteMultipartUpload",
    httpMethod: "POST",
    key,
    send: () =>
      s3.onceClient.send(
        new CompleteMultipartUploadCommand({
          Bucket: s3.bucket,
          Key: key,
          UploadId: uploadId,
          MultipartUpload: {
            Parts: parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: `"${etag}"` })),
          },
        }),
        { requestTimeout: s3.completionLimitMs },
      ),
    result: (): CompleteAnswer => ({ outcome: "answered" }),
    failed: (failure) => ({ outcome: outcomeOf(failure), failure }),
  });
}

function outcomeOf(failure: S3Failure): "refused" | "ended" | "unknown" {
  if (wasRefused(failure)) return "refused";
  // Amazon's documentation: such an answer may come with status 200, once the headers are out.
  return failure.code === "InternalError" && failure.status !== undefined ? "ended" : "unknown";
}

function wasRefused(failure: S3Failure): boolean {
  if (wasNeverSent(failure)) return true;
  // Checked before anything is written. 404 is not among them: it also follows a Complete that succeeded.
  return [
    "InvalidPart",
    "InvalidPartOrder",
    "EntityTooSmall",
    "MalformedXML",
    "SlowDown",
    "AccessDenied",
  ].includes(failure.code);
}

function absentWhen(failure: S3Failure, codes: string[], operation: string): undefined {
  if (failure.status === 404 && codes.includes(failure.code)) return undefined;
  throw storageUnavailable(operation, failure);
}
