import type { Kysely } from "kysely";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import type { BucketToSweep } from "./find-buckets.ts";

/** Of a bucket that takes no uploads any more: nothing new comes there but what was under way, or is sent late. */
const QUIET_MS = 86_400_000;
/** Of a busy one: as late as what lies there for days may go. */
const PROCESSING_MS = 3_600_000;

function restOf({ kind, isBusy }: BucketToSweep): number {
  return kind === "processing" && isBusy ? PROCESSING_MS : QUIET_MS;
}

/** How far a pass is: after this key, and of uploads to the same key after this id. Empty for the beginning. */
export interface Place {
  key: string;
  uploadId: string;
}

export const BEGINNING: Place = { key: "", uploadId: "" };

export async function openPass(db: Kysely<Database>, { providerId, kind }: BucketToSweep): Promise<Place> {
  const row = await db
    .selectFrom("sweep_progress")
    .select(["after_key as key", "after_upload_id as uploadId"])
    .where("storage_provider_id", "=", providerId)
    .where("kind", "=", kind)
    .executeTakeFirst();
  return row ?? BEGINNING;
}

/** @param place `undefined` at the end of the bucket. */
export async function savePass(
  { db, clock }: StorageContext,
  bucket: BucketToSweep,
  place: Place | undefined,
): Promise<void> {
  const { providerId, kind } = bucket;
  const { key, uploadId } = place ?? BEGINNING;
  const change = {
    // A key in the bucket may hold a NUL, a text in the database cannot.
    after_key: key.replace(/\0.*/s, ""),
    after_upload_id: uploadId,
    ...(place === undefined ? { due_at: clock.in(restOf(bucket)) } : {}),
  };
  await db
    .insertInto("sweep_progress")
    .values({ storage_provider_id: providerId, kind, ...change })
    .onConflict((conflict) => conflict.columns(["storage_provider_id", "kind"]).doUpdateSet(change))
    .execute();
}

/** After a failure the pass stays where it is; in a quiet bucket it is gone on with tomorrow. */
export async function putOff({ db, clock }: StorageContext, bucket: BucketToSweep): Promise<void> {
  const { providerId, kind } = bucket;
  const change = { due_at: clock.in(restOf(bucket)) };
  await db
    .insertInto("sweep_progress")
    .values({ storage_provider_id: providerId, kind, ...change })
    .onConflict((conflict) => conflict.columns(["storage_provider_id", "kind"]).doUpdateSet(change))
    .execute();
}
