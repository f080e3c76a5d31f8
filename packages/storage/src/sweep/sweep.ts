import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { purgeCopies } from "../cdn/purge-copies.ts";
import { finishDeleting } from "../files/delete-file.ts";
import { claimAccessChanges, settleAccess } from "../files/settle-access.ts";
import type { SweepReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { abortAtStore } from "../uploads/abort-at-store.ts";
import { claimForAborting } from "../uploads/lease.ts";
import { settleAsked } from "../uploads/settle-asked.ts";
import { claimDeletions } from "./claim-deletions.ts";
import {
  findProvidersToSweep,
  findSessionsAsked,
  findSessionsToAbort,
  findSessionsToComplete,
} from "./find-work.ts";
import { goOnCompleting } from "./go-on-completing.ts";
import { sweepLeftovers } from "./sweep-leftovers.ts";
import { type SweepRun, startSweepRun } from "./sweep-run.ts";
import { sweepTemporary } from "./sweep-temporary.ts";

/**
 * Brings to an end what crashed, expired or was left behind. Every step is conditional, so any number may run; a sweep
 * that is cut off leaves to the next one what it had not done.
 */
export async function sweep(
  given: StorageContext,
  options: { signal?: AbortSignal } = {},
): Promise<SweepReport> {
  const context = { ...given, stores: given.stores.forSweep(options.signal) };
  const run = await startSweepRun(context, options.signal);

  // Before sessions expire: what a form or a PUT has brought is not thrown away at the last moment.
  await run.each(await findProvidersToSweep(context), async (providerId) => {
    const store = await context.stores.of(providerId);
    await sweepTemporary(run, store);
    await sweepLeftovers(run, store, providerId);
  });
  // A batch of each in turn: a hundred thousand of one kind do not keep the others waiting.
  const steps = [complete, settleAskedOnce(), expire, abort, finishDeletions, settleAccesses, purge];
  for (let left = steps; left.length > 0; ) {
    const unfinished: typeof steps = [];
    for (const step of left)
      if (run.hasTime() && (await run.thenRest(() => step(run))) > 0) unfinished.push(step);
    left = unfinished;
  }
  return run.report;
}

/** Short statements: whoever starts an upload waits for the counters that one of them has locked. */
async function expire({ context: { db, clock, settings }, report }: SweepRun): Promise<number> {
  const { rows } = await sql<{
    claimed: number;
  }>`SELECT cleanup_expired_files(${settings.sweepBatch}::integer, ${clock.now()}) AS claimed`.execute(db);
  const claimed = rows[0]?.claimed ?? 0;
  report.expired += claimed;
  return claimed;
}

/** A session of which the store cannot say is looked at once by each sweep. */
function settleAskedOnce(): (run: SweepRun) => Promise<number> {
  const looked = new Set<string>();
  return async ({ context, report, each }) => {
    const sessionIds = await findSessionsAsked(context, looked);
    for (const id of sessionIds) looked.add(id);
    await each(sessionIds, async (sessionId) => {
      if (await settleAsked(context, sessionId)) report.sessionsCompleted++;
    });
    return sessionIds.length;
  };
}

async function complete({ context, began, report, each }: SweepRun): Promise<number> {
  const sessionIds = await findSessionsToComplete(context, began);
  await each(sessionIds, async (sessionId) => {
    if (await goOnCompleting(context, sessionId)) report.sessionsCompleted++;
  });
  return sessionIds.length;
}

async function abort({ context, began, report, each }: SweepRun): Promise<number> {
  const sessionIds = await findSessionsToAbort(context, began);
  await each(sessionIds, async (sessionId) => {
    const lease = await claimForAborting(context, sessionId, ["aborting"]);
    if (lease === undefined) return;
    if (await abortAtStore(context, sessionId, lease)) report.sessionsAborted++;
    else throw new UploadError("storage_unavailable", "The store has not let go of the upload yet.");
  });
  return sessionIds.length;
}

async function settleAccesses({ context, report, each }: SweepRun): Promise<number> {
  const changes = await claimAccessChanges(context);
  await each([...changes.keys()], async (fileId) => {
    const change = changes.get(fileId);
    if (change === undefined) return;
    await settleAccess(context, change);
    report.accessSettled++;
  });
  return changes.size;
}

async function purge({ context, report }: SweepRun): Promise<number> {
  const outcome = await purgeCopies(context);
  report.copiesPurged += outcome.purged;
  if (outcome.failure !== undefined) report.failures.push(outcome.failure);
  return outcome.purged;
}

async function finishDeletions({ context, report, each }: SweepRun): Promise<number> {
  const files = await claimDeletions(context);
  await each([...files.keys()], async (fileId) => {
    const file = files.get(fileId);
    if (file === undefined) return;
    await finishDeleting(context, file);
    report.filesDeleted++;
  });
  return files.size;
}
