import type { Kysely } from "kysely";
import type { Database } from "../database.ts";
import type { ReconcileReport } from "./finding.ts";

/** How far the pass through one bucket is. */
export interface Progress {
  /** All keys up to this one are done. */
  afterKey: string;
  beganAt: Date;
  counts: Omit<ReconcileReport, "providers">;
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
  };
}

export async function saveProgress(
  db: Kysely<Database>,
  providerId: string,
  { afterKey, counts }: Progress,
): Promise<void> {
  await db
    .updateTable("reconcile_progress")
    .set({
      after_key: afterKey.replace(/\0.*/s, ""),
      objects: counts.objects,
      rows: counts.rows,
      findings: JSON.stringify(counts.findings),
    })
    .where("storage_provider_id", "=", providerId)
    .execute();
}

/** The pass is over: what it has not found again is no longer so. */
export async function closeProgress(
  db: Kysely<Database>,
  providerId: string,
  { beganAt }: Progress,
): Promise<void> {
  await db
    .deleteFrom("reconcile_findings")
    .where("storage_provider_id", "=", providerId)
    .where("last_seen_at", "<", beganAt)
    .execute();
  await db.deleteFrom("reconcile_progress").where("storage_provider_id", "=", providerId).execute();
}
