import { foldAnalytics } from "../analytics/fold-analytics.ts";
import { purgeCopies } from "../cdn/purge-copies.ts";
import type { SweepReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { abort, complete, settleAskedOnce } from "./end-sessions.ts";
import { expire } from "./expire.ts";
import { findExpiryHold } from "./expiry-hold.ts";
import { type BucketToSweep, findBucketsToSweep } from "./find-buckets.ts";
import { finishDeletions, settleAccesses } from "./finish-files.ts";
import type { Step } from "./step.ts";
import { sweepLeftovers } from "./sweep-leftovers.ts";
import { sweepProcessing } from "./sweep-processing.ts";
import { startSweepRun } from "./sweep-run.ts";
import { sweepTemporary } from "./sweep-temporary.ts";

/**
 * Brings to an end what crashed, expired or was left behind. Every kind of work has its turns whatever the others have to do,
 * and fails alone. Every step is conditional, so any number may run; a sweep that is cut off leaves to the next one what it
 * had not done.
 */
export async function sweep(
  context: StorageContext,
  options: { signal?: AbortSignal } = {},
): Promise<SweepReport> {
  const run = await startSweepRun(context, options.signal);
  const buckets = (await run.attempt("find buckets", () => findBucketsToSweep(context))) ?? [];
  await run.takeTurns([
    ...buckets.map((bucket) => PASSES[bucket.kind](bucket)),
    complete(),
    settleAskedOnce(),
    expire(),
    abort(),
    finishDeletions(),
    settleAccesses(),
    purge,
    fold,
  ]);
  const expiryHold = await run.attempt("expiry hold", () => findExpiryHold(context));
  return expiryHold === undefined ? run.report : { ...run.report, expiryHold };
}

const PASSES = {
  temporary: sweepTemporary,
  processing: sweepProcessing,
  uploads: sweepLeftovers,
} satisfies Record<BucketToSweep["kind"], (bucket: BucketToSweep) => Step>;

const fold: Step = { id: "fold analytics", turn: ({ context }) => foldAnalytics(context.db) };

const purge: Step = {
  id: "purge",
  turn: async ({ context, report }) => {
    const { purged, failure } = await purgeCopies(context);
    report.copiesPurged += purged;
    if (failure !== undefined) report.failures.push(failure);
    return purged > 0;
  },
};
