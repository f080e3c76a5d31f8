import { PROCESSING_PREFIX } from "../object-key.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { listObjects } from "../s3/objects.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Store } from "../stores.ts";
import { type Findings, type Found, passThrough } from "./bucket-pass.ts";
import type { BucketToSweep } from "./find-buckets.ts";
import type { Place } from "./pass-progress.ts";
import type { Step } from "./step.ts";

/**
 * Removes what lies where pipelines keep what they are at, once it is older than any of their runs takes. No row knows these
 * objects: their own time is all that is known of them.
 */
export function sweepProcessing(bucket: BucketToSweep): Step {
  return passThrough(bucket, {
    look: (context, store, _, after) => findProcessed(context, store, after),
    work: async ({ report }, store, { place }) => {
      await deleteObject(store.s3, place.key);
      report.temporaryDeleted++;
    },
  });
}

/** Of one page. */
export async function findProcessed(
  context: StorageContext,
  store: Store,
  after: Place,
): Promise<Findings<Found>> {
  const keptMs = await readProcessingKeptMs(context);
  const { objects, nextMarker } = await listObjects(store.s3, {
    prefix: PROCESSING_PREFIX,
    ...(after.key === "" ? {} : { marker: after.key }),
  });
  // By the machine's clock, as the store's dates are: it may be off, and the time is long.
  const items = objects
    .filter(({ lastModified }) => Date.now() - lastModified.getTime() >= keptMs)
    .map(({ key }) => ({ id: key, place: { key, uploadId: "" } }));
  return { items, next: nextMarker === undefined ? undefined : { key: nextMarker, uploadId: "" } };
}

/** As the deployment has it; whoever sweeps goes by the same. */
export async function readProcessingKeptMs({ db }: Pick<StorageContext, "db">): Promise<number> {
  const { processing_kept_hours: hours } = await db
    .selectFrom("storage_settings")
    .select("processing_kept_hours")
    .executeTakeFirstOrThrow();
  return hours * 3_600_000;
}
