import { UploadError } from "@audiotricks/protocol";
import type { FileRecord, UpdateFileRequest } from "@audiotricks/protocol/messages";
import { isStorableText } from "../storable-text.ts";
import type { Caller, Principal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { fileNotFound, getFileRecord, toFileRecord } from "./file-record.ts";
import { changeableFiles, STORED_STATES, visibleFiles } from "./visible-files.ts";

export async function getFile({ db }: StorageContext, caller: Caller, fileId: string): Promise<FileRecord> {
  const row = await visibleFiles(db, caller)
    .selectAll("f")
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  return toFileRecord(row);
}

/** @throws {UploadError} `file_not_found`, or `forbidden` for a file that the caller sees but may not change. */
export async function updateFile(
  context: StorageContext,
  principal: Principal,
  fileId: string,
  change: UpdateFileRequest,
): Promise<FileRecord> {
  const { db } = context;
  const { name, accessLevel } = change;
  if (name !== undefined && !isStorableText(name)) {
    throw new UploadError("invalid_request", "The name must be whole Unicode text.");
  }
  const before = await getFile(context, principal, fileId);
  if (accessLevel === "workspace" && before.workspaceId === null) {
    throw new UploadError(
      "invalid_request",
      "The file belongs to no workspace that it could be shared with.",
    );
  }
  const { numUpdatedRows } = await db
    .updateTable("file_storage")
    .set({
      ...(name === undefined ? {} : { original_filename: name }),
      ...(accessLevel === undefined ? {} : { access_level: accessLevel, cdn_url: null }),
    })
    .where("id", "in", changeableFiles(db, principal).select("f.id").where("f.id", "=", fileId))
    .where("status", "in", STORED_STATES)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) throw mayNotChange();
  return getFileRecord(db, fileId);
}

export function mayNotChange(): UploadError {
  return new UploadError("forbidden", "Only its owner and the workspace's admins may change this file.");
}
