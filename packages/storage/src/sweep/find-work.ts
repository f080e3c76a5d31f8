import type { StorageContext } from "../storage-context.ts";

/** Providers whose buckets are looked through: where uploads go, or are still on their way. */
export async function findProvidersToSweep({ db }: StorageContext): Promise<string[]> {
  const rows = await db
    .selectFrom("storage_providers as p")
    .select("p.id")
    .where((eb) =>
      eb.or([
        eb("p.is_primary", "=", true),
        eb.exists(
          eb
            .selectFrom("multipart_uploads as u")
            .innerJoin("file_storage as f", "f.id", "u.file_storage_id")
            .select("u.id")
            .whereRef("f.storage_provider_id", "=", "p.id")
            .where("u.status", "in", ["creating", "active", "completing"]),
        ),
      ]),
    )
    .execute();
  return rows.map(({ id }) => id);
}

/**
 * Whose completion nobody works on any more. Those looked at last come last, so none waits for ever; those that this
 * sweep has looked at are let go later than it began, so none comes twice.
 */
export async function findSessionsToComplete(
  { db, settings }: StorageContext,
  sweepBegan: Date,
): Promise<string[]> {
  const rows = await db
    .selectFrom("multipart_uploads")
    .select("id")
    .where("status", "=", "completing")
    .where("lease_expires_at", "<=", sweepBegan)
    .orderBy("lease_expires_at")
    .limit(settings.sweepBatch)
    .execute();
  return rows.map(({ id }) => id);
}

/** Whose time is up, and of whom the store was asked to make the object: but for those looked at already. */
export async function findSessionsAsked(
  { db, clock, settings }: StorageContext,
  looked: ReadonlySet<string>,
): Promise<string[]> {
  const rows = await db
    .selectFrom("multipart_uploads")
    .select("id")
    .where("status", "=", "active")
    .where("expires_at", "<=", clock.now())
    .where((eb) => eb.or([eb("complete_asked", "=", true), eb("put_etag", "is not", null)]))
    .$if(looked.size > 0, (query) => query.where("id", "not in", [...looked]))
    .orderBy("expires_at")
    .limit(settings.sweepBatch)
    .execute();
  return rows.map(({ id }) => id);
}

/** What is `aborting` with nobody at it; in the same order. */
export async function findSessionsToAbort(
  { db, settings }: StorageContext,
  sweepBegan: Date,
): Promise<string[]> {
  const rows = await db
    .selectFrom("multipart_uploads")
    .select("id")
    .where("status", "=", "aborting")
    .where((eb) => eb.or([eb("lease_expires_at", "is", null), eb("lease_expires_at", "<=", sweepBegan)]))
    .orderBy("lease_expires_at", (order) => order.asc().nullsFirst())
    .limit(settings.sweepBatch)
    .execute();
  return rows.map(({ id }) => id);
}
