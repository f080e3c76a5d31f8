import type { Kysely } from "kysely";
import { closePass, type Tally } from "../cost/invisible-progress.ts";
import type { Database } from "../database.ts";
import type { ReconcileReport } from "./finding.ts";

/** How far the pass through one bucket is. */
export interface Progress {
  /** All keys up to this one are done. */
  afterKey: string;
  beganAt: Date;
  counts: Omit<ReconcileReport, "providers">;
  /** Objects that no row knows: paid for all the same. */
  orphans: Tally;
}

/** Begins a pass, or goes on with the one that was cut off. */
export async function openProgress(
  db: Kysely<Database>,
  providerId: string,
  { resumes }: { resumes: boolean },
): Promise<Progress> {
  if (!resumes)
    await db.deleteFrom("reconcile_progress").where("storage_provider_id", "=", providerId).execute();
  const row = await db
    .insertInto("reconcile_progress")
    .values({ storage_provider_id: providerId, after_key: "" })
    .onConflict((conflict) =>
      conflict.column("storage_provider_id").doUpdateSet({ rows: (eb) => eb.ref("reconcile_progress.rows") }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  return {
    afterKey: row.after_key,
    beganAt: row.began_at,
    counts: {
      objects: Number(row.objects),
      rows: Number(row.rows),
      findings: row.findings as ReconcileReport["findings"],
    },
    orphans: {
      bytes: Number(row.orphan_bytes),
      billedBytes: Number(row.orphan_billed_bytes),
      objects: Number(row.orphans),
    },
  };
}

export async function saveProgress(
  db: Kysely<Database>,
  providerId: string,
  { afterKey, counts, orphans }: Progress,
): Promise<void> {
  await db
    .updateTable("reconcile_progress")
    .set({
      after_key: afterKey.replace(/\0.*/s, ""),
      objects: counts.objects,
      rows: counts.rows,
      findings: JSON.stringify(counts.findings),
      orphan_bytes: orphans.bytes,
      orphan_billed_bytes: orphans.billedBytes,
      orphans: orphans.objects,
    })
    .where("storage_provider_id", "=", providerId)
    .execute();
}

/** The pass is over: what it has not found again is no longer so. */
export async function closeProgress(
  db: Kysely<Database>,
  providerId: string,
  { beganAt, orphans }: Progress,
): Promise<void> {
  await db
    .deleteFrom("reconcile_findings")
    .where("storage_provider_id", "=", providerId)
    .where("last_seen_at", "<", beganAt)
    .execute();
  await closePass(db, providerId, "orphans", orphans);
  await db.deleteFrom("reconcile_progress").where("storage_provider_id", "=", providerId).execute();
}
