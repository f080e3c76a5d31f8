import type { StorageContext } from "../storage-context.ts";
import { type BackupState, readBackupState } from "./backup-state.ts";
import { createByteBudget } from "./byte-budget.ts";
import { type CompareOptions, type CompareReport, compareBackups } from "./compare-backups.ts";
import { type CopyReport, copyFiles } from "./copy-files.ts";
import { fillBackups } from "./fill-backups.ts";
import type { RestoreScope } from "./find-restorable.ts";
import { type RemovalReport, removeCopies } from "./remove-copies.ts";
import type { RestoredFile } from "./restore-file.ts";
import { type RestoreOptions, type RestoreReport, restoreMany, restoreOne } from "./restore-files.ts";

export interface BackupReport extends CopyReport {
  /** Files from before their backup that now wait for their copy. */
  queued: number;
  /** Copies of deleted files that were taken away. */
  removed: number;
}

/** Copies of stored files in another bucket. */
export interface Backups {
  /**
   * Copies what is to be copied, and takes away copies whose time is over: one round, of `backupMs` at most. Safe at any time, by any number
   * of callers; to be called again and again.
   */
  run(options?: { signal?: AbortSignal }): Promise<BackupReport>;
  state(): Promise<BackupState>;
  /**
   * Once a night, and after a bucket of copies was lost or restored: walks it beside its rows. Copies that are not there wait to be made
   * again; leftovers of ours go; what no row knows is told of, and stays.
   */
  compare(options?: CompareOptions): Promise<CompareReport>;
  /**
   * Brings a file's object back from its copy where it is missing or differs.
   *
   * @throws {OperatorError} `file_not_found`, `file_deleted`, `copy_not_found`, `copy_missing`, `copy_changed`, `backup_unavailable`,
   *   `restore_failed`, `invalid_request`. The file is as it was then.
   */
  restoreFile(fileId: string, options?: RestoreOptions): Promise<RestoredFile>;
  /** The same of all files of a workspace, or of a bucket; what fails is in the report. */
  restore(scope: RestoreScope, options?: RestoreOptions): Promise<RestoreReport>;
}

export function createBackups(context: StorageContext): Backups {
  const { settings } = context;
  // Of all copies of this process, however many rounds and restores there are.
  const memory = createByteBudget(settings.backupMemory);
  return {
    run: async ({ signal = new AbortController().signal } = {}) => {
      const bounds = { signal, untilMs: performance.now() + settings.backupMs };
      const queued = await fillBackups(context, bounds);
      const copies = await copyFiles(context, memory, bounds);
      const { removed, failures }: RemovalReport = await removeCopies(context, bounds);
      return { ...copies, queued, removed, failures: [...copies.failures, ...failures] };
    },
    state: () => readBackupState(context),
    compare: (options = {}) => compareBackups(context, options),
    restoreFile: (fileId, options = {}) => restoreOne(context, memory, fileId, options),
    restore: (scope, options = {}) => restoreMany(context, memory, scope, options),
  };
}
