import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { type Answer, xmlAnswer } from "./answer.ts";
import { parseRange, sliceBlobs } from "./byte-range.ts";
import { copySource } from "./copy-source.ts";
import type { Bucket, StoredObject, StoredPart, Upload } from "./disk.ts";
import type { HandlerContext } from "./handler-context.ts";
import { keptHeaders, readAcl } from "./object-headers.ts";
import { readSmallBody, receiveBody, writeHashed } from "./receive-body.ts";
import { invalidArgument, malformedXml, noSuchUpload, S3Error } from "./s3-error.ts";
import { readXml } from "./xml.ts";

const MIN_PART_SIZE = 5 * 1024 * 1024;

export async function createMultipartUpload(
  { disk, request }: HandlerContext,
  bucket: Bucket,
  key: string,
): Promise<Answer> {
  const upload: Upload = {
    // Ceph's look: `2~` and a random text.
    uploadId: `2~${randomBytes(24).toString("base64url")}`,
    bucket: bucket.name,
    key,
    initiated: new Date().toISOString(),
    headers: keptHeaders(request),
    acl: readAcl(request.headers["x-amz-acl"]),
    parts: new Map(),
  };
  await disk.saveUpload(upload);
  return xmlAnswer("InitiateMultipartUploadResult", {
    Bucket: bucket.name,
    Key: key,
    UploadId: upload.uploadId,
  });
}

export async function uploadPart(context: HandlerContext, bucket: Bucket, key: string): Promise<Answer> {
  const { disk, request, verified } = context;
  const upload = findUpload(context, bucket, key);
  const partNumber = readPartNumber(request.query);
  const body = await receiveBody(request, verified, disk.tempFile());
  const blob = await disk.keep(body.file, body.size);
  const part = { partNumber, size: body.size, etag: body.md5, lastModified: new Date().toISOString(), blob };
  if (!(await disk.savePart(upload, part))) throw noSuchUpload();
  return { status: 200, headers: { etag: `"${part.etag}"` } };
}

export async function uploadPartCopy(context: HandlerContext, bucket: Bucket, key: string): Promise<Answer> {
  const { disk, request } = context;
  const upload = findUpload(context, bucket, key);
  const partNumber = readPartNumber(request.query);
  const { object: source } = copySource(context);
  const range = parseRange(request.headers["x-amz-copy-source-range"], source.size) ?? {
    start: 0,
    end: source.size - 1,
  };
  const pieces = sliceBlobs(source.blobs, range).map(({ blob, start, end }) =>
    createReadStream(disk.blobFile(blob), { start, end }),
  );
  const file = disk.tempFile();
  const release = disk.hold(source.blobs);
  try {
    const hashed = await writeHashed(Readable.from(concatenate(pieces), { objectMode: false }), file);
    return await keepCopiedPart(context, upload, partNumber, { file, ...hashed });
  } finally {
    await release();
  }
}

async function keepCopiedPart(
  { disk }: HandlerContext,
  upload: Upload,
  partNumber: number,
  { file, size, md5 }: { file: string; size: number; md5: string },
): Promise<Answer> {
  const blob = await disk.keep(file, size);
  const lastModified = new Date().toISOString();
  if (!(await disk.savePart(upload, { partNumber, size, etag: md5, lastModified, blob })))
    throw noSuchUpload();
  return xmlAnswer("CopyPartResult", { LastModified: lastModified, ETag: `"${md5}"` });
}

export async function abortMultipartUpload(
  context: HandlerContext,
  bucket: Bucket,
  key: string,
): Promise<Answer> {
  await context.disk.removeUpload(findUpload(context, bucket, key));
  return { status: 204 };
}

/** Uploads whose Complete is being worked on: a second one at the same time gets Ceph's 500. */
const completing = new WeakSet<Upload>();

export async function completeMultipartUpload(
  context: HandlerContext,
  bucket: Bucket,
  key: string,
): Promise<Answer> {
  const { disk, request, verified } = context;
  const uploadId = request.query.get("uploadId") ?? "";
  const document = readXml(await readSmallBody(request, verified), "CompleteMultipartUpload");
  const listed = document.all("Part").map((part) => ({
    partNumber: Number(part.text("PartNumber")),
    etag: (part.text("ETag") ?? "").replace(/^"|"$/g, ""),
  }));
  if (listed.length === 0 || listed.some((part) => !Number.isInteger(part.partNumber))) throw malformedXml();

  const existing = bucket.objects.get(key);
  if (existing?.uploadId === uploadId) return completed(context, bucket, existing, existing.etag);
  const upload = disk.uploads.get(uploadId);
  if (upload === undefined || upload.bucket !== bucket.name || upload.key !== key || completing.has(upload)) {
    // Unknown, aborted and already being completed: Ceph says the same of all three.
    throw new S3Error(500, "InternalError", "This multipart completion is already in progress");
  }
  completing.add(upload);
  try {
    await context.beforeCompletion?.();
    const parts = checkParts(upload, listed);
    const object: StoredObject = {
      key,
      size: parts.reduce((sum, part) => sum + part.size, 0),
      etag: multipartEtag(parts),
      lastModified: new Date().toISOString(),
      headers: upload.headers,
      acl: upload.acl,
      blobs: parts.map((part) => part.blob),
      uploadId,
    };
    await disk.saveObject(bucket, object);
    await disk.removeUpload(upload, object.blobs);
    // Ceph's first answer has an empty ETag; only a repeated one tells it.
    return completed(context, bucket, object, "");
  } finally {
    completing.delete(upload);
  }
}

function completed({ request }: HandlerContext, bucket: Bucket, object: StoredObject, etag: string): Answer {
  return xmlAnswer("CompleteMultipartUploadResult", {
    Location: `http://${request.headers.host ?? ""}/${bucket.name}/${object.key}`,
    Bucket: bucket.name,
    Key: object.key,
    ETag: etag === "" ? "" : `"${etag}"`,
  });
}

/** Ceph wants every uploaded part listed, in whatever order, and looks at a part's size before its ETag. */
function checkParts(upload: Upload, listed: { partNumber: number; etag: string }[]): StoredPart[] {
  const wanted = new Map(listed.map((part) => [part.partNumber, part.etag]));
  const parts = [...upload.parts.values()].sort((a, b) => a.partNumber - b.partNumber);
  for (const [index, part] of parts.entries()) {
    if (index < wanted.size - 1 && part.size < MIN_PART_SIZE) throw new S3Error(400, "EntityTooSmall");
    if (wanted.get(part.partNumber) !== part.etag) throw new S3Error(400, "InvalidPart");
  }
  if (wanted.size !== parts.length) throw new S3Error(400, "InvalidPart");
  return parts;
}

function multipartEtag(parts: readonly StoredPart[]): string {
  const hash = createHash("md5");
  for (const part of parts) hash.update(Buffer.from(part.etag, "hex"));
  return `${hash.digest("hex")}-${parts.length}`;
}

function findUpload({ disk, request }: HandlerContext, bucket: Bucket, key: string): Upload {
  const upload = disk.uploads.get(request.query.get("uploadId") ?? "");
  if (upload === undefined || upload.bucket !== bucket.name || upload.key !== key) throw noSuchUpload();
  return upload;
}

/** Ceph takes 0 and 10001 and beyond when a part is sent. */
function readPartNumber(query: URLSearchParams): number {
  const text = query.get("partNumber") ?? "";
  if (!/^\d{1,9}$/.test(text)) throw invalidArgument(`partNumber=${text}`);
  return Number(text);
}

async function* concatenate(streams: readonly Readable[]): AsyncGenerator<Buffer> {
  for (const stream of streams) yield* stream as AsyncIterable<Buffer>;
}
