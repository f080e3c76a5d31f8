import { documentName } from "./bucket-operations.ts";
import type { S3Request } from "./s3-request.ts";

/** What requests ask for, by S3's names; `Preflight` and `PostObject` are the browser's. */
export const OPERATIONS = [
  "AbortMultipartUpload",
  "CompleteMultipartUpload",
  "CopyObject",
  "CreateBucket",
  "CreateMultipartUpload",
  "DeleteBucket",
  "DeleteBucketSetting",
  "DeleteObject",
  "DeleteObjects",
  "GetBucketLocation",
  "GetBucketSetting",
  "GetObject",
  "GetObjectAcl",
  "HeadBucket",
  "HeadObject",
  "ListBuckets",
  "ListMultipartUploads",
  "ListObjects",
  "ListObjectsV2",
  "ListParts",
  "PostObject",
  "Preflight",
  "PutBucketSetting",
  "PutObject",
  "PutObjectAcl",
  "UploadPart",
  "UploadPartCopy",
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** S3 tells operations apart by method, path, query and headers. @returns `undefined` for what is none. */
export function operationOf(request: S3Request): Operation | undefined {
  if (request.method === "OPTIONS") return "Preflight";
  if (request.bucket === undefined) return request.method === "GET" ? "ListBuckets" : undefined;
  return request.key === undefined ? ofBucket(request) : ofObject(request);
}

function ofBucket({ method, query }: S3Request): Operation | undefined {
  const isSetting = documentName(query) !== undefined;
  switch (method) {
    case "GET":
      if (isSetting) return "GetBucketSetting";
      if (query.has("location")) return "GetBucketLocation";
      if (query.has("uploads")) return "ListMultipartUploads";
      return query.get("list-type") === "2" ? "ListObjectsV2" : "ListObjects";
    case "HEAD":
      return isSetting ? undefined : "HeadBucket";
    case "PUT":
      return isSetting ? "PutBucketSetting" : "CreateBucket";
    case "DELETE":
      return isSetting ? "DeleteBucketSetting" : "DeleteBucket";
    case "POST":
      if (isSetting) return undefined;
      return query.has("delete") ? "DeleteObjects" : "PostObject";
    default:
      return undefined;
  }
}

function ofObject({ method, query, headers }: S3Request): Operation | undefined {
  const isCopy = headers["x-amz-copy-source"] !== undefined;
  const isOfUpload = query.has("uploadId");
  switch (method) {
    case "GET":
      if (query.has("acl")) return "GetObjectAcl";
      return isOfUpload ? "ListParts" : "GetObject";
    case "HEAD":
      return isOfUpload ? "ListParts" : "HeadObject";
    case "PUT":
      if (query.has("acl")) return "PutObjectAcl";
      if (isOfUpload) return isCopy ? "UploadPartCopy" : "UploadPart";
      return isCopy ? "CopyObject" : "PutObject";
    case "POST":
      if (query.has("uploads")) return "CreateMultipartUpload";
      return isOfUpload ? "CompleteMultipartUpload" : undefined;
    case "DELETE":
      return isOfUpload ? "AbortMultipartUpload" : "DeleteObject";
    default:
      return undefined;
  }
}
