import { createStorage, type Database, openProviders, readSpacesProvider } from "@audiotricks/storage";
import { type Kysely, sql } from "kysely";
import type { Person } from "./person.ts";

export interface Truth {
  /** Promised files that the bucket does not have as they were promised, and whatever else a night would tell. */
  findings: unknown[];
  /** Counters that were not what the files say, and sums of the dashboard. */
  mismatches: unknown[];
  mendedTotals: number;
  /** Sessions that are still open. */
  open: number;
  /** Of each user: what the counters say and what their files, as they know them, come to. */
  usage: {
    usedBytes: number;
    keptBytes: number;
    usedFiles: number;
    keptFiles: number;
    reservedBytes: number;
  }[];
}

/** What the present release finds out about all that both have done. */
export async function findTruth(
  db: Kysely<Database>,
  people: readonly Person[],
  env: Record<string, string>,
): Promise<Truth> {
  const spaces = readSpacesProvider(env);
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
  try {
    const findings: unknown[] = [];
    await storage.upkeep.reconcile({ onFinding: (finding) => void findings.push(finding) });
    const { mismatches, mendedTotals } = await storage.upkeep.recountUsage();
    const { rows } = await sql<{ open: number }>`
      SELECT count(*)::int AS open FROM multipart_uploads WHERE status NOT IN ('completed', 'aborted', 'failed')`.execute(
      db,
    );
    const usage = await Promise.all(people.map((person) => usageOf(db, person)));
    return { findings, mismatches, mendedTotals, open: rows[0]?.open ?? -1, usage };
  } finally {
    await storage.close();
  }
}

async function usageOf(db: Kysely<Database>, { userId, kept }: Person): Promise<Truth["usage"][number]> {
  const { rows } = await sql<{ usedBytes: number; usedFiles: number; reservedBytes: number }>`
    SELECT used_bytes AS "usedBytes", used_files AS "usedFiles", reserved_bytes AS "reservedBytes"
    FROM storage_counters WHERE scope = 'user' AND scope_id = ${userId}`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error(`${userId} has no counter.`);
  const keptBytes = [...kept.values()].reduce((sum, { size }) => sum + size, 0);
  return { ...row, keptBytes, keptFiles: kept.size };
}
