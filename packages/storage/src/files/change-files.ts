import { UploadError } from "@audiotricks/protocol";
import type { FileRecord, UpdateFileRequest } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import { isStorableText } from "../storable-text.ts";
import { requireLevel } from "./access-rules.ts";
import { fileNotFound, getFileRecord, toFileRecord } from "./file-record.ts";
import { rightsOn, withRights } from "./file-rights.ts";
import { followAccess } from "./follow-access.ts";
import { accessChangeOf } from "./settle-access.ts";
import { STORED_STATES } from "./stored-states.ts";

export async function getFile(context: CallerContext, fileId: string): Promise<FileRecord> {
  const row = await getRow(context, fileId);
  return withRights(toFileRecord(row), row);
}

/**
 * Renames a file, or changes who may read it: what is wanted is written down first, then the store is asked. Safe to repeat.
 *
 * @returns The record; `accessChanging` while the store could not be reached: the sweep tries again.
 * @throws {UploadError} `file_not_found`; `forbidden` for a file that the caller sees but may not change; `access_changing` while
 *   another change is under way; `access_not_allowed`, `file_not_ready`; `provider_unsupported` where the store refused.
 */
export async function updateFile(
  context: CallerContext,
  fileId: string,
  change: UpdateFileRequest,
): Promise<FileRecord> {
  const { name, accessLevel } = change;
  if (name !== undefined && !isStorableText(name)) {
    throw new UploadError("invalid_request", "The name must be whole Unicode text.");
  }
  const { clock, tenant, work } = context;
  const before = await getRow(context, fileId);
  if (accessLevel !== undefined) requireLevel(toFileRecord(before), accessLevel);
  const row = await tenant
    .updateFiles(ACCESS.updateFile)
    .set({
      ...(name === undefined ? {} : { original_filename: name }),
      ...(accessLevel === undefined ? {} : { access_level: accessLevel }),
    })
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .$if(accessLevel !== undefined, (files) =>
      files.where((eb) =>
        eb.or([
          eb("f.access_due_at", "is", null),
          eb("f.access_due_at", "<=", clock.now()),
          eb("f.access_level", "=", accessLevel ?? ""),
        ]),
      ),
    )
    .returningAll("f")
    .returning(rightsOn(tenant))
    .executeTakeFirst();
  if (row === undefined) throw await whyNotChanged(context, fileId);
  if (row.access_version === before.access_version) return withRights(toFileRecord(row), row);
  const isFirst = before.store_access === "private" && row.access_version === before.access_version + 1;
  await followAccess(work, accessChangeOf(row, isFirst)).catch((error: unknown) => {
    if (error instanceof UploadError && error.code === "provider_unsupported") throw error;
    context.onError(error);
  });
  return withRights(await getFileRecord(work.db, row.id), row);
}

export function mayNotChange(): UploadError {
  return new UploadError("forbidden", "Only its owner and the workspace's admins may change this file.");
}

async function getRow({ tenant }: CallerContext, fileId: string) {
  const row = await tenant
    .files(ACCESS.getFile)
    .selectAll("f")
    .select(rightsOn(tenant))
    .where("f.id", "=", fileId)
    .where("f.status", "in", STORED_STATES)
    .executeTakeFirst();
  if (row === undefined) throw fileNotFound();
  return row;
}

async function whyNotChanged(context: CallerContext, fileId: string): Promise<UploadError> {
  const row = await getRow(context, fileId);
  const mine = context.tenant.files(ACCESS.updateFile).select("f.id").where("f.id", "=", fileId);
  if ((await mine.executeTakeFirst()) === undefined) return mayNotChange();
  const leftMs = (row.access_due_at?.getTime() ?? 0) - Date.now();
  return new UploadError(
    "access_changing",
    "Who may read this file is being changed. Ask again in a moment.",
    {
      details: { retryAfterMs: Math.max(1_000, leftMs) },
    },
  );
}
