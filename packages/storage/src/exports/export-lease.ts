import { randomUUID } from "node:crypto";
import type { Selectable } from "kysely";
import { sql } from "kysely";
import type { StorageExports } from "../database-schema.ts";
import type { StorageContext } from "../storage-context.ts";

/** The right to make one archive, until it is let go or its holder stays silent for too long. */
export interface ExportLease {
  exportId: string;
  token: string;
  row: Selectable<StorageExports>;
}

/** Thrown where it is somebody else's by now: cancelled, or another worker took over. */
export class ExportLost extends Error {
  override readonly name = "ExportLost";
}

/** The one that waits longest, of those that nobody is at. */
export async function claimExport({ db, clock, settings }: StorageContext): Promise<ExportLease | undefined> {
  const token = randomUUID();
  const row = await db
    .updateTable("storage_exports")
    .set((eb) => ({
      status: "running",
      lease_token: token,
      lease_expires_at: clock.in(settings.leaseMs),
      attempts: eb("attempts", "+", 1),
    }))
    .where("id", "in", (eb) =>
      eb
        .selectFrom("storage_exports as e")
        .select("e.id")
        .where("e.status", "in", ["queued", "running"])
        .where("e.due_at", "<=", clock.now())
        .where((or) =>
          or.or([or("e.lease_expires_at", "is", null), or("e.lease_expires_at", "<=", clock.now())]),
        )
        .orderBy("e.due_at")
        .limit(1)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? undefined : { exportId: row.id, token, row };
}

/** Of `storage_exports`: it is still this holder's. */
export function isHeldBy({ exportId, token }: ExportLease) {
  return sql<boolean>`(id = ${exportId}::uuid AND lease_token = ${token}::uuid AND status = 'running')`;
}

/** Keeps the lease, and the upload's life, while `work` runs; its signal says when the lease is lost, or `given` stops it. */
export async function whileExporting<Result>(
  context: StorageContext,
  lease: ExportLease,
  given: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { db, clock, settings } = context;
  const lost = new AbortController();
  const timer = setInterval(() => {
    void renew().catch(context.onError);
  }, settings.leaseMs / 3);
  async function renew(): Promise<void> {
    const { numUpdatedRows } = await db
      .updateTable("storage_exports")
      .set({ lease_expires_at: clock.in(settings.leaseMs) })
      .where(isHeldBy(lease))
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return lost.abort(new ExportLost());
    await db
      .updateTable("multipart_uploads")
      .set({ expires_at: clock.in(settings.sessionExpiresIn * 1000) })
      .where("id", "=", lease.row.session_id)
      .where("status", "in", ["creating", "active"])
      .execute();
    // Or the archive would be over as soon as it is stored, where its making takes longer than it is to live. One whose time is over by now
    // was ended: cancelled, or with its owner.
    await db
      .updateTable("file_storage")
      .set({ expires_at: clock.in((settings.sessionExpiresIn + lease.row.expires_in) * 1000) })
      .where("id", "=", lease.row.file_storage_id)
      .where("status", "=", "uploading")
      .where("expires_at", ">", clock.in(settings.leaseMs))
      .where("expires_at", "<", clock.in(settings.sessionExpiresIn * 1000))
      .execute();
  }
  try {
    return await work(AbortSignal.any([given, lost.signal]));
  } finally {
    clearInterval(timer);
  }
}

/** Goes on at once, by whoever comes next: this holder was told to stop, and that says nothing of the archive. */
export async function letExportGo({ db, clock }: StorageContext, lease: ExportLease): Promise<void> {
  await db
    .updateTable("storage_exports")
    .set((eb) => ({
      lease_expires_at: clock.now(),
      attempts: eb.fn("greatest", [eb("attempts", "-", 1), eb.lit(0)]),
    }))
    .where(isHeldBy(lease))
    .execute();
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;

/** After a failure that may pass: later, and later each time. */
export async function putOffExport(
  { db, clock }: StorageContext,
  lease: ExportLease,
  attempts: number,
): Promise<void> {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(attempts - 1, 0), LONGEST_PAUSE_MS);
  await db
    .updateTable("storage_exports")
    .set({ lease_expires_at: null, lease_token: null, due_at: clock.in(pause) })
    .where(isHeldBy(lease))
    .execute();
}
