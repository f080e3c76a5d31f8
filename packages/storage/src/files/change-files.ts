import { UploadError } from "@audiotricks/protocol";
import type { FileRecord, UpdateFileRequest } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { isStorableText } from "../storable-text.ts";
import { fileNotFound, toFileRecord } from "./file-record.ts";
import { STORED_STATES } from "./stored-states.ts";

export async function getFile({ tenant }: CallerContext, fileId: string): Promise<FileRecord> {
  const row = await tenant
    .files(ACCESS.getFile)
    .selectAll("f")
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  return toFileRecord(row);
}

/** @throws {UploadError} `file_not_found`, or `forbidden` for a file that the caller sees but may not change. */
export async function updateFile(
  context: CallerContext,
  fileId: string,
  change: UpdateFileRequest,
): Promise<FileRecord> {
  const { name, accessLevel } = change;
  if (name !== undefined && !isStorableText(name)) {
    throw new UploadError("invalid_request", "The name must be whole Unicode text.");
  }
  const before = await getFile(context, fileId);
  if (accessLevel === "workspace" && before.workspaceId === null) {
    throw new UploadError(
      "invalid_request",
      "The file belongs to no workspace that it could be shared with.",
    );
  }
  const row = await context.tenant
    .updateFiles(ACCESS.updateFile)
    .set({
      ...(name === undefined ? {} : { original_filename: name }),
      ...(accessLevel === undefined ? {} : { access_level: accessLevel, cdn_url: null }),
    })
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .returningAll("f")
    .executeTakeFirst();
  if (row === undefined) throw mayNotChange();
  return toFileRecord(row);
}

export function mayNotChange(): UploadError {
  return new UploadError("forbidden", "Only its owner and the workspace's admins may change this file.");
}
