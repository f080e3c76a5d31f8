import { deleteObject } from "../s3/delete-objects.ts";
import { abortMultipartUpload, listUploads } from "../s3/multipart.ts";
import { headObject } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import { chooseKept, type DumpPolicy } from "./choose-kept.ts";
import { giveUpAbandoned, readDatabaseFacts, settleStored } from "./dump-rows.ts";
import { followBucket } from "./find-dumps.ts";

export interface RetainReport {
  kept: number;
  /** Keys. */
  deleted: string[];
  /** Dumps that no row had known of. */
  found: number;
  /** Keys of those that were stored and are not there, or are of another size: somebody should look. */
  missing: string[];
}

interface Place {
  providerId: string;
  s3: S3Connection;
}

/**
 * Takes away dumps that the policy does not keep, and what failed ones left. Cut off anywhere, it can be begun again, and any number
 * may be at it: the only good dump is nobody's to delete.
 */
export async function retainDumps(
  context: StorageContext,
  {
    providerId,
    policy,
    signal,
  }: { providerId: string; policy: DumpPolicy; signal?: AbortSignal | undefined },
): Promise<RetainReport> {
  const { s3, limits } = await context.stores.forSweep(signal).of(providerId);
  const place = { providerId, s3 };
  await giveUpAbandoned(context);
  await cleanFailed(context, place, limits.completionLimitMs);
  const { found, missing } = await followBucket(context, place);
  const stored = await context.db
    .selectFrom("database_dumps")
    .select(["id", "started_at as startedAt"])
    .where("storage_provider_id", "=", providerId)
    .where("state", "=", "stored")
    .execute();
  const { startedAt: now } = await readDatabaseFacts(context.db, context.clock);
  const kept = chooseKept(stored, policy, now);
  for (const { id } of stored) if (!kept.has(id)) await claimForDeletion(context, providerId, id);
  const deleted = await deleteClaimed(context, place);
  return { kept: kept.size, deleted, found, missing };
}

/** Not where it is the newest one that is stored, whatever the policy may say. */
async function claimForDeletion(
  { db, clock }: StorageContext,
  providerId: string,
  id: string,
): Promise<void> {
  await db
    .updateTable("database_dumps as d")
    .set({ state: "deleting", ended_at: clock.now() })
    .where("d.id", "=", id)
    .where("d.state", "=", "stored")
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("database_dumps as n")
          .select("n.id")
          .where("n.storage_provider_id", "=", providerId)
          .where("n.state", "=", "stored")
          .whereRef("n.started_at", ">=", "d.started_at")
          .whereRef("n.id", "<>", "d.id"),
      ),
    )
    .execute();
}

async function deleteClaimed({ db, clock }: StorageContext, { providerId, s3 }: Place): Promise<string[]> {
  const rows = await db
    .selectFrom("database_dumps")
    .select(["id", "object_key as key"])
    .where("storage_provider_id", "=", providerId)
    .where("state", "=", "deleting")
    .orderBy("started_at")
    .execute();
  for (const { id, key } of rows) {
    await deleteObject(s3, key);
    await db
      .updateTable("database_dumps")
      .set({ state: "deleted", ended_at: clock.now() })
      .where("id", "=", id)
      .where("state", "=", "deleting")
      .execute();
  }
  return rows.map(({ key }) => key);
}

/**
 * Whoever was killed may have had the store complete it: then it is as good as any, since nothing is completed that has no end. What
 * else it left is taken away once the store can be at it no more.
 */
async function cleanFailed(
  context: StorageContext,
  { providerId, s3 }: Place,
  completionLimitMs: number,
): Promise<void> {
  const { db, clock } = context;
  const rows = await db
    .selectFrom("database_dumps")
    .select(["id", "object_key as key"])
    .where("storage_provider_id", "=", providerId)
    .where("state", "=", "failed")
    .where("cleaned_at", "is", null)
    .where("ended_at", "<=", clock.in(-completionLimitMs))
    .execute();
  for (const { id, key } of rows) {
    const head = await headObject(s3, key);
    if (head !== undefined && head.size > 0) {
      await settleStored(context, id, { size: head.size, sha256: null });
      continue;
    }
    for await (const uploads of listUploads(s3, key))
      for (const upload of uploads) await abortMultipartUpload(s3, upload);
    await db
      .updateTable("database_dumps")
      .set({ cleaned_at: clock.now() })
      .where("id", "=", id)
      .where("state", "=", "failed")
      .execute();
  }
}
