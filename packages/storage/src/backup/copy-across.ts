import { createHash } from "node:crypto";
import { mapConcurrently } from "../concurrency.ts";
import { multipartEtag } from "../s3/etag.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listParts,
} from "../s3/multipart.ts";
import { headObject, putObject } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { CopyFailure, onSide } from "./copy-failure.ts";
import { copyPart, hashObject, readBytes, type Source } from "./copy-part.ts";
import { type CopyPlan, partsOf, saySame } from "./plan-copy.ts";

export interface Copying {
  source: Source;
  target: { s3: S3Connection; key: string };
  /** Bytes. */
  size: number;
  contentType: string;
  plan: CopyPlan;
  /** Of a copy that was begun before. */
  uploadId: string | null;
  memory: ByteBudget;
  /** Parts at once. */
  partLanes: number;
  /** Told of the target's upload before a byte moves, and with `null` once it is none of ours. Rejects where we are too late. */
  onUpload: (uploadId: string | null) => Promise<void>;
  /**
   * Told after each part, and after each piece that is only read; and with the longest that Complete may take before it is sent. Rejects
   * where we are too late.
   */
  onStep: (step: { bytes: number; silentMs?: number }) => Promise<void>;
}

/**
 * Copies one object to another bucket, and goes on where an earlier attempt was ended. It is done when the target shows an object of this
 * size, whose ETag is the one that these bytes have; and these bytes are those of the source by its ETag, or, where ETags cannot tell,
 * because both were read and compared.
 *
 * @returns ETag of the copy.
 * @throws {CopyFailure}
 */
export async function copyAcross(copying: Copying): Promise<string> {
  return copying.plan.method === "put" ? copyWhole(copying) : copyInParts(copying, copying.plan);
}

async function copyWhole({ source, target, size, contentType, memory, onStep }: Copying): Promise<string> {
  return memory.use(size, async () => {
    const bytes = await readBytes(source, { offset: 0, size });
    const md5 = createHash("md5").update(bytes).digest("hex");
    if (!saySame(md5, source.etag)) throw differs("what was read is not what the source's ETag says");
    const { s3, key } = target;
    const etag = await onSide("target", () => putObject(s3, { key, bytes, md5, contentType }));
    if (etag !== md5) await requireCopy(target, { size, etag: md5 });
    await onStep({ bytes: size });
    return md5;
  });
}

async function copyInParts(
  copying: Copying,
  { partSize, isComparable }: Extract<CopyPlan, { method: "multipart" }>,
): Promise<string> {
  const { source, target, size, memory, onUpload, onStep } = copying;
  const { s3, key } = target;
  // What an earlier attempt sent Complete for may be there by now.
  if (copying.uploadId !== null && isComparable) {
    const head = await onSide("target", () => headObject(s3, key));
    if (head?.size === size && head.etag === source.etag) return head.etag;
  }
  const { uploadId, stored } = await openUpload(copying);
  const parts = partsOf(size, partSize);
  const etags = new Map<number, string>();
  for (const { partNumber, size: length } of parts) {
    const there = stored.get(partNumber);
    if (there?.size === length) etags.set(partNumber, there.etag);
  }
  const missing = parts.filter(({ partNumber }) => !etags.has(partNumber));
  let failure: unknown;
  await mapConcurrently(missing, copying.partLanes, async (part) => {
    if (failure !== undefined) return;
    try {
      s3.signal?.throwIfAborted();
      const md5 = await copyPart(source, { s3, key, uploadId }, part, memory);
      if (md5 === undefined) {
        await onUpload(null);
        throw new CopyFailure("target_unavailable", "The target ended the upload; it is begun again.");
      }
      etags.set(part.partNumber, md5);
      await onStep({ bytes: part.size });
    } catch (error) {
      failure ??= error;
    }
  });
  // Thrown once all lanes are still: nothing of this attempt goes on.
  if (failure !== undefined) throw failure;

  const list = parts.map(({ partNumber }) => ({ partNumber, etag: etags.get(partNumber) ?? "" }));
  const expected = multipartEtag(list.map(({ etag }) => etag));
  // Before Complete: nothing wrong is ever shown.
  if (isComparable && (expected === undefined || !saySame(expected, source.etag))) {
    await onSide("target", () => abortMultipartUpload(s3, { key, uploadId }));
    await onUpload(null);
    throw differs("the parts are not those of the source's ETag");
  }
  await onStep({ bytes: 0, silentMs: s3.completionLimitMs });
  // Whoever sent it finds out what came of it: being told to stop comes too late for that.
  const { signal: _, ...unstopped } = s3;
  const patient = { ...target, s3: unstopped };
  const answer = await completeMultipartUpload(unstopped, { key, uploadId, parts: list });
  if (answer.outcome === "refused")
    throw new CopyFailure("target_unavailable", `CompleteMultipartUpload: ${answer.failure.code}`);
  const etag = await requireCopy(patient, { size, etag: expected });
  if (!isComparable) {
    const reading = { memory, onPiece: () => onStep({ bytes: 0 }) };
    const made = await hashObject({ ...patient, etag }, size, reading);
    const given = await hashObject(source, size, reading);
    if (made !== given) {
      await onUpload(null);
      throw differs("source and copy were read, and are not the same");
    }
  }
  return etag;
}

async function openUpload({ target, contentType, uploadId, onUpload }: Copying) {
  const { s3, key } = target;
  if (uploadId !== null) {
    const parts = await onSide("target", () => listParts(s3, { key, uploadId }));
    if (parts !== undefined)
      return { uploadId, stored: new Map(parts.map((part) => [part.partNumber, part])) };
  }
  const made = await onSide("target", () => createMultipartUpload(s3, { key, contentType }));
  await onUpload(made);
  return { uploadId: made, stored: new Map<number, { size: number; etag: string }>() };
}

/** @returns The ETag that the target says. */
async function requireCopy(
  { s3, key }: Copying["target"],
  expected: { size: number; etag: string | undefined },
): Promise<string> {
  const head = await onSide("target", () => headObject(s3, key));
  if (head?.size === expected.size && (expected.etag === undefined || head.etag === expected.etag))
    return head.etag;
  throw new CopyFailure(
    "completing",
    "The target does not show the copy; it may still be putting it together.",
  );
}

function differs(how: string): CopyFailure {
  return new CopyFailure("checksum_differs", `The copy would not be the file: ${how}.`);
}
