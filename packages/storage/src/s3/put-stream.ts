import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import type { StoredPart } from "@audiotricks/protocol/messages";
import { createByteCutter } from "./byte-cutter.ts";
import { isMd5Etag, multipartEtag } from "./etag.ts";
import { hashing } from "./hashing.ts";
import { abortMultipartUpload, completeMultipartUpload, createMultipartUpload } from "./multipart.ts";
import { headObject, type ObjectHead, putObject } from "./objects.ts";
import { partSizeOnLadder } from "./part-ladder.ts";
import type { S3Connection } from "./s3-connection.ts";
import { storageUnavailable } from "./s3-failure.ts";
import { type Sending, sendParts } from "./send-parts.ts";

export interface PutStreamOptions extends Partial<Sending> {
  key: string;
  contentType: string;
  /** Taken as it comes, and no faster than the store takes it. */
  source: AsyncIterable<Uint8Array>;
  /**
   * Told the id of the multipart upload before a byte of it leaves, and waited for: whoever has written it down can end what a crash
   * leaves. Not called where all fits into one part, which goes as one PUT.
   */
  onUpload?: (uploadId: string) => Promise<void>;
}

export interface PutStream {
  /** Bytes. */
  size: number;
  etag: string;
  /** Of the whole, in hex; `undefined` where it went in parts, whose MD5s the ETag is made of. */
  md5: string | undefined;
  /** Of the whole, in hex. */
  sha256: string;
  /** None: it went as one PUT. */
  parts: StoredPart[];
}

/** Of what is sent at once on behalf of one stream. */
const LANES = 4;
const MEMORY = 64 * 1024 * 1024;
const PUT_ATTEMPTS = 3;
/** An object that was completed may take a moment to be seen. */
const LOOK_AGAIN_MS = [0, 100, 300, 600, 1_000, 3_000];

/**
 * Writes all that comes to one key, however much that is: in parts that grow with it, several at once, each with its
 * `Content-MD5`; what fits into the first goes as one PUT. The store's word for what it has then is compared with what was sent.
 *
 * Holds 64 MiB of parts at most while it is below 50 GB, unless `memory` says otherwise; whoever knows the size gives
 * `partSizeOf`.
 * Its calls wait for the budget of `s3`, by its `cause`, and `s3.signal` ends it at any time.
 *
 * @throws What the source, `onUpload` or `beforePart` threw, the reason of `s3.signal`, or an `UploadError`: then nothing is
 *   left at the store, but for a single PUT of which every answer was lost. `storage_unavailable` with `details.state: "completing"`: Complete was sent and nobody knows yet what
 *   becomes of it; the upload must not be aborted before the provider's `completionLimitMs` is over.
 */
export async function putStream(s3: S3Connection, options: PutStreamOptions): Promise<PutStream> {
  const { key, contentType, partSizeOf = partSizeOnLadder, onUpload } = options;
  const sending: Sending = {
    partSizeOf,
    lanes: options.lanes ?? LANES,
    memory: options.memory ?? MEMORY,
    beforePart: options.beforePart,
  };
  const sha256 = createHash("sha256");
  using cutter = createByteCutter(hashing(options.source, sha256));
  const length = partSizeOf(1);
  const first = await cutter.next(length);
  const { bytes, md5 } = first;
  if (bytes.length < length) {
    await sending.beforePart?.(bytes.length);
    s3.signal?.throwIfAborted();
    await putWhole(s3, { key, contentType, bytes, md5 });
    return { size: bytes.length, etag: md5, md5, sha256: sha256.digest("hex"), parts: [] };
  }
  const uploadId = await createMultipartUpload(s3, { key, contentType });
  const upload = { key, uploadId };
  let parts: StoredPart[];
  try {
    await onUpload?.(uploadId);
    parts = await sendParts(s3, { ...upload, cutter, first }, sending);
    s3.signal?.throwIfAborted();
  } catch (error) {
    await abortUpload(s3, upload);
    throw error;
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const etag = await assemble(s3, { ...upload, parts, size });
  return { size, etag, md5: undefined, sha256: sha256.digest("hex"), parts };
}

async function putWhole(
  s3: S3Connection,
  object: { key: string; contentType: string; bytes: Uint8Array; md5: string },
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const etag = await putObject(s3, object);
    if (etag !== undefined && (etag === object.md5 || !isMd5Etag(etag))) return;
    const head = await headObject(s3, object.key);
    if (head?.size === object.bytes.length && head.etag === object.md5) return;
    if (attempt === PUT_ATTEMPTS) throw unavailable("PutObject", "unknown");
  }
}

/** The reason to stop is no reason to leave parts behind, which are paid for. */
async function abortUpload(s3: S3Connection, upload: { key: string; uploadId: string }): Promise<void> {
  const { signal: _signal, ...unbound } = s3;
  // What failed is told; this is left to the sweep, which knows the id.
  await abortMultipartUpload(unbound, upload).catch(() => undefined);
}

/** @returns The object's ETag, as the store has it. */
async function assemble(
  bound: S3Connection,
  { size, ...upload }: { key: string; uploadId: string; parts: StoredPart[]; size: number },
): Promise<string> {
  // From here on it is no longer ours to stop.
  const { signal: _signal, ...s3 } = bound;
  const expected = multipartEtag(upload.parts.map(({ etag }) => etag));
  const isIt = (head: ObjectHead) => head.size === size && (expected === undefined || head.etag === expected);
  for (let attempt = 1; ; attempt++) {
    const answer = await completeMultipartUpload(s3, upload);
    const head = await awaitObject(s3, upload.key, { isIt, isRefused: answer.outcome === "refused" });
    if (head !== undefined && isIt(head)) return head.etag;
    // It ended inside the store and left nothing: Amazon asks for the same once more.
    if (answer.outcome === "ended" && attempt === 1) continue;
    if (answer.outcome === "refused") {
      await abortUpload(s3, upload);
      throw unavailable("CompleteMultipartUpload", answer.failure.code);
    }
    if (answer.outcome === "answered" && head !== undefined)
      throw new UploadError("upload_failed", "The store assembled other bytes than were sent.");
    throw new UploadError("storage_unavailable", "The store has not said yet what became of the upload.", {
      details: { state: "completing" },
    });
  }
}

/** @returns What the key holds at last: something else, if it held that before. */
async function awaitObject(
  s3: S3Connection,
  key: string,
  { isIt, isRefused }: { isIt: (head: ObjectHead) => boolean; isRefused: boolean },
): Promise<ObjectHead | undefined> {
  let head: ObjectHead | undefined;
  for (const ms of isRefused ? [0] : LOOK_AGAIN_MS) {
    await delay(ms);
    head = await headObject(s3, key);
    if (head !== undefined && isIt(head)) break;
  }
  return head;
}

function unavailable(operation: string, code: string): UploadError {
  return storageUnavailable(operation, { code, status: undefined, requestId: undefined });
}
