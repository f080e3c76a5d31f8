import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import type { CompleteUploadRequest, Completion, StoredPart } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { getFileRecord } from "../files/file-record.ts";
import { requireListedParts, requirePlannedParts, requireSameBytes } from "../proof/check-parts.ts";
import { findFlaw } from "../proof/prove-object.ts";
import { readObject } from "../proof/read-object.ts";
import { readUnzipped } from "../proof/read-unzipped.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { abortMultipartUpload } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { abortLeftovers, assembleParts } from "./assemble-parts.ts";
import type { Assembly } from "./assembly.ts";
import { toStorableRequest } from "./completion-request.ts";
import { type CompletionWrites, writeAlone } from "./completion-writes.ts";
import { claimForCompleting, type Lease, LeaseLost, letGo, whileLeased } from "./lease.ts";
import { openAtStore } from "./open-at-store.ts";
import { publishPut } from "./publish-put.ts";
import { recordFailed, returnToActive } from "./record-outcome.ts";
import {
  getOwnSession,
  getSession,
  type MultipartTarget,
  type PutTarget,
  type Session,
  sessionNotOpen,
  storeOf,
} from "./session.ts";
import { stillCompleting } from "./still-completing.ts";

/** How a caller wants a session completed. */
export interface CompletionWishes {
  request: CompleteUploadRequest;
  /** Throws `UploadError` unless these parts make the file; by default the stored plan decides. */
  requireParts?: (stored: readonly StoredPart[]) => void;
  /** How long to wait for another worker's result. */
  waitMs?: number;
}

export async function completeUpload(
  context: CallerContext,
  sessionId: string,
  request: CompleteUploadRequest,
): Promise<Completion> {
  const storable = toStorableRequest(request);
  const session = await getOwnSession(context, ACCESS.completeUpload, sessionId);
  return completeSession(context.work, session, { request: storable });
}

/**
 * Completes a session, or finds out what became of that. Of any number of callers one does the work, under a lease; the
 * others wait a little, and mostly answer the same. Whoever comes after a crash goes on from what the row says.
 *
 * @throws {UploadError} What went wrong for good, or why the session is open again.
 */
export async function completeSession(
  context: StorageContext,
  found: Session,
  wishes: CompletionWishes,
): Promise<Completion> {
  const deadline = Date.now() + (wishes.waitMs ?? context.settings.waitForOtherMs);
  let session = found;
  for (let waits = 0; ; waits++) {
    switch (session.state) {
      case "completed":
        return {
          state: "completed",
          sessionId: session.id,
          file: await getFileRecord(context.db, session.fileId),
        };
      case "failed":
        throw failureOf(session);
      case "aborting":
      case "aborted":
        throw sessionNotOpen(session);
      case "creating":
        session = await openAtStore(context, session);
        continue;
      case "active":
      case "completing": {
        const lease = await claimForCompleting(context, session.id);
        if (lease !== undefined) {
          // Read again: what the one before us did is known only since the lease is ours.
          const claimed = await getSession(context, session.id);
          const isSettled = await whileLeased(context, [lease], () => work(context, claimed, lease, wishes));
          if (!isSettled) return stillCompleting(claimed);
        } else if (Date.now() >= deadline) {
          return stillCompleting(session);
        } else {
          await delay(Math.min(50 * 2 ** waits, 400));
        }
        session = await getSession(context, session.id);
        continue;
      }
      default:
        session.state satisfies never;
        // A newer release has states of its own: theirs to go on with.
        throw sessionNotOpen(session);
    }
  }
}

/**
 * Finds out what became of a Complete that was sent and that nobody waits for any more; begins nothing. The row says
 * afterwards: still `completing` if the store has not decided.
 */
export async function reconcileSession(context: StorageContext, sessionId: string): Promise<void> {
  const lease = await claimForCompleting(context, sessionId, ["completing"]);
  if (lease === undefined) return;
  const session = await getSession(context, sessionId);
  try {
    await whileLeased(context, [lease], () =>
      work(context, session, lease, { request: {}, requireParts: beginNothing }),
    );
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
  }
}

function beginNothing(): never {
  throw new UploadError("parts_missing", "Nobody asks for this upload to be completed any more.");
}

/**
 * Does what a lease is for.
 *
 * @returns Whether the row now says how it ended; `false` while the store has not decided.
 */
export async function work(
  context: StorageContext,
  session: Session,
  lease: Lease,
  wishes: CompletionWishes,
  writes: CompletionWrites = writeAlone(context),
): Promise<boolean> {
  try {
    const store = await storeOf(context, session);
    const assembly = await assemble(context, store, session, lease, wishes, writes);
    switch (assembly.outcome) {
      case "assembled":
        await settle(context, store, session, lease, { object: assembly, request: wishes.request, writes });
        return true;
      case "failed":
        await fail(context, store, session, lease, assembly.error);
        return true;
      case "pending":
        await letGo(context, lease);
        return false;
      case "returned":
        // Cancelled meanwhile, as a rule: then the row says more than what was missed.
        if (!(await returnToActive(context, lease))) throw new LeaseLost();
        throw assembly.error;
    }
  } catch (error) {
    if (error instanceof LeaseLost) {
      await leaveToOthers(context, session, lease);
      return true;
    }
    return await recover(context, session, lease, error);
  }
}

async function assemble(
  context: StorageContext,
  store: Store,
  session: Session,
  lease: Lease,
  { request, requireParts }: CompletionWishes,
  writes: CompletionWrites,
): Promise<Assembly> {
  if (isPut(session)) return publishPut(context, store, session, lease, { md5: request.md5, writes });
  if (!isMultipart(session)) throw new Error("a session is a single PUT or multipart");
  const { fileSize, partSize } = session;
  return assembleParts(
    context,
    store,
    session,
    lease,
    requireParts ??
      ((stored) => {
        // Without a known size there is no plan: all that is there makes the file, if it is not too much.
        if (session.isSizeKnown) requirePlannedParts({ fileSize, partSize }, stored);
        else requireListedParts(stored, stored, fileSize);
        requireSameBytes(request.partsMd5, stored);
      }),
  );
}

interface Settlement {
  object: Extract<Assembly, { outcome: "assembled" }>;
  request: CompleteUploadRequest;
  writes: CompletionWrites;
}

/** The object is there: proves that it is the file, and only then says so. */
export async function settle(
  context: StorageContext,
  store: Store,
  session: Session,
  lease: Lease,
  { object, request, writes }: Settlement,
): Promise<void> {
  const { size, read = readObject(store.s3, session.key) } = object;
  const flaw = await findFlaw(session, {
    size,
    read: session.contentEncoding === "gzip" ? readUnzipped(read, size) : read,
  });
  if (flaw !== undefined) return fail(context, store, session, lease, flaw);
  await writes.store({ session, lease, object, request });
  // Only tidying: the sweep does it where this does not.
  await tidy(store, session, writes).catch(context.onError);
}

/** Takes the bytes away first: once the row is final nobody would come back for them. */
async function fail(
  context: StorageContext,
  store: Store,
  session: Session,
  lease: Lease,
  error: UploadError,
): Promise<void> {
  if (isPut(session)) await deleteObject(store.s3, session.target.tempKey);
  else if (isMultipart(session) && session.target.uploadId !== null) {
    await abortMultipartUpload(store.s3, { key: session.key, uploadId: session.target.uploadId });
    await abortLeftovers(store, session);
  }
  await deleteObject(store.s3, session.key);
  await recordFailed(context, session, lease, error);
}

async function tidy(store: Store, session: Session, writes: CompletionWrites): Promise<void> {
  if (isPut(session)) await writes.removeTemporary({ store, key: session.target.tempKey });
  else if (isMultipart(session)) await abortLeftovers(store, session);
}

/** Who has the session now says how it ends; if it still is ours, and only its file was ended by somebody, it ends with that. */
async function leaveToOthers(context: StorageContext, session: Session, lease: Lease): Promise<void> {
  await removeRevived(context, session);
  const { state } = await getFileRecord(context.db, session.fileId);
  if (state !== "failed" && state !== "deleting" && state !== "deleted") return;
  const error = new UploadError("upload_failed", "The file was ended while it was being completed.");
  try {
    await recordFailed(context, session, lease, error);
  } catch (lost) {
    if (!(lost instanceof LeaseLost)) throw lost;
  }
}

/** We woke late, and what we did last may have made an object that its owner has deleted meanwhile. */
async function removeRevived(context: StorageContext, session: Session): Promise<void> {
  const { state } = await getFileRecord(context.db, session.fileId);
  if (state !== "deleted" && state !== "failed") return;
  const { s3 } = await storeOf(context, session);
  await deleteObject(s3, session.key);
}

/** After a failure on the way: open again if nothing was sent, otherwise left for the next caller to find out. */
async function recover(
  context: StorageContext,
  session: Session,
  lease: Lease,
  error: unknown,
): Promise<boolean> {
  const current = await getSession(context, lease.sessionId);
  const mayPass = error instanceof UploadError && error.retryable;
  if (current.state !== "completing") {
    if (!mayPass || current.state === "active") throw error;
    // A cancel takes away what was being read here: the row says more than the store.
    await removeRevived(context, session);
    return true;
  }
  if (current.completeSentAgoMs === null) {
    await returnToActive(context, lease);
    throw error;
  }
  await letGo(context, lease);
  if (mayPass) return false;
  throw error;
}

function failureOf(session: Session): UploadError {
  const { code, message } = session.error ?? { code: "upload_failed", message: "The upload failed." };
  return new UploadError(code, message, { details: { state: "failed" } });
}

function isPut(session: Session): session is Session & { target: PutTarget } {
  return session.target.method === "put";
}
function isMultipart(session: Session): session is Session & { target: MultipartTarget } {
  return session.target.method === "multipart";
}
