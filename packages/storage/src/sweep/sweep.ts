import { sql } from "kysely";
import { finishDeleting } from "../files/delete-file.ts";
import type { SweepReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { abortAtStore } from "../uploads/abort-at-store.ts";
import { claimForAborting } from "../uploads/lease.ts";
import { claimDeletions } from "./claim-deletions.ts";
import { findProvidersToSweep, findSessionsToAbort, findSessionsToComplete } from "./find-work.ts";
import { goOnCompleting } from "./go-on-completing.ts";
import { sweepLeftovers } from "./sweep-leftovers.ts";
import { startSweepRun } from "./sweep-run.ts";
import { sweepTemporary } from "./sweep-temporary.ts";

/** Brings to an end what crashed, expired or was left behind. Every step is conditional, so any number may run. */
export async function sweep(
  context: StorageContext,
  options: { signal?: AbortSignal } = {},
): Promise<SweepReport> {
  const run = startSweepRun(context, options.signal);
  const { report } = run;

  // Before sessions expire: what a form or a PUT has brought is not thrown away at the last moment.
  await run.each(await findProvidersToSweep(context), async (providerId) => {
    const store = await context.stores.of(providerId);
    await sweepTemporary(run, store);
    await sweepLeftovers(run, store, providerId);
  });
  await sql`SELECT cleanup_expired_files(${context.settings.sweepBatch})`.execute(context.db);
  await run.each(await findSessionsToComplete(context), async (sessionId) => {
    if (await goOnCompleting(context, sessionId)) report.sessionsCompleted++;
  });
  await run.each(await findSessionsToAbort(context), async (sessionId) => {
    // Not from `completing`: whoever completes at the last moment goes first.
    const lease = await claimForAborting(context, sessionId, ["creating", "active", "aborting"]);
    if (lease !== undefined && (await abortAtStore(context, sessionId, lease))) report.sessionsAborted++;
  });
  const files = await claimDeletions(context);
  await run.each([...files.keys()], async (fileId) => {
    const file = files.get(fileId);
    if (file === undefined) return;
    await finishDeleting(context, file);
    report.filesDeleted++;
  });
  return report;
}
