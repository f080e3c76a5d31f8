import { UploadError } from "@audiotricks/protocol";
import { multipartEtag } from "../s3/etag.ts";
import {
  abortMultipartUpload,
  completeMultipartUpload,
  copyPart,
  createMultipartUpload,
} from "../s3/multipart.ts";
import { headObject } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { Assembly } from "./assembly.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import type { PutTarget, Session } from "./session.ts";

/**
 * Copies the bytes of a single PUT from where they landed to where they stay. The URL they came by can be used again
 * until it expires, so one version is chosen and written down, and the copy is of that version or fails.
 *
 * @param md5 What the caller says the bytes are, if it does.
 */
export async function copyIntoPlace(
  context: StorageContext,
  store: Store,
  session: Session & { target: PutTarget },
  lease: Lease,
  md5: string | undefined,
): Promise<Assembly> {
  const { tempKey, putEtag } = session.target;
  if (putEtag !== null) {
    // The one before us may have come to the end.
    return (await findPublished(store, session, putEtag)) ?? copyExactly(store, session, putEtag);
  }
  const head = await headObject(store.s3, tempKey);
  if (head === undefined || (md5 !== undefined && head.etag !== md5)) {
    return { outcome: "returned", error: missing() };
  }
  if (session.isSizeKnown ? head.size !== session.fileSize : head.size > session.fileSize) {
    return { outcome: "failed", error: sizeMismatch(head.size, session.fileSize) };
  }
  await recordChoice(context, session, lease, head.etag);
  return copyExactly(store, session, head.etag);
}

/**
 * Copies as the one part of a multipart upload, since a condition on the source of a plain copy is ignored by the
 * gateway that Spaces is made of. Complete names the chosen ETag and takes no other: a worker that wakes late, when the
 * URL has been used again, cannot publish other bytes.
 */
async function copyExactly(
  store: Store,
  session: Session & { target: PutTarget },
  md5: string,
): Promise<Assembly> {
  const { key, mimeType: contentType } = session;
  const uploadId = await createMultipartUpload(store.s3, { key, contentType });
  const copied = await copyPart(store.s3, { key, uploadId, from: session.target.tempKey });
  if (copied !== md5) {
    await abortMultipartUpload(store.s3, { key, uploadId });
    return (await findPublished(store, session, md5)) ?? { outcome: "failed", error: replaced() };
  }
  const answer = await completeMultipartUpload(store.s3, {
    key,
    uploadId,
    parts: [{ partNumber: 1, etag: md5 }],
  });
  const published = await findPublished(store, session, md5);
  if (published !== undefined) return published;
  if (answer.outcome === "refused") await abortMultipartUpload(store.s3, { key, uploadId });
  // Whether it comes after all or not, the next attempt publishes the same bytes.
  return { outcome: "pending" };
}

async function findPublished(store: Store, { key }: Session, md5: string): Promise<Assembly | undefined> {
  const head = await headObject(store.s3, key);
  if (head === undefined || head.etag !== multipartEtag([md5])) return undefined;
  return { outcome: "assembled", size: head.size, etag: head.etag, md5 };
}

/** Once: a worker that wakes late finds these bytes chosen and cannot publish others. */
async function recordChoice(
  context: StorageContext,
  session: Session,
  lease: Lease,
  etag: string,
): Promise<void> {
  const { numUpdatedRows } = await context.db
    .updateTable("multipart_uploads")
    .set({ put_etag: etag, complete_sent_at: context.clock.now() })
    .where("id", "=", session.id)
    .where("status", "=", "completing")
    .where("lease_token", "=", lease.token)
    .where("put_etag", "is", null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw new LeaseLost();
}

function replaced(): UploadError {
  return new UploadError("upload_failed", "The bytes were replaced while the upload was being completed.");
}

function missing(): UploadError {
  return new UploadError("parts_missing", "The file is not there yet.", { details: { missing: [1] } });
}

function sizeMismatch(actual: number, announced: number): UploadError {
  return new UploadError("size_mismatch", "The store holds another number of bytes than was announced.", {
    details: { size: actual, announced },
  });
}
