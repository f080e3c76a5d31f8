import type { FileRecord } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { tenantOf } from "../access/tenant.ts";
import { beginAgain } from "../begin-again.ts";
import { deleteObject } from "../s3/delete-objects.ts";
import type { Principal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { mayNotChange } from "./change-files.ts";
import { fileNotFound, getFileRecord, toFileRecord } from "./file-record.ts";
import { STORED_STATES } from "./stored-states.ts";

/**
 * Deletes a file: from the quota at once, then at the store. Safe to repeat.
 *
 * @returns The record, `deleted`; `deleting` while the store could not be reached: the sweep tries again.
 * @throws {UploadError} `file_not_found`, or `forbidden` for a file that the caller sees but may not delete.
 */
export async function deleteFile(context: CallerContext<Principal>, fileId: string): Promise<FileRecord> {
  const { caller, tenant, work } = context;
  const row = await tenant
    .files(ACCESS.getFile)
    .selectAll("f")
    .where("f.id", "=", fileId)
    .where("f.status", "in", [...STORED_STATES, "deleting", "deleted"])
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  if (row.status === "deleted") return toFileRecord(row);

  const isClaimed = await beginAgain(() =>
    work.db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await tenantOf(trx, caller)
        .updateFiles(ACCESS.deleteFile)
        .set({ status: "deleting", cdn_url: null })
        .where("f.id", "=", fileId)
        .where("f.status", "in", STORED_STATES)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await trx
        .insertInto("audit_logs")
        .values({
          user_id: caller.userId,
          action: "file_deleted",
          resource: "file_storage",
          resource_id: fileId,
          category: "storage",
          details: JSON.stringify({ key: row.storage_path, size: Number(row.file_size) }),
        })
        .execute();
      return true;
    }),
  );
  const isTheirs = tenant.files(ACCESS.deleteFile).select("f.id").where("f.id", "=", fileId);
  if (!isClaimed && (await isTheirs.executeTakeFirst()) === undefined) throw mayNotChange();
  await finishDeleting(work, {
    id: row.id,
    key: row.storage_path,
    providerId: row.storage_provider_id,
    userId: row.user_id,
    workspaceId: row.workspace_id,
  }).catch(context.onError);
  return getFileRecord(work.db, row.id);
}

export interface FileToDelete {
  id: string;
  key: string;
  providerId: string;
  userId: string | null;
  workspaceId: string | null;
}

/** The second half of a delete, for the caller and the sweep alike: the object first, then the row. */
export async function finishDeleting(
  { db, stores, clock }: StorageContext,
  file: FileToDelete,
): Promise<void> {
  const { userId, workspaceId } = file;
  const { s3 } = await stores.of(file.providerId, { fileId: file.id, userId, workspaceId });
  await deleteObject(s3, file.key);
  await db
    .updateTable("file_storage")
    .set({ status: "deleted", deleted_at: clock.now(), cdn_url: null })
    .where("id", "=", file.id)
    .where("status", "=", "deleting")
    .execute();
}
