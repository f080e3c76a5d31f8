import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { OperatorError, type OperatorErrorCode } from "../operator/operator-error.ts";
import { findNamedKeys } from "../places/named-keys.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import { headObject } from "../s3/objects.ts";
import type { S3Connection } from "../s3/s3-connection.ts";
import type { StorageContext } from "../storage-context.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { copyAcross } from "./copy-across.ts";
import { CopyFailure, type CopyFailureCode, onSide } from "./copy-failure.ts";
import type { Restorable } from "./find-restorable.ts";
import { planCopy, saySame } from "./plan-copy.ts";

export interface RestoredFile {
  fileId: string;
  bucket: string;
  key: string;
  /** `right`: it was there, as its row says; nothing was written. */
  outcome: "right" | "restored";
  /** Bytes that were written. */
  bytes: number;
}

/**
 * Brings a file's object back from its copy, to its own key. Never over an object that is right; what differs is replaced. It is there once
 * the store shows it with its size and its ETag. Safe to repeat, also after it was killed.
 *
 * @param options.intoBucket Another bucket at the same store, by the same key: the file's own and its row stay as they are.
 * @throws {OperatorError} `file_deleted`, `copy_not_found`, `copy_missing`, `copy_changed`, `backup_unavailable`, `restore_failed`.
 */
export async function restoreFile(
  context: StorageContext,
  file: Restorable,
  { memory, intoBucket }: { memory: ByteBudget; intoBucket: string | undefined },
): Promise<RestoredFile> {
  if (!file.isStored && intoBucket === undefined)
    throw new OperatorError(
      "file_deleted",
      `File ${file.fileId} is ${file.state}: only a copy into another bucket can be made of it (--into-bucket).`,
    );
  try {
    return await restore(context, file, { memory, intoBucket });
  } catch (error) {
    throw toOperatorError(error);
  }
}

async function restore(
  context: StorageContext,
  file: Restorable,
  { memory, intoBucket }: { memory: ByteBudget; intoBucket: string | undefined },
): Promise<RestoredFile> {
  const { stores, settings } = context;
  const { fileId, key, size, partSize, copy } = file;
  const subject = { fileId, userId: file.userId, workspaceId: file.workspaceId };
  const own = (await stores.of(file.providerId, subject)).s3;
  const to: S3Connection = intoBucket === undefined ? own : { ...own, bucket: intoBucket };
  const done = { fileId, bucket: to.bucket, key };
  const head = await onSide("target", () => headObject(to, key));
  const etag = file.etag ?? copy?.etag;
  if (head !== undefined && head.size === size && etag !== undefined && saySame(head.etag, etag))
    return { ...done, outcome: "right", bytes: 0 };
  if (copy === undefined || etag === undefined)
    throw new OperatorError("copy_not_found", `There is no copy of file ${fileId}.`);
  const { backupId } = copy;
  const from = (await stores.of(backupId, subject)).s3;
  const note = async (uploadId: string | null) => {
    if (intoBucket !== undefined) return;
    await context.db
      .updateTable("file_backups")
      .set({ restore_upload_id: uploadId })
      .where("file_storage_id", "=", fileId)
      .where("backup_provider_id", "=", backupId)
      .execute();
  };
  const made = await copyAcross({
    source: { s3: from, key: copy.key, etag: copy.etag },
    target: { s3: to, key },
    size,
    contentType: file.contentType,
    plan: planCopy({ size, etag, partSize }, { keepsEtag: true }),
    uploadId: intoBucket === undefined ? copy.restoreUploadId : null,
    memory,
    partLanes: settings.backupPartLanes,
    onUpload: note,
    onStep: () => Promise.resolve(),
  });
  await note(null);
  if (intoBucket === undefined && !(await followRow(context, file, made))) {
    await takeBack(context, own, file);
    throw new OperatorError(
      "file_deleted",
      `File ${fileId} was deleted, or went to another bucket, while it was brought back: nothing was restored.`,
    );
  }
  return { ...done, outcome: "restored", bytes: size };
}

/**
 * The row names the object that is there now; and whoever could read it before can again: a new object is nobody's to read.
 *
 * @returns Whether the row still names this place, and promises the file.
 */
async function followRow(
  { db }: StorageContext,
  { fileId, providerId, key, etag }: Restorable,
  made: string,
): Promise<boolean> {
  const { rows } = await sql`
    UPDATE file_storage f SET
      etag = CASE WHEN f.etag IS NOT DISTINCT FROM ${etag} THEN ${made} ELSE f.etag END,
      store_access = CASE f.store_access WHEN 'public' THEN 'opening' ELSE f.store_access END,
      access_version = f.access_version + CASE f.store_access WHEN 'public' THEN 1 ELSE 0 END,
      access_due_at = CASE f.store_access WHEN 'public' THEN now() ELSE f.access_due_at END
    WHERE f.id = ${fileId} AND f.storage_provider_id = ${providerId} AND f.storage_path = ${key} AND is_counted_file(f.status)
    RETURNING f.id`.execute(db);
  return rows.length > 0;
}

/** What was written for a file that is not there any more; never what a file or its move has there. */
async function takeBack(
  context: StorageContext,
  s3: S3Connection,
  { providerId, key }: Restorable,
): Promise<void> {
  if ((await findNamedKeys(context, providerId, [key], { isStored: true })).has(key)) return;
  await onSide("target", () => deleteObject(s3, key));
}

const CODES: Readonly<Partial<Record<CopyFailureCode, OperatorErrorCode>>> = {
  source_missing: "copy_missing",
  source_changed: "copy_changed",
  source_unavailable: "backup_unavailable",
};

function toOperatorError(error: unknown): unknown {
  if (error instanceof CopyFailure)
    return new OperatorError(CODES[error.code] ?? "restore_failed", error.message, { cause: error });
  if (error instanceof UploadError)
    return new OperatorError("restore_failed", error.message, { cause: error });
  return error;
}
