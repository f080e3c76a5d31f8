import type { Finding, SweepFailure } from "@audiotricks/storage";
import type { Logger } from "../logger.ts";
import { backupDatabase } from "./backup-database.ts";
import { BACKUP_JOBS } from "./backup-jobs.ts";
import { COST_JOBS } from "./cost-jobs.ts";
import type { Job } from "./job.ts";
import { moveFiles } from "./move-files.ts";

const HOUR = 3600;

/** Of which this process has told: the next one comes in half a minute, and reconciliations tell of it again. */
let toldHold: string | null = null;

const sweep: Job = {
  name: "sweep",
  cron: "* * * * *",
  againAfter: 30,
  isMadeUpFor: false,
  expiresAfter: 600,
  run: async ({ storage, log, onSwept, signal }) => {
    const report = await storage.sweep({ signal });
    onSwept?.(report);
    const { failures, expiryHold, ...done } = report;
    if (expiryHold !== undefined && expiryHold.id !== toldHold) tellHold(log, expiryHold);
    toldHold = expiryHold?.id ?? null;
    for (const failure of failures) {
      if (isPassing(failure)) log.warn(failure, "left for the next sweep");
      else
        log.error(
          failure,
          "a part of the sweep failed; the next sweep tries again, and somebody should look",
        );
    }
    if (Object.values(done).some((number) => number > 0)) log.info(done, "swept");
  },
};

function tellHold(log: Logger, hold: object): void {
  log.error(
    hold,
    "the database may have been restored: files whose time is over are held back until somebody answers, by audiotricks-storage sweep --expire-held",
  );
}

/** A store that does not answer will, as a rule, and the rows wait for it; a fault of ours or of a row stays. */
function isPassing({ code }: SweepFailure): boolean {
  return code === "storage_unavailable";
}

const reconcile: Job = {
  name: "reconcile",
  cron: "17 2 * * *",
  isMadeUpFor: true,
  expiresAfter: 12 * HOUR,
  run: async ({ storage, log, signal }) => {
    const report = await storage.upkeep.reconcile({
      resumes: true,
      signal,
      onFinding: (finding) => logFinding(log, finding),
    });
    // Not done: another worker goes on where this one had got to.
    signal.throwIfAborted();
    log.info(report, "reconciled the buckets with the database");
  },
};

const recountUsage: Job = {
  name: "recount-usage",
  cron: "47 1 * * *",
  isMadeUpFor: true,
  expiresAfter: 6 * HOUR,
  run: async ({ storage, log, signal }) => {
    const { scopes, mismatches, mendedTotals } = await storage.upkeep.recountUsage({ signal });
    for (const mismatch of mismatches)
      log.error(
        { finding: "counter_differs", ...mismatch },
        "a usage counter was not what its rows say; it was counted anew from them",
      );
    if (mendedTotals > 0)
      log.error(
        { finding: "totals_differ", mendedTotals },
        "sums of the dashboard were not what the files say; they were mended",
      );
    signal.throwIfAborted();
    log.info({ scopes, mismatches: mismatches.length }, "recounted usage");
  },
};

const keepOperations: Job = {
  name: "keep-operations",
  cron: "7 */12 * * *",
  isMadeUpFor: true,
  expiresAfter: 60,
  run: async ({ storage, log }) => {
    const report = await storage.upkeep.keepOperations();
    if (report.monthsMade + report.monthsDropped + report.rowsDropped > 0)
      log.info(report, "kept the months of the operations log, and dropped what is long over");
  },
};

export const JOBS: readonly Job[] = [
  sweep,
  reconcile,
  recountUsage,
  keepOperations,
  moveFiles,
  ...BACKUP_JOBS,
  backupDatabase,
  ...COST_JOBS,
];

/** A promise that may not hold is an error; what only lies about is told once a night, below that. */
function logFinding(log: Logger, { kind, ...finding }: Finding): void {
  const entry = { finding: kind, ...finding };
  switch (kind) {
    case "object_missing":
    case "object_differs":
    case "file_without_owner":
    case "failed_with_object":
    case "upload_without_session":
      log.error(entry, "bucket and database disagree about a file; nothing was changed");
      return;
    case "expiry_held":
      tellHold(log, entry);
      return;
    case "provider_failed":
      log.error(entry, "a bucket was not looked through; nobody knows how its files are");
      return;
    case "unknown_object":
    case "unknown_upload":
    case "unknown_temporary":
      log.warn(entry, "the bucket has something of ours that no row knows");
      return;
    case "counter_differs":
      log.error(entry, "a usage counter was not what its rows say; it was counted anew from them");
      return;
    case "ended_object":
      log.info(entry, "deleted an object whose row had come to its end");
      return;
    case "foreign_object":
    case "foreign_upload":
      log.debug(entry, "the bucket has something that is not ours");
      return;
    default:
      kind satisfies never;
  }
}
