import { mapConcurrently } from "../concurrency.ts";
import { findMinimums, MINIMUM_OBJECT_SIZE } from "../cost/find-minimums.ts";
import { closePass, type Tally } from "../cost/invisible-progress.ts";
import { isOurKey } from "../object-key.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { abortMultipartUpload, listUploadsPage } from "../s3/multipart.ts";
import { headObject, type ListedObject, listObjects } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import { describeCopyFailure } from "./copy-files.ts";
import { type CopyRow, findCopiesAt, findCopiesByKey, loseCopy } from "./copy-rows.ts";

/** Something in which a bucket of copies and the rows disagree. */
export type CopyFinding = { backupId: string; key: string } & (
  | { kind: "copy_missing" | "copy_differs"; fileId: string }
  /** No row knows it. It stays. */
  | { kind: "unknown_object"; size: number; lastModified: Date }
);

export interface CompareReport {
  backups: number;
  objects: number;
  rows: number;
  /** Copies that were proved once and are not there, or differ: copied anew. */
  lost: number;
  unknown: number;
  /** Objects whose row had come to its end. */
  deleted: number;
  uploadsAborted: number;
  /** By backup: the others are looked through all the same. */
  failures: { id: string; code: string; message: string }[];
}

export interface CompareOptions {
  onFinding?: (finding: CopyFinding) => void;
  signal?: AbortSignal;
}

const ROWS_AT_ONCE = 1_000;

/**
 * Walks every bucket of copies beside its rows, key by key. What it finds lost waits for its copy again. What lies there, copies and dumps of
 * the database alike, is paid for: costs are told.
 */
export async function compareBackups(
  given: StorageContext,
  { onFinding = () => undefined, signal }: CompareOptions,
): Promise<CompareReport> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  const report: CompareReport = {
    backups: 0,
    objects: 0,
    rows: 0,
    lost: 0,
    unknown: 0,
    deleted: 0,
    uploadsAborted: 0,
    failures: [],
  };
  const providers = await context.db
    .selectFrom("storage_providers")
    .select("id")
    .where("purpose", "=", "backup")
    .where("is_active", "=", true)
    .orderBy("id")
    .execute();
  const minimums = new Map((await findMinimums(context)).map(({ id, size }) => [id, size]));
  for (const { id } of providers) {
    if (signal?.aborted) break;
    try {
      const { s3 } = await context.stores.of(id);
      const minimum = minimums.get(id) ?? MINIMUM_OBJECT_SIZE;
      const tally = await compareObjects(context, { id, s3 }, { report, onFinding, signal, minimum });
      await closePass(context.db, id, "copies", tally);
      await abortLeftovers(context, { id, s3 }, report);
      report.backups++;
    } catch (error) {
      report.failures.push({ id, ...describeCopyFailure(error) });
    }
  }
  return report;
}

interface Backup {
  id: string;
  s3: S3Connection;
}

async function compareObjects(
  context: StorageContext,
  backup: Backup,
  how: {
    report: CompareReport;
    onFinding: (finding: CopyFinding) => void;
    signal: AbortSignal | undefined;
    minimum: number;
  },
): Promise<Tally> {
  const { report, onFinding, signal, minimum } = how;
  const tally: Tally = { bytes: 0, billedBytes: 0, objects: 0 };
  for (let marker: string | undefined = ""; marker !== undefined; ) {
    signal?.throwIfAborted();
    const after: string = marker;
    const page = await listObjects(backup.s3, { prefix: "", ...(after === "" ? {} : { marker: after }) });
    report.objects += page.objects.length;
    tally.objects += page.objects.length;
    for (const { size } of page.objects) {
      tally.bytes += size;
      tally.billedBytes += Math.max(size, minimum);
    }
    // Listed before their rows are read: since every row is there before its object, an object without a row has none.
    const unmatched = new Map(page.objects.map((object) => [object.key, object]));
    for (let from: string | undefined = after; from !== undefined; ) {
      const range = { after: from, upTo: page.nextMarker, limit: ROWS_AT_ONCE };
      const rows: CopyRow[] = await findCopiesByKey(context.db, backup.id, range);
      report.rows += rows.length;
      const suspects = rows.filter((row) => isSuspect(row, unmatched.get(row.key)));
      for (const { key } of rows) unmatched.delete(key);
      await lookAgain(context, backup, suspects, how);
      from = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.key;
    }
    for (const { key, size, lastModified } of unmatched.values()) {
      if (!isOurKey(key)) continue;
      report.unknown++;
      onFinding({ kind: "unknown_object", backupId: backup.id, key, size, lastModified });
    }
    marker = page.nextMarker;
  }
  return tally;
}

type Present = Pick<ListedObject, "size" | "etag"> | undefined;

function isSuspect({ state, size, etag }: CopyRow, object: Present): boolean {
  if (state === "removed") return object !== undefined;
  return state === "copied" && (object?.size !== size || object.etag !== etag);
}

/** What holds before and after a look at the object holds for the object. */
async function lookAgain(
  { db, settings }: StorageContext,
  { id, s3 }: Backup,
  suspects: readonly CopyRow[],
  { report, onFinding }: { report: CompareReport; onFinding: (finding: CopyFinding) => void },
): Promise<void> {
  await mapConcurrently(suspects, settings.sweepConcurrency, async ({ key }) => {
    const head = await headObject(s3, key);
    const row = (await findCopiesAt(db, id, [key])).get(key);
    if (row === undefined || !isSuspect(row, head)) return;
    if (row.state === "removed") {
      await deleteObject(s3, key);
      report.deleted++;
      return;
    }
    await loseCopy(db, id, row);
    report.lost++;
    const kind = head === undefined ? "copy_missing" : "copy_differs";
    onFinding({ kind, backupId: id, key, fileId: row.fileId });
  });
}

/** Uploads at keys of copies that are not the one of their row: of a worker that was too late, or of a file that is gone. */
async function abortLeftovers(
  { db, settings }: StorageContext,
  { id, s3 }: Backup,
  report: CompareReport,
): Promise<void> {
  // By the machine's clock, as the store's dates are.
  const ageOf = (initiatedAt: Date) => Date.now() - initiatedAt.getTime();
  let after: Parameters<typeof listUploadsPage>[2] | undefined = { key: "", uploadId: "" };
  while (after !== undefined) {
    const page: Awaited<ReturnType<typeof listUploadsPage>> = await listUploadsPage(s3, "", after);
    const old = page.uploads.filter(({ initiatedAt }) => ageOf(initiatedAt) >= settings.leftoverGraceMs);
    const keys = old.map(({ key }) => key);
    const rows = await findCopiesAt(db, id, keys);
    const leftovers = old.filter(({ key, uploadId, initiatedAt }) => {
      const row = rows.get(key);
      if (row !== undefined) return row.uploadId !== uploadId;
      return isOurKey(key) && ageOf(initiatedAt) >= settings.unknownGraceMs;
    });
    await mapConcurrently(leftovers, settings.sweepConcurrency, async ({ key, uploadId }) => {
      await abortMultipartUpload(s3, { key, uploadId });
      report.uploadsAborted++;
    });
    after = page.next;
  }
}
