import { sql } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import { tenantOf } from "../access/tenant.ts";
import type { StorageContext } from "../storage-context.ts";
import type { ExportLease } from "./export-lease.ts";
import type { PresentEntry } from "./export-progress.ts";
import { isGivenOut } from "./find-exported.ts";
import { EntryGone } from "./read-sources.ts";

/** What of an archive must not be read any more: files that are gone or withheld, or that whoever asked for it may not read now. */
export interface GoneWatch {
  /** Indexes of entries, as it was at the beginning. */
  gone: readonly number[];
  /** To be asked before bytes of an entry are read: an archive may take hours. @throws {EntryGone} */
  requireReadable: (index: number) => Promise<void>;
}

/**
 * Looks at the beginning, and again whenever it is asked and the last look is as old as a renewal of the lease.
 *
 * @param isAhead Whether bytes of the entry are still to be read.
 */
export async function watchGone(
  context: StorageContext,
  lease: ExportLease,
  entries: readonly PresentEntry[],
  isAhead: (index: number) => boolean,
): Promise<GoneWatch> {
  const every = context.settings.leaseMs / 3;
  const look = () => findGone(context, lease, entries, isAhead);
  const first = await look();
  let last = Promise.resolve(new Set(first));
  let lookedAt = performance.now();
  return {
    gone: first,
    requireReadable: async (index) => {
      if (performance.now() - lookedAt >= every) {
        lookedAt = performance.now();
        last = look().then((gone) => new Set(gone));
      }
      if ((await last).has(index)) throw new EntryGone(index);
    },
  };
}

async function findGone(
  { db }: StorageContext,
  { row }: ExportLease,
  entries: readonly PresentEntry[],
  isAhead: (index: number) => boolean,
): Promise<number[]> {
  const ahead = entries.flatMap(({ fileId }, index) =>
    fileId !== null && isAhead(index) ? [{ index, fileId }] : [],
  );
  if (ahead.length === 0) return [];
  const found = await tenantOf(db, { userId: row.user_id ?? "00000000-0000-0000-0000-000000000000" })
    .files(ACCESS.createExport)
    .select("f.id")
    .where(sql<boolean>`f.id = ANY (${ahead.map(({ fileId }) => fileId)}::uuid[])`)
    .where(isGivenOut)
    .execute();
  const readable = new Set(found.map(({ id }) => id));
  return ahead.filter(({ fileId }) => !readable.has(fileId)).map(({ index }) => index);
}
