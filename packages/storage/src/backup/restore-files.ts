import { mapConcurrently } from "../concurrency.ts";
import { isUuid } from "../is-uuid.ts";
import { OperatorError } from "../operator/operator-error.ts";
import type { StorageContext } from "../storage-context.ts";
import { describeSweepFailure } from "../sweep/sweep-failure.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { findRestorable, listRestorable, type RestoreScope } from "./find-restorable.ts";
import { type RestoredFile, restoreFile } from "./restore-file.ts";

export interface RestoreOptions {
  /** Another bucket at the files' own store, by the same keys: their own and their rows stay as they are. */
  intoBucket?: string;
  /** Told of each file that is done. */
  onFile?: (file: RestoredFile) => void;
  signal?: AbortSignal;
}

export interface RestoreReport {
  files: number;
  /** Those that were there, as their rows say. */
  right: number;
  restored: number;
  /** Bytes that were written. */
  bytes: number;
  /** By file: these are as they were. */
  failures: { id: string; code: string; message: string }[];
  /** Stopped before the end. */
  isInterrupted: boolean;
}

const PAGE = 200;

/** @throws {OperatorError} `file_not_found`, `invalid_request`, and as `restoreFile`. */
export async function restoreOne(
  given: StorageContext,
  memory: ByteBudget,
  fileId: string,
  { intoBucket, signal }: RestoreOptions,
): Promise<RestoredFile> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  const file = isUuid(fileId) ? await findRestorable(context, fileId) : undefined;
  if (file === undefined) throw new OperatorError("file_not_found", `There is no file ${fileId}.`);
  if (intoBucket !== undefined) await requireScratch(context, intoBucket);
  return restoreFile(context, file, { memory, intoBucket });
}

/** All files of a workspace, or of a bucket. What fails stops no other. Safe to repeat: it goes on. */
export async function restoreMany(
  given: StorageContext,
  memory: ByteBudget,
  scope: RestoreScope,
  { intoBucket, onFile, signal }: RestoreOptions,
): Promise<RestoreReport> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  if (intoBucket !== undefined) await requireScratch(context, intoBucket);
  const report: RestoreReport = {
    files: 0,
    right: 0,
    restored: 0,
    bytes: 0,
    failures: [],
    isInterrupted: false,
  };
  for (let after = "00000000-0000-0000-0000-000000000000"; ; ) {
    const page = await listRestorable(context, scope, { after, limit: PAGE });
    await mapConcurrently(page, context.settings.backupLanes, async (listed) => {
      if (signal?.aborted) return;
      report.files++;
      const { fileId } = listed;
      try {
        // It may have waited for hours.
        const file = (await findRestorable(context, fileId)) ?? listed;
        const done = await restoreFile(context, file, { memory, intoBucket });
        report[done.outcome]++;
        report.bytes += done.bytes;
        onFile?.(done);
      } catch (error) {
        const { code, message } = error instanceof OperatorError ? error : describeSweepFailure(error);
        report.failures.push({ id: fileId, code, message });
      }
    });
    report.isInterrupted = signal?.aborted === true;
    after = page.at(-1)?.fileId ?? after;
    if (page.length < PAGE || report.isInterrupted) return report;
  }
}

/** Where files of this deployment live nothing is written beside their rows. */
async function requireScratch({ db }: StorageContext, bucket: string): Promise<void> {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new OperatorError("invalid_request", "A bucket's name has 3 to 63 of a-z, 0-9, - and dots.");
  const used = await db
    .selectFrom("storage_providers")
    .select("id")
    .where("bucket_name", "=", bucket)
    .executeTakeFirst();
  if (used !== undefined)
    throw new OperatorError(
      "invalid_request",
      `Bucket ${bucket} is provider ${used.id}: files are restored to their own bucket, or to one that is none.`,
    );
}
