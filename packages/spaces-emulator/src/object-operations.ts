import { rm } from "node:fs/promises";
import { type Answer, xmlAnswer } from "./answer.ts";
import { parseRange, sliceBlobs } from "./byte-range.ts";
import { copySource } from "./copy-source.ts";
import type { Bucket, StoredObject } from "./disk.ts";
import type { HandlerContext } from "./handler-context.ts";
import { keptHeaders, objectHeaders, overriddenHeaders, readAcl } from "./object-headers.ts";
import { checkCopyCondition, checkReadConditions, checkWriteConditions } from "./preconditions.ts";
import { readSmallBody, receiveBody } from "./receive-body.ts";
import { accessDenied, invalidArgument, malformedXml, noSuchKey } from "./s3-error.ts";
import { readXml } from "./xml.ts";

export async function putObject(context: HandlerContext, bucket: Bucket, key: string): Promise<Answer> {
  const { disk, request, verified } = context;
  checkWriteConditions(request.headers, bucket.objects.get(key));
  const acl = readAcl(request.headers["x-amz-acl"]);
  const body = await receiveBody(request, verified, disk.tempFile());
  try {
    // Again, now that the bytes are here: two writers with If-None-Match may have raced.
    checkWriteConditions(request.headers, bucket.objects.get(key));
  } catch (error) {
    await rm(body.file, { force: true });
    throw error;
  }
  const blob = await disk.keep(body.file, body.size);
  const object: StoredObject = {
    key,
    size: body.size,
    etag: body.md5,
    lastModified: new Date().toISOString(),
    headers: keptHeaders(request),
    acl,
    blobs: [blob],
  };
  await disk.saveObject(bucket, object);
  return { status: 200, headers: { etag: `"${object.etag}"` } };
}

export async function copyObject(context: HandlerContext, bucket: Bucket, key: string): Promise<Answer> {
  const { disk, request } = context;
  const { object: source, bucket: sourceBucket } = copySource(context);
  checkCopyCondition(request.headers, source);
  const replaces = request.headers["x-amz-metadata-directive"] === "REPLACE";
  if (source.key === key && sourceBucket === bucket && !replaces) {
    throw invalidArgument("A copy onto itself must change something.");
  }
  const acl = readAcl(request.headers["x-amz-acl"]);
  const blobs = await Promise.all(source.blobs.map((blob) => disk.share(blob)));
  const object: StoredObject = {
    key,
    size: source.size,
    etag: source.etag,
    lastModified: new Date().toISOString(),
    headers: replaces ? keptHeaders(request) : source.headers,
    acl,
    blobs,
  };
  await disk.saveObject(bucket, object);
  return xmlAnswer("CopyObjectResult", { LastModified: object.lastModified, ETag: `"${object.etag}"` });
}

export function getObject(context: HandlerContext, bucket: Bucket, key: string): Answer {
  const { disk, request, verified } = context;
  const object = bucket.objects.get(key);
  if (verified === undefined && object?.acl !== "public-read") throw accessDenied();
  if (object === undefined) throw noSuchKey();
  checkReadConditions(request.headers, object);
  const range = parseRange(request.headers.range, object.size);
  const length = range === undefined ? object.size : range.end - range.start + 1;
  const headers = {
    ...objectHeaders(object),
    ...(verified === undefined ? {} : overriddenHeaders(request)),
    "content-length": String(length),
    ...(range === undefined ? {} : { "content-range": `bytes ${range.start}-${range.end}/${object.size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (request.method === "HEAD" || length === 0) return { status, headers };
  const pieces = sliceBlobs(object.blobs, range ?? { start: 0, end: object.size - 1 });
  const stream = pieces.map(({ blob, start, end }) => ({ file: disk.blobFile(blob), start, end }));
  return { status, headers, stream, release: disk.hold(pieces.map(({ blob }) => blob)) };
}

export async function deleteObject({ disk }: HandlerContext, bucket: Bucket, key: string): Promise<Answer> {
  await disk.removeObject(bucket, key);
  return { status: 204 };
}

export async function deleteObjects(
  { disk, request, verified }: HandlerContext,
  bucket: Bucket,
): Promise<Answer> {
  const document = readXml(await readSmallBody(request, verified), "Delete");
  const keys = document.all("Object").map((object) => object.text("Key"));
  if (keys.length === 0 || keys.length > 1000) throw malformedXml();
  const deleted: string[] = [];
  for (const key of keys) {
    if (key === undefined || key === "") throw malformedXml();
    await disk.removeObject(bucket, key);
    deleted.push(key);
  }
  const isQuiet = document.text("Quiet") === "true";
  return xmlAnswer("DeleteResult", { Deleted: isQuiet ? [] : deleted.map((key) => ({ Key: key })) });
}

export async function objectAcl(
  { disk, request, verified }: HandlerContext,
  bucket: Bucket,
  key: string,
): Promise<Answer> {
  const object = bucket.objects.get(key);
  if (object === undefined) throw noSuchKey();
  if (request.method === "PUT") {
    await readSmallBody(request, verified);
    // The same bytes under shared names: replacing the object drops the old names.
    const blobs = await Promise.all(object.blobs.map((blob) => disk.share(blob)));
    await disk.saveObject(bucket, { ...object, acl: readAcl(request.headers["x-amz-acl"]), blobs });
    return { status: 200 };
  }
  const owner = { ID: "owner", DisplayName: "owner" };
  const grants = [{ Grantee: owner, Permission: "FULL_CONTROL" }];
  const everyone = {
    Grantee: { URI: "http://acs.amazonaws.com/groups/global/AllUsers" },
    Permission: "READ",
  };
  return xmlAnswer("AccessControlPolicy", {
    Owner: owner,
    AccessControlList: { Grant: object.acl === "public-read" ? [...grants, everyone] : grants },
  });
}
