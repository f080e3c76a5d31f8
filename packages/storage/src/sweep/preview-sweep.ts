import { sql } from "kysely";
import type { SweepPreview } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { DELETION_GRACE_MS } from "./claim-deletions.ts";
import { findProvidersToSweep } from "./find-work.ts";
import { findLeftovers } from "./sweep-leftovers.ts";
import { describeSweepFailure } from "./sweep-run.ts";
import { findTemporaryWork } from "./sweep-temporary.ts";

/** What a sweep would do if it began now and had all the time it needs. Reads, and changes nothing. */
export async function previewSweep(
  given: StorageContext,
  options: { signal?: AbortSignal } = {},
): Promise<SweepPreview> {
  const context = { ...given, stores: given.stores.forSweep(options.signal) };
  const preview: SweepPreview = {
    ...(await countRows(context)),
    uploadsToAbort: [],
    temporaryToDelete: [],
    temporaryToComplete: [],
    failures: [],
  };
  for (const providerId of await findProvidersToSweep(context)) {
    try {
      const store = await context.stores.of(providerId);
      for await (const page of findTemporaryWork(context, store))
        for (const { key, work } of page)
          (work === "delete" ? preview.temporaryToDelete : preview.temporaryToComplete).push(key);
      for await (const page of findLeftovers(context, store, providerId))
        preview.uploadsToAbort.push(...page.map(({ key }) => key));
    } catch (error) {
      preview.failures.push({ id: providerId, ...describeSweepFailure(error) });
    }
  }
  return preview;
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
        WHERE m.status IN ('creating', 'active', 'completing') AND m.expires_at <= ${now}
          AND (m.status = 'active' OR (m.complete_sent_at IS NULL AND ${isFree}))) AS "sessionsToExpire",
      (SELECT count(*) FROM file_storage f
        WHERE f.expires_at <= ${now} AND is_counted_file(f.status)) AS "filesToExpire",
      (SELECT count(*) FROM multipart_uploads m
        WHERE m.status = 'completing' AND m.lease_expires_at <= ${now}) AS "sessionsToComplete",
      (SELECT count(*) FROM multipart_uploads m WHERE m.status = 'aborting' AND ${isFree}) AS "sessionsToAbort",
      (SELECT count(*) FROM file_storage f
        WHERE f.status = 'deleting' AND f.updated_at <= ${clock.in(-DELETION_GRACE_MS)}) AS "filesToDelete"`.execute(
    db,
  );
  const row = rows[0];
  return {
    sessionsToExpire: Number(row?.sessionsToExpire),
    filesToExpire: Number(row?.filesToExpire),
    sessionsToComplete: Number(row?.sessionsToComplete),
    sessionsToAbort: Number(row?.sessionsToAbort),
    filesToDelete: Number(row?.filesToDelete),
  };
}
