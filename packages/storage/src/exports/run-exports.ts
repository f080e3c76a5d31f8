import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { STORED_STATES } from "../files/stored-states.ts";
import { requireListedParts } from "../proof/check-parts.ts";
import type { ExportsReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { describeSweepFailure } from "../sweep/sweep-failure.ts";
import { cancelSession } from "../uploads/cancel-upload.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { openAtStore } from "../uploads/open-at-store.ts";
import {
  getSession,
  type MultipartTarget,
  type Session,
  sessionNotOpen,
  storeOf,
} from "../uploads/session.ts";
import {
  claimExport,
  type ExportLease,
  ExportLost,
  isHeldBy,
  letExportGo,
  putOffExport,
  whileExporting,
} from "./export-lease.ts";
import { readSentParts } from "./export-progress.ts";
import { sendArchive } from "./send-archive.ts";

/** So often in a row without a part that came through: it does not pass by itself. */
const MOST_ATTEMPTS = 12;

export async function runExports(
  given: StorageContext,
  { signal = new AbortController().signal }: { signal?: AbortSignal } = {},
): Promise<ExportsReport> {
  const report: ExportsReport = { done: [], failures: [] };
  while (!signal.aborted) {
    const lease = await claimExport(given);
    if (lease === undefined) break;
    try {
      requireHope(lease);
      await whileExporting(given, lease, signal, async (ending) => {
        const context = { ...given, stores: given.stores.forSweep(ending) };
        report.done.push(await makeArchive(context, lease, ending));
      });
    } catch (error) {
      if (error instanceof ExportLost) continue;
      if (signal.aborted) {
        await letExportGo(given, lease);
        continue;
      }
      const attempts = await attemptsOf(given, lease);
      if (attempts !== undefined) report.failures.push(await leave(given, lease, attempts, error));
    }
  }
  return report;
}

/** Workers that are killed say nothing of what failed; one archive must not take them all down one after another for ever. */
function requireHope({ row }: ExportLease): void {
  if (row.attempts > MOST_ATTEMPTS)
    throw new UploadError("internal", "Whoever made the archive was ended each time.");
}

/** All of it, from wherever it is. */
async function makeArchive(context: StorageContext, lease: ExportLease, signal: AbortSignal) {
  let session = await openAtStore(context, await getSession(context, lease.row.session_id));
  while (session.state === "active") {
    if (!isMultipart(session)) throw new Error("an archive goes in parts");
    const isSent = await sendArchive(context, lease, { session, store: await storeOf(context, session) });
    signal.throwIfAborted();
    if (isSent) break;
    session = await getSession(context, session.id);
  }
  const parts = await readSentParts(context, lease);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (session.state !== "active" && session.state !== "completing" && session.state !== "completed")
    throw sessionNotOpen(session);
  const completion = await completeSession(context, session, {
    request: {},
    requireParts: (stored) => requireListedParts(parts, stored, size),
    waitMs: 0,
  });
  if (completion.state === "completing")
    throw new UploadError("storage_unavailable", "The archive is still being completed.");
  return finish(context, lease);
}

function isMultipart(session: Session): session is Session & { target: MultipartTarget } {
  return session.target.method === "multipart";
}

/** The archive is there, and lives from now on; unless somebody has ended it meanwhile, or its user is gone and it goes as well. */
async function finish({ db, clock }: StorageContext, lease: ExportLease) {
  const { row } = lease;
  const done = await db.transaction().execute(async (trx) => {
    // The file first, as whoever deletes its owner.
    const file = await trx
      .selectFrom("file_storage")
      .select("status")
      .where("id", "=", row.file_storage_id)
      .forUpdate()
      .executeTakeFirst();
    const ended = await trx
      .updateTable("storage_exports")
      .set({
        status: "done",
        finished_at: clock.now(),
        lease_token: null,
        lease_expires_at: null,
        done_bytes: sql<number>`total_bytes`,
        done_files: sql<number>`total_files - missing_files`,
      })
      .where(isHeldBy(lease))
      .returning(["user_id", "total_files", "missing_files", "total_bytes"])
      .executeTakeFirst();
    if (ended === undefined) throw new ExportLost();
    // Deleted, or its time was over before a worker came back to say that it is there.
    if (!STORED_STATES.some((state) => state === file?.status))
      throw new UploadError("upload_failed", "The archive was gone before its export was done.");
    if (ended.user_id === null) return ended;
    await trx
      .updateTable("file_storage")
      .set({ expires_at: clock.in(row.expires_in * 1000) })
      .where("id", "=", row.file_storage_id)
      .where("status", "in", ["stored", "processing", "processed"])
      .execute();
    return ended;
  });
  return {
    id: lease.exportId,
    files: done.total_files,
    missing: done.missing_files,
    bytes: Number(done.total_bytes),
  };
}

/** In a row without a part that came through; `undefined` where somebody has ended it meanwhile: what failed here failed for that. */
async function attemptsOf({ db }: StorageContext, lease: ExportLease): Promise<number | undefined> {
  const held = await db
    .selectFrom("storage_exports")
    .select("attempts")
    .where(isHeldBy(lease))
    .executeTakeFirst();
  return held?.attempts;
}

/** Tried again later, or given up. */
async function leave(context: StorageContext, lease: ExportLease, attempts: number, error: unknown) {
  const mayPass = !(error instanceof UploadError) || error.retryable || error.code === "parts_missing";
  if (mayPass && attempts < MOST_ATTEMPTS) await putOffExport(context, lease, attempts);
  else await fail(context, lease, error);
  return { id: lease.exportId, ...describeSweepFailure(error) };
}

async function fail(context: StorageContext, lease: ExportLease, error: unknown): Promise<void> {
  const told = error instanceof UploadError ? error : new UploadError("internal", "The export failed.");
  const { db, clock } = context;
  const { numUpdatedRows } = await db
    .updateTable("storage_exports")
    .set({
      status: "failed",
      finished_at: clock.now(),
      error_code: told.code,
      error_message: told.message,
      lease_token: null,
      lease_expires_at: null,
    })
    .where(isHeldBy(lease))
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  // Where the store is putting it together it ends as it ends, and then its time is over: nobody can fetch it.
  await db
    .updateTable("file_storage")
    .set({ expires_at: clock.now() })
    .where("id", "=", lease.row.file_storage_id)
    .where("status", "in", ["uploading", ...STORED_STATES])
    .execute();
  // Its room is given back at once; where that cannot be now, the sweep does.
  await cancelSession(context, await getSession(context, lease.row.session_id)).catch(context.onError);
}
