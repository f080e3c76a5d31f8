import { type Answer, xmlAnswer } from "./answer.ts";
import { parseCors } from "./cors.ts";
import type { Bucket } from "./disk.ts";
import type { HandlerContext } from "./handler-context.ts";
import { readSmallBody } from "./receive-body.ts";
import { accessDenied, noSuchBucket, S3Error } from "./s3-error.ts";
import { readXml } from "./xml.ts";

/** Sub-resources kept as documents: their root element, and what a bucket without one answers. */
const DOCUMENTS: Record<string, { root: string; missing: string | undefined }> = {
  cors: { root: "CORSConfiguration", missing: "NoSuchCORSConfiguration" },
  lifecycle: { root: "LifecycleConfiguration", missing: "NoSuchLifecycleConfiguration" },
  versioning: { root: "VersioningConfiguration", missing: undefined },
};

export function documentName(query: URLSearchParams): string | undefined {
  return Object.keys(DOCUMENTS).find((name) => query.has(name));
}

export function listBuckets({ disk, verified }: HandlerContext): Answer {
  if (verified === undefined) throw accessDenied();
  return xmlAnswer("ListAllMyBucketsResult", {
    Owner: { ID: "owner", DisplayName: "owner" },
    Buckets: {
      Bucket: [...disk.buckets.values()].map(({ name, created }) => ({ Name: name, CreationDate: created })),
    },
  });
}

export async function createBucket(context: HandlerContext, name: string): Promise<Answer> {
  const { disk, request, verified } = context;
  if (verified === undefined) throw accessDenied();
  if (!/^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || name.includes("..")) {
    throw new S3Error(400, "InvalidBucketName");
  }
  await readSmallBody(request, verified);
  if (!disk.buckets.has(name)) {
    await disk.saveBucket({ name, created: new Date().toISOString(), documents: {}, objects: new Map() });
  }
  return { status: 200, headers: { location: `/${name}` } };
}

export async function deleteBucket({ disk }: HandlerContext, bucket: Bucket): Promise<Answer> {
  const hasUploads = [...disk.uploads.values()].some((upload) => upload.bucket === bucket.name);
  if (bucket.objects.size > 0 || hasUploads) throw new S3Error(409, "BucketNotEmpty");
  await disk.removeBucket(bucket);
  return { status: 204 };
}

export async function bucketDocument(context: HandlerContext, bucket: Bucket, name: string): Promise<Answer> {
  const { disk, request, verified } = context;
  const { root, missing } = DOCUMENTS[name] ?? { root: "", missing: undefined };
  if (request.method === "GET") {
    const document = bucket.documents[name];
    if (document !== undefined)
      return { status: 200, headers: { "content-type": "application/xml" }, body: document };
    if (missing !== undefined) throw new S3Error(404, missing);
    return xmlAnswer(root, {});
  }
  if (request.method === "PUT") {
    const document = await readSmallBody(request, verified);
    readXml(document, root);
    if (name === "cors") parseCors(document);
    bucket.documents[name] = document;
    await disk.saveBucket(bucket);
    return { status: 200 };
  }
  if (request.method === "DELETE") {
    delete bucket.documents[name];
    await disk.saveBucket(bucket);
    return { status: 204 };
  }
  throw new S3Error(405, "MethodNotAllowed");
}

export function getBucket({ disk }: HandlerContext, name: string): Bucket {
  const bucket = disk.buckets.get(name);
  if (bucket === undefined) throw noSuchBucket(name);
  return bucket;
}
