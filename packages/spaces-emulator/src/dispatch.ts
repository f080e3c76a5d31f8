import type { Answer } from "./answer.ts";
import { xmlAnswer } from "./answer.ts";
import {
  bucketDocument,
  createBucket,
  deleteBucket,
  documentName,
  getBucket,
  listBuckets,
} from "./bucket-operations.ts";
import type { Bucket } from "./disk.ts";
import type { HandlerContext } from "./handler-context.ts";
import { listObjects, listParts, listUploads } from "./list-operations.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from "./multipart-operations.ts";
import {
  copyObject,
  deleteObject,
  deleteObjects,
  getObject,
  objectAcl,
  putObject,
} from "./object-operations.ts";
import { type Operation, operationOf } from "./operation.ts";
import { postObject } from "./post-form.ts";
import { accessDenied, invalidArgument, notImplemented, S3Error } from "./s3-error.ts";
import type { Credentials } from "./signature.ts";

/** Sub-resources of S3 that neither Spaces nor we have. */
const UNSUPPORTED = [
  "acl-grants",
  "analytics",
  "encryption",
  "inventory",
  "legal-hold",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "ownershipControls",
  "policy",
  "publicAccessBlock",
  "replication",
  "requestPayment",
  "restore",
  "retention",
  "select",
  "tagging",
  "torrent",
  "website",
  "accelerate",
  "intelligent-tiering",
  "uploads-policy",
];

/** Hands a request to the operation that it asks for, if whoever sent it may ask. */
export async function dispatch(
  context: HandlerContext,
  credentials: readonly Credentials[],
): Promise<Answer> {
  const { request, verified } = context;
  const { method, query, bucket: bucketName, key } = request;
  const unsupported = UNSUPPORTED.find((name) => query.has(name));
  if (unsupported !== undefined) throw notImplemented(unsupported);
  const operation = operationOf(request);
  if (bucketName === undefined) {
    if (operation === "ListBuckets") return listBuckets(context);
    throw methodNotAllowed();
  }

  const isForm = method === "POST" && key === undefined && !query.has("delete");
  const isRead = (operation === "GetObject" || operation === "HeadObject") && !query.has("acl");
  if (verified === undefined && !isForm && !isRead) throw accessDenied();
  const storageClass = request.headers["x-amz-storage-class"];
  if (storageClass !== undefined && storageClass !== "STANDARD")
    throw invalidArgument(`Storage class ${storageClass}`);
  if (operation === "CreateBucket") return createBucket(context, bucketName);
  const bucket = getBucket(context, bucketName);
  if (key === undefined) {
    const document = documentName(query);
    return document === undefined
      ? onBucket(operation, context, bucket, credentials)
      : bucketDocument(context, bucket, document);
  }
  return onObject(operation, context, bucket, key);
}

function onBucket(
  operation: Operation | undefined,
  context: HandlerContext,
  bucket: Bucket,
  credentials: readonly Credentials[],
): Answer | Promise<Answer> {
  switch (operation) {
    case "PostObject":
      return postObject(context, bucket, credentials);
    case "GetBucketLocation":
      return xmlAnswer("LocationConstraint", {});
    case "ListMultipartUploads":
      return listUploads(context, bucket);
    case "ListObjects":
    case "ListObjectsV2":
      return listObjects(context, bucket);
    case "HeadBucket":
      return { status: 200 };
    case "DeleteBucket":
      return deleteBucket(context, bucket);
    case "DeleteObjects":
      return deleteObjects(context, bucket);
    default:
      throw methodNotAllowed();
  }
}

function onObject(
  operation: Operation | undefined,
  context: HandlerContext,
  bucket: Bucket,
  key: string,
): Answer | Promise<Answer> {
  switch (operation) {
    case "GetObjectAcl":
    case "PutObjectAcl":
      return objectAcl(context, bucket, key);
    case "ListParts":
      return listParts(context, bucket, key);
    case "GetObject":
    case "HeadObject":
      return getObject(context, bucket, key);
    case "UploadPartCopy":
      return uploadPartCopy(context, bucket, key);
    case "UploadPart":
      return uploadPart(context, bucket, key);
    case "CopyObject":
      return copyObject(context, bucket, key);
    case "PutObject":
      return putObject(context, bucket, key);
    case "CreateMultipartUpload":
      return createMultipartUpload(context, bucket, key);
    case "CompleteMultipartUpload":
      return completeMultipartUpload(context, bucket, key);
    case "AbortMultipartUpload":
      return abortMultipartUpload(context, bucket, key);
    case "DeleteObject":
      return deleteObject(context, bucket, key);
    default:
      throw methodNotAllowed();
  }
}

function methodNotAllowed(): S3Error {
  return new S3Error(405, "MethodNotAllowed");
}
