import { UploadError } from "@audiotricks/protocol";
import { readMemory, readObject } from "../proof/read-object.ts";
import { WINDOW_LENGTH } from "../proof/sniff-audio.ts";
import { copyObject } from "../s3/copy-object.ts";
import { multipartEtag } from "../s3/etag.ts";
import { abortMultipartUpload, completeMultipartUpload } from "../s3/multipart.ts";
import { putObject, readStart } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import type { Assembly } from "./assembly.ts";
import type { CompletionWrites } from "./completion-writes.ts";
import { type Lease, LeaseLost } from "./lease.ts";
import type { PutTarget, Session } from "./session.ts";
import { leavePut, type TakenPut, takePut } from "./take-put.ts";

/**
 * Publishes a single PUT: takes its bytes to where they cannot change, writes down which they are, and makes the object
 * of them. Whoever takes over publishes the same bytes or none.
 *
 * @param md5 What the caller says the bytes are, if it does.
 */
export async function publishPut(
  context: StorageContext,
  store: Store,
  session: Session & { target: PutTarget },
  lease: Lease,
  { md5, writes }: { md5: string | undefined; writes: Pick<CompletionWrites, "choose"> },
): Promise<Assembly> {
  const { putEtag: chosen } = session.target;
  if (chosen !== null) {
    // The one before us may have come to the end.
    return (await findPublished(store, session, chosen)) ?? publishAgain(context, store, session, chosen);
  }
  const taken = await takePut(context, store, session, md5);
  if ("outcome" in taken) return taken;
  try {
    await writes.choose({ lease, md5: taken.md5 });
  } catch (error) {
    // Cancelled meanwhile, or another has taken over.
    if (error instanceof LeaseLost) await leavePut(store, session, taken);
    throw error;
  }
  return publish(store, session, taken);
}

async function publishAgain(
  context: StorageContext,
  store: Store,
  session: Session & { target: PutTarget },
  chosen: string,
): Promise<Assembly> {
  const taken = await takePut(context, store, session, chosen);
  if (!("outcome" in taken)) return publish(store, session, taken);
  return (await findPublished(store, session, chosen)) ?? { outcome: "failed", error: replaced() };
}

async function publish(store: Store, session: Session, taken: TakenPut): Promise<Assembly> {
  const { key, mimeType: contentType } = session;
  const { md5 } = taken;
  switch (taken.kind) {
    case "bytes": {
      const { bytes } = taken;
      const etag = await putObject(store.s3, { key, bytes, md5, contentType });
      // The store's word for what it now has: these bytes.
      if (etag === md5) {
        return { outcome: "assembled", size: bytes.length, etag, md5, read: readMemory(bytes) };
      }
      break;
    }
    case "source": {
      const { from } = taken;
      const answer = await copyObject(store.s3, { key, from, etag: md5, contentType });
      // Perhaps the one before us has copied, and taken the source away.
      if (answer === "changed" || answer === "gone") {
        return (await findPublished(store, session, md5)) ?? { outcome: "failed", error: replaced() };
      }
      break;
    }
    case "part": {
      const { uploadId } = taken;
      const parts = [{ partNumber: 1, etag: md5 }];
      const answer = await completeMultipartUpload(store.s3, { key, uploadId, parts });
      // A proxy that sends a request twice answers for the second, and the first may be at work: then the sweep takes away what is left.
      const isBusy = answer.outcome === "refused" && answer.failure.code === "SlowDown";
      if (answer.outcome === "refused" && !isBusy) await abortMultipartUpload(store.s3, { key, uploadId });
      break;
    }
  }
  // Where it is not there yet, the next attempt publishes the same bytes.
  return (await findPublished(store, session, md5)) ?? { outcome: "pending" };
}

/** One look at the object says what it is and how it begins. */
export async function findPublished(
  store: Store,
  { key }: Session,
  md5: string,
): Promise<Extract<Assembly, { outcome: "assembled" }> | undefined> {
  const found = await readStart(store.s3, { key, length: WINDOW_LENGTH });
  if (found === undefined || (found.etag !== md5 && found.etag !== multipartEtag([md5]))) return undefined;
  const { size, etag, bytes } = found;
  const read = bytes.length === size ? readMemory(bytes) : readObject(store.s3, key, bytes);
  return { outcome: "assembled", size, etag, md5, read };
}

function replaced(): UploadError {
  return new UploadError("upload_failed", "The bytes were replaced while the upload was being completed.");
}
