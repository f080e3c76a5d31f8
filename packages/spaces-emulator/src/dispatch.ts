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
import { postObject } from "./post-form.ts";
import { accessDenied, notImplemented, S3Error } from "./s3-error.ts";
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

/** Which operation a request is: S3 tells them apart by method, path, query and headers. */
export async function dispatch(
  context: HandlerContext,
  credentials: readonly Credentials[],
): Promise<Answer> {
  const { request, verified } = context;
  const { method, query, bucket: bucketName, key } = request;
  const unsupported = UNSUPPORTED.find((name) => query.has(name));
  if (unsupported !== undefined) throw notImplemented(unsupported);
  if (bucketName === undefined) {
    if (method === "GET") return listBuckets(context);
    throw methodNotAllowed();
  }

  const isForm = method === "POST" && key === undefined && !query.has("delete");
  const isRead =
    (method === "GET" || method === "HEAD") &&
    key !== undefined &&
    !query.has("uploadId") &&
    !query.has("acl");
  if (verified === undefined && !isForm && !isRead) throw accessDenied();
  if (method === "PUT" && key === undefined && documentName(query) === undefined)
    return createBucket(context, bucketName);
  const bucket = getBucket(context, bucketName);

  if (key === undefined) {
    const document = documentName(query);
    if (document !== undefined) return bucketDocument(context, bucket, document);
    if (isForm) return postObject(context, bucket, credentials);
    switch (method) {
      case "GET":
        if (query.has("location")) return xmlAnswer("LocationConstraint", {});
        return query.has("uploads") ? listUploads(context, bucket) : listObjects(context, bucket);
      case "HEAD":
        return { status: 200 };
      case "DELETE":
        return deleteBucket(context, bucket);
      case "POST":
        return deleteObjects(context, bucket);
      default:
        throw methodNotAllowed();
    }
  }

  if (query.has("acl") && (method === "GET" || method === "PUT")) return objectAcl(context, bucket, key);
  const isCopy = request.headers["x-amz-copy-source"] !== undefined;
  const hasUploadId = query.has("uploadId");
  switch (method) {
    case "GET":
    case "HEAD":
      return hasUploadId ? listParts(context, bucket, key) : getObject(context, bucket, key);
    case "PUT":
      if (hasUploadId)
        return isCopy ? uploadPartCopy(context, bucket, key) : uploadPart(context, bucket, key);
      return isCopy ? copyObject(context, bucket, key) : putObject(context, bucket, key);
    case "POST":
      if (query.has("uploads")) return createMultipartUpload(context, bucket, key);
      if (hasUploadId) return completeMultipartUpload(context, bucket, key);
      throw methodNotAllowed();
    case "DELETE":
      return hasUploadId ? abortMultipartUpload(context, bucket, key) : deleteObject(context, bucket, key);
    default:
      throw methodNotAllowed();
  }
}

function methodNotAllowed(): S3Error {
  return new S3Error(405, "MethodNotAllowed");
}
