import { UploadError } from "@audiotricks/protocol";
import { type CreateExportRequest, MAX_EXPORT_FILES } from "@audiotricks/protocol/messages";
import { type RawBuilder, sql } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { Tenant } from "../access/tenant.ts";
import { requireReadable } from "../files/access-rules.ts";
import { fileNotFound } from "../files/file-record.ts";
import { STORED_STATES } from "../files/stored-states.ts";
import type { Principal } from "../storage.ts";
import { workspaceNotFound } from "../workspace-not-found.ts";

/** A file that is to go into an archive. */
export type ExportedFile = Awaited<ReturnType<typeof readFiles>>[number];

/** Of `file_storage f`: its bytes may be read now. */
export const isGivenOut: RawBuilder<boolean> = sql<boolean>`is_given_out(f.status, f.scan_state)`;

/** An archive does not go into another. */
const isNoArchive = sql<boolean>`(f.content_type <> 'backup' AND f.content_category IS DISTINCT FROM 'bulk')`;

/**
 * The files that a request means, oldest first: those that the caller may read.
 *
 * @throws {UploadError} `file_not_found` or `file_not_ready` where one was named that is none of these; `invalid_request` for none, or
 *   for too many.
 */
export async function findExported(
  { caller, tenant }: CallerContext<Principal>,
  request: CreateExportRequest,
): Promise<ExportedFile[]> {
  switch (request.kind) {
    case "files": {
      const ids = [...new Set(request.fileIds.map((id) => id.toLowerCase()))];
      const files = await readFiles(tenant, sql<boolean>`f.id = ANY (${ids}::uuid[])`);
      if (files.length < ids.length) throw fileNotFound();
      for (const { status, scan_state } of files) requireReadable({ state: status, scan: scan_state });
      return files;
    }
    case "filter": {
      const { workspaceId, contentType, createdFrom, createdBefore } = request;
      const isAt =
        workspaceId === undefined
          ? sql<boolean>`(f.workspace_id IS NULL AND f.user_id = ${caller.userId}::uuid)`
          : sql<boolean>`f.workspace_id = ${workspaceId}::uuid`;
      if (workspaceId !== undefined) await requireWorkspace(tenant, workspaceId);
      return requireSome(
        await readFiles(
          tenant,
          sql<boolean>`${isAt} AND ${isNoArchive}
            AND f.content_type = coalesce(${contentType ?? null}, f.content_type)
            AND f.created_at >= coalesce(${createdFrom ?? null}::timestamptz, '-infinity')
            AND f.created_at < coalesce(${createdBefore ?? null}::timestamptz, 'infinity')`,
        ),
      );
    }
    case "user-data":
      // None is something to be told, too.
      return readFiles(tenant, sql<boolean>`f.user_id = ${caller.userId}::uuid AND ${isNoArchive}`);
    default:
      return request satisfies never;
  }
}

async function readFiles(tenant: Tenant, which: RawBuilder<boolean>) {
  const files = await tenant
    .files(ACCESS.createExport)
    .where("f.status", "in", STORED_STATES)
    .where(which)
    .select([
      "f.id",
      "f.original_filename",
      "f.file_size",
      "f.created_at",
      "f.etag",
      "f.storage_provider_id",
      "f.storage_path",
      "f.content_encoding",
      "f.status",
      "f.scan_state",
      isGivenOut.as("is_given_out"),
    ])
    .orderBy("f.created_at")
    .orderBy("f.id")
    .limit(MAX_EXPORT_FILES + 1)
    .execute();
  if (files.length > MAX_EXPORT_FILES) {
    throw new UploadError(
      "invalid_request",
      `One archive has at most ${MAX_EXPORT_FILES} files. Make several.`,
      {
        details: { maxFiles: MAX_EXPORT_FILES },
      },
    );
  }
  return files;
}

function requireSome(files: ExportedFile[]): ExportedFile[] {
  if (files.length > 0) return files;
  throw new UploadError("invalid_request", "There is no file that could be exported.", {
    details: { files: 0 },
  });
}

async function requireWorkspace(tenant: Tenant, workspaceId: string): Promise<void> {
  const found = await tenant
    .workspaces(ACCESS.createExport)
    .where("m.workspace_id", "=", workspaceId)
    .executeTakeFirst();
  if (found === undefined) throw workspaceNotFound();
}
