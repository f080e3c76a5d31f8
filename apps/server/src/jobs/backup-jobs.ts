import type { Job } from "./job.ts";

/** What does not pass by itself. */
const STAYING = new Set(["source_missing", "source_changed", "checksum_differs", "internal"]);

/** Copies of stored files, as they are stored: the next round begins while the files of this one are minutes old. */
const copyFiles: Job = {
  name: "copy-files",
  cron: "* * * * *",
  againAfter: 30,
  isMadeUpFor: false,
  expiresAfter: 900,
  run: async ({ storage, log, signal }) => {
    const { failures, ...done } = await storage.backups.run({ signal });
    for (const failure of failures) {
      if (STAYING.has(failure.code))
        log.error(failure, "a file has no copy, and will have none before somebody has looked");
      else log.warn(failure, "a file could not be copied to its backup; it is tried again");
    }
    if (Object.values(done).some((number) => number > 0)) log.info(done, "copied files to their backup");
  },
};

const compareCopies: Job = {
  name: "compare-copies",
  cron: "11 4 * * *",
  isMadeUpFor: true,
  expiresAfter: 12 * 3600,
  run: async ({ storage, log, signal }) => {
    const { failures, ...report } = await storage.backups.compare({
      signal,
      onFinding: (finding) => {
        if (finding.kind === "unknown_object") log.warn(finding, "a bucket of copies has what no row knows");
        else log.error(finding, "a copy was lost at its bucket; it is made again");
      },
    });
    for (const failure of failures)
      log.error(failure, "a bucket of copies was not looked through; nobody knows how its copies are");
    signal.throwIfAborted();
    if (report.backups > 0) log.info(report, "compared the copies with their rows");
  },
};

export const BACKUP_JOBS: readonly Job[] = [copyFiles, compareCopies];
