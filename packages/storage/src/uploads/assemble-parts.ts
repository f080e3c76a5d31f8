import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import type { StoredPart } from "@audiotricks/protocol/messages";
import { beginAgain } from "../begin-again.ts";
import { multipartEtag } from "../s3/etag.ts";
import { abortMultipartUpload, completeMultipartUpload, listParts, listUploadsAt } from "../s3/multipart.ts";
import { headObject, type ObjectHead } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { Assembly } from "./assembly.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import { recordStoredParts } from "./record-parts.ts";
import type { MultipartTarget, Session } from "./session.ts";

/**
 * Makes one object of the parts at the store. The store's own list of parts is what counts. Complete goes out once, and
 * once more only where the store said that the first had failed inside it; from then on only the object itself, or the
 * store's time limit, decides what became of it: a status proves nothing.
 *
 * @param requireParts Throws `UploadError` unless these parts make the file.
 */
export async function assembleParts(
  context: StorageContext,
  store: Store,
  session: Session & { target: MultipartTarget },
  lease: Lease,
  requireParts: (stored: readonly StoredPart[]) => void,
): Promise<Assembly> {
  const { uploadId } = session.target;
  if (uploadId === null) return { outcome: "failed", error: gone() };
  if (session.completeSentAgoMs !== null) {
    return reconcile(context, store, session, uploadId, session.expectedEtag, session.completeSentAgoMs);
  }

  const stored = await listParts(store.s3, { key: session.key, uploadId });
  if (stored === undefined) {
    // Perhaps a Complete that was given up for lost has been carried out after all.
    const head = await headObject(store.s3, session.key);
    return head === undefined ? { outcome: "failed", error: gone() } : judge(head, session.expectedEtag);
  }
  try {
    requireParts(stored);
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    return { outcome: error.code === "parts_missing" ? "returned" : "failed", error };
  }
  const etag = multipartEtag(stored.map((part) => part.etag)) ?? null;
  await recordCompleteSent(context, session, lease, stored, etag);
  const complete = { key: session.key, uploadId, parts: stored };
  let answer = await completeMultipartUpload(store.s3, complete);
  if (answer.outcome === "ended") {
    const head = await awaitObject(context, store, session);
    if (head !== undefined) return judge(head, etag);
    // It ended and left nothing, and no other is under way: Amazon asks for the same once more.
    answer = await completeMultipartUpload(store.s3, complete);
  }
  if (answer.outcome === "refused") {
    const head = await headObject(store.s3, session.key);
    if (head !== undefined) return judge(head, etag);
    const { code } = answer.failure;
    return code === "EntityTooSmall"
      ? {
          outcome: "failed",
          error: new UploadError("upload_failed", "A part is smaller than the store allows."),
        }
      : { outcome: "returned", error: notTaken(code) };
  }
  return reconcile(context, store, session, uploadId, etag, 0);
}

/**
 * Takes away other uploads at the key, which exist only where one worker took over from another. Complete was never
 * asked for them, so that none can be in the way of an abort.
 */
export async function abortLeftovers(
  store: Store,
  session: Session & { target: MultipartTarget },
): Promise<void> {
  if (session.takeovers === 0) return;
  for (const uploadId of await listUploadsAt(store.s3, session.key)) {
    if (uploadId !== session.target.uploadId) {
      await abortMultipartUpload(store.s3, { key: session.key, uploadId });
    }
  }
}

async function reconcile(
  context: StorageContext,
  store: Store,
  session: Session,
  uploadId: string,
  expectedEtag: string | null,
  sentAgoMs: number,
): Promise<Assembly> {
  const head = await awaitObject(context, store, session);
  if (head !== undefined) return judge(head, expectedEtag);
  if (sentAgoMs <= store.limits.completionLimitMs) return { outcome: "pending" };
  const stored = await listParts(store.s3, { key: session.key, uploadId });
  return stored === undefined
    ? { outcome: "failed", error: gone() }
    : { outcome: "returned", error: notTaken("no object") };
}

/** An object that was completed may take a moment to be seen. */
async function awaitObject(
  { settings }: StorageContext,
  store: Store,
  { key }: Session,
): Promise<ObjectHead | undefined> {
  for (const ms of settings.reconcileDelaysMs) {
    await delay(ms);
    const head = await headObject(store.s3, key);
    if (head !== undefined) return head;
  }
  return undefined;
}

function judge(head: ObjectHead, expectedEtag: string | null): Assembly {
  if (expectedEtag !== null && head.etag !== expectedEtag) {
    const error = new UploadError("upload_failed", "The store assembled other bytes than were sent.");
    return { outcome: "failed", error };
  }
  return { outcome: "assembled", size: head.size, etag: head.etag };
}

/** Written down before Complete goes out: from here on nobody aborts, and whoever takes over knows what to look for. */
async function recordCompleteSent(
  context: StorageContext,
  session: Session,
  lease: Lease,
  stored: readonly StoredPart[],
  etag: string | null,
): Promise<void> {
  await beginAgain(() =>
    context.db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable("multipart_uploads")
        .set({
          complete_sent_at: context.clock.now(),
          complete_asked: true,
          completed_chunks: stored.length,
          uploaded_bytes: stored.reduce((sum, { size }) => sum + size, 0),
        })
        .where("id", "=", session.id)
        .where("status", "=", "completing")
        .where("lease_token", "=", lease.token)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new LeaseLost();
      await trx.updateTable("file_storage").set({ etag }).where("id", "=", session.fileId).execute();
      await recordStoredParts(trx, session.id, stored);
    }),
  );
}

function gone(): UploadError {
  return new UploadError("upload_failed", "The store has lost this upload. Start it again.");
}

function notTaken(reason: string): UploadError {
  return new UploadError("storage_unavailable", "The store did not take the upload. Try again.", {
    cause: new Error(`CompleteMultipartUpload: ${reason}`),
  });
}
