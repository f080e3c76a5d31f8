import { sql } from "kysely";
import type { SweepPreview } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { type Findings, isNoKeyToQuiet } from "./bucket-pass.ts";
import { isDeletionDue } from "./claim-deletions.ts";
import { isExpiredFile, isExpiredSession } from "./expire.ts";
import { findExpiryHold, listHeldFiles } from "./expiry-hold.ts";
import { findBucketsToSweep } from "./find-buckets.ts";
import { BEGINNING, type Place } from "./pass-progress.ts";
import { describeSweepFailure } from "./sweep-failure.ts";
import { findLeftovers } from "./sweep-leftovers.ts";
import { findProcessed } from "./sweep-processing.ts";
import { findTemporaryWork } from "./sweep-temporary.ts";

/** What a sweep would do if it began now and had all the time it needs. Reads, and changes nothing. */
export async function previewSweep(
  given: StorageContext,
  options: { signal?: AbortSignal } = {},
): Promise<SweepPreview> {
  const context = { ...given, stores: given.stores.forSweep(options.signal) };
  const expiryHold = await findExpiryHold(context);
  const preview: SweepPreview = {
    ...(await countRows(context)),
    ...(expiryHold === undefined ? {} : { expiryHold, filesHeld: await listHeldFiles(context) }),
    uploadsToAbort: [],
    temporaryToDelete: [],
    temporaryToComplete: [],
    failures: [],
  };
  for (const bucket of await findBucketsToSweep(context)) {
    const { providerId, kind } = bucket;
    if (preview.failures.some(({ id }) => id === providerId)) continue;
    try {
      const store = await context.stores.of(providerId);
      if (kind === "uploads") {
        for await (const { place } of wholeBucket((after) => findLeftovers(context, store, bucket, after)))
          preview.uploadsToAbort.push(place.key);
      } else if (kind === "processing") {
        for await (const { place } of wholeBucket((after) => findProcessed(context, store, after)))
          preview.temporaryToDelete.push(place.key);
      } else {
        for await (const { place, work } of wholeBucket((after) => findTemporaryWork(context, store, after)))
          (work === "delete" ? preview.temporaryToDelete : preview.temporaryToComplete).push(place.key);
      }
    } catch (error) {
      if (!isNoKeyToQuiet(bucket, error))
        preview.failures.push({ id: providerId, ...describeSweepFailure(error) });
    }
  }
  return preview;
}

async function* wholeBucket<Item>(look: (after: Place) => Promise<Findings<Item>>): AsyncGenerator<Item> {
  for (let after: Place | undefined = BEGINNING; after !== undefined; ) {
    const page: Findings<Item> = await look(after);
    yield* page.items;
    after = page.next;
  }
}

type Counts = Pick<
  SweepPreview,
  "sessionsToExpire" | "filesToExpire" | "sessionsToComplete" | "sessionsToAbort" | "filesToDelete"
>;

/** By the conditions of `cleanup_expired_files` and of the sweep's own claims; one statement, one moment. */
async function countRows({ db, clock }: StorageContext): Promise<Counts> {
  const now = clock.now();
  const isFree = sql`(m.lease_expires_at IS NULL OR m.lease_expires_at <= ${now})`;
  const { rows } = await sql<Record<keyof Counts, number | string>>`
    SELECT
      (SELECT count(*) FROM multipart_uploads m
        WHERE ${isExpiredSession(now)}) AS "sessionsToExpire",
      (SELECT count(*) FROM file_storage f WHERE ${isExpiredFile(now)}) AS "filesToExpire",
      (SELECT count(*) FROM multipart_uploads m
        WHERE m.status = 'completing' AND m.lease_expires_at <= ${now}) AS "sessionsToComplete",
      (SELECT count(*) FROM multipart_uploads m WHERE m.status = 'aborting' AND ${isFree}) AS "sessionsToAbort",
      (SELECT count(*) FROM file_storage f WHERE ${isDeletionDue(clock)}) AS "filesToDelete"`.execute(db);
  const row = rows[0];
  return {
    sessionsToExpire: Number(row?.sessionsToExpire),
    filesToExpire: Number(row?.filesToExpire),
    sessionsToComplete: Number(row?.sessionsToComplete),
    sessionsToAbort: Number(row?.sessionsToAbort),
    filesToDelete: Number(row?.filesToDelete),
  };
}
