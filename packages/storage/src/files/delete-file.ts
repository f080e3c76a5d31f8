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

  // As it is then: it may have gone to another bucket since it was read.
  const claimed = await beginAgain(() =>
    work.db.transaction().execute(async (trx) => {
      const taken = await tenantOf(trx, caller)
        .updateFiles(ACCESS.deleteFile)
        .set({ status: "deleting", cdn_url: null })
        .where("f.id", "=", fileId)
        .where("f.status", "in", STORED_STATES)
        .returningAll("f")
        .executeTakeFirst();
      if (taken === undefined) return undefined;
      await trx
        .insertInto("audit_logs")
        .values({
          user_id: caller.userId,
          action: "file_deleted",
          resource: "file_storage",
          resource_id: fileId,
          category: "storage",
          details: JSON.stringify({ key: taken.storage_path, size: Number(taken.file_size) }),
        })
        .execute();
      return taken;
    }),
  );
  const isTheirs = tenant.files(ACCESS.deleteFile).select("f.id").where("f.id", "=", fileId);
  if (claimed === undefined && (await isTheirs.executeTakeFirst()) === undefined) throw mayNotChange();
  const going = claimed === undefined ? [row] : [claimed, ...(await findGoingWith(work, row.id))];
  for (const each of going) {
    await finishDeleting(work, {
      id: each.id,
      key: each.storage_path,
      providerId: each.storage_provider_id,
      userId: each.user_id,
      workspaceId: each.workspace_id,
    }).catch(context.onError);
  }
  return getFileRecord(work.db, row.id);
}

/** Its waveform, which the same transaction took from the quota; whatever else is made of it is the sweep's. */
async function findGoingWith({ db }: StorageContext, fileId: string) {
  return db
    .selectFrom("file_storage")
    .select(["id", "storage_path", "storage_provider_id", "user_id", "workspace_id"])
    .where("derived_from", "=", fileId)
    .where("content_type", "=", "waveform")
    .where("status", "=", "deleting")
    .execute();
}

export interface FileToDelete {
  id: string;
  key: string;
  providerId: string;
  userId: string | null;
  workspaceId: string | null;
}

/**
 * The second half of a delete, for the caller and the sweep alike: the object first, then the row. One that has gone to another bucket
 * since `file` was read is left to the sweep, which asks for its place.
 */
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
    .where("storage_provider_id", "=", file.providerId)
    .where("status", "=", "deleting")
    .execute();
}
