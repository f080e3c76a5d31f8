import type { ListFilesQuery, ListFilesResponse } from "@audiotricks/protocol/messages";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { Tenant } from "../access/tenant.ts";
import { formatCursor, isAfter, microsOf, parseCursor } from "../cursor.ts";
import type { Principal } from "../storage.ts";
import { workspaceNotFound } from "../workspace-not-found.ts";
import { toFileRecord } from "./file-record.ts";
import { rightsOn, withRights } from "./file-rights.ts";
import { STORED_STATES } from "./stored-states.ts";
import { findDrawn } from "./waveforms.ts";

/** Newest first, a page at a time: the caller's personal files, or those of one workspace. */
export async function listFiles(
  { caller, tenant, work }: CallerContext<Principal>,
  query: ListFilesQuery,
): Promise<ListFilesResponse> {
  const { workspaceId, limit } = query;
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const rows = await tenant
    .files(ACCESS.listFiles)
    .selectAll("f")
    .select(rightsOn(tenant))
    .select(microsOf("f.created_at").as("created_micros"))
    .where("f.status", "in", STORED_STATES)
    .$if(workspaceId === undefined, (files) =>
      files.where("f.user_id", "=", caller.userId).where("f.workspace_id", "is", null),
    )
    .$if(workspaceId !== undefined, (files) => files.where("f.workspace_id", "=", workspaceId ?? null))
    .$if(after !== undefined, (files) =>
      after === undefined ? files : files.where(isAfter(["f.created_at", "f.id"], after)),
    )
    .orderBy("f.created_at", "desc")
    .orderBy("f.id", "desc")
    .limit(limit + 1)
    .execute();
  // Whoever sees a file is a member; only where there is none does it have to be asked.
  if (rows.length === 0 && workspaceId !== undefined) await requireWorkspace(tenant, workspaceId);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const drawn = await findDrawn(
    work.db,
    page.map(({ id }) => id),
  );
  return {
    files: page.map((row) => ({
      ...withRights(toFileRecord(row), row),
      ...(drawn.has(row.id) && { waveform: true as const }),
    })),
    nextCursor:
      rows.length > limit && last !== undefined
        ? formatCursor({ micros: last.created_micros, id: last.id })
        : null,
  };
}

/** @throws {UploadError} `workspace_not_found`, unless the caller reaches anything there. */
export async function requireWorkspace(tenant: Tenant, workspaceId: string): Promise<void> {
  const found = await tenant
    .workspaces(ACCESS.listFiles)
    .where("m.workspace_id", "=", workspaceId)
    .executeTakeFirst();
  if (found === undefined) throw workspaceNotFound();
}
