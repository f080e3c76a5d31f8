import { findRestoring } from "../backup/find-restoring.ts";
import { isOurKey, PROCESSING_PREFIX } from "../object-key.ts";
import { findMovingUploads } from "../places/moving-uploads.ts";
import { abortMultipartUpload, listUploadsPage } from "../s3/multipart.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { findSessionsByKey, isOver } from "../uploads/session.ts";
import { type Findings, type Found, passThrough } from "./bucket-pass.ts";
import type { BucketToSweep } from "./find-buckets.ts";
import type { Place } from "./pass-progress.ts";
import type { Step } from "./step.ts";
import { readProcessingKeptMs } from "./sweep-processing.ts";

/**
 * Takes away uploads that no open session owns: at keys whose session is over, where a server that stalled or crashed
 * left one, and, after a longer grace, at keys of ours without any row, as after a database was restored, and at those of
 * pipelines. Those of open
 * sessions are theirs, those of moves their moves', and those at keys that we never make are nobody's business here.
 */
export function sweepLeftovers(bucket: BucketToSweep): Step {
  return passThrough(bucket, {
    look: findLeftovers,
    work: async ({ report }, store, { place }) => {
      await abortMultipartUpload(store.s3, place);
      report.uploadsAborted++;
    },
  });
}

/** Uploads at the store that are nobody's any more, of one page. */
export async function findLeftovers(
  context: StorageContext,
  store: Store,
  { providerId }: Pick<BucketToSweep, "providerId">,
  after: Place,
): Promise<Findings<Found>> {
  const { leftoverGraceMs, unknownGraceMs } = context.settings;
  const { uploads, next } = await listUploadsPage(store.s3, "", after);
  // By the machine's clock, as the store's dates are: it may be off, and the graces are long.
  const ageOf = (initiatedAt: Date) => Date.now() - initiatedAt.getTime();
  const isProcessing = ({ key }: { key: string }) => key.startsWith(PROCESSING_PREFIX);
  const processingMs = uploads.some(isProcessing) ? await readProcessingKeptMs(context) : 0;
  const old = uploads.filter(
    (upload) => ageOf(upload.initiatedAt) >= (isProcessing(upload) ? processingMs : leftoverGraceMs),
  );
  const sessions = await findSessionsByKey(
    context,
    providerId,
    old.map(({ key }) => key),
  );
  const restoring = await findRestoring(
    context,
    old.map(({ uploadId }) => uploadId),
  );
  const moving = await findMovingUploads(context, providerId, old);
  const leftovers = old.filter(({ key, uploadId, initiatedAt }) => {
    if (moving.has(uploadId)) return false;
    // By which a file comes back whose session is over long since.
    if (restoring.has(uploadId)) return ageOf(initiatedAt) >= unknownGraceMs;
    const session = sessions.get(key);
    if (session !== undefined) return isOver(session);
    if (isProcessing({ key })) return true;
    return isOurKey(key) && ageOf(initiatedAt) >= unknownGraceMs;
  });
  return { items: leftovers.map(({ key, uploadId }) => ({ id: uploadId, place: { key, uploadId } })), next };
}
