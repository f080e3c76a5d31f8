import { UploadError } from "@audiotricks/protocol";
import type { ListFilesQuery, ListFilesResponse } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import type { Principal } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import { toFileRecord } from "./file-record.ts";
import { STORED_STATES, visibleFiles } from "./visible-files.ts";

/** Newest first, a page at a time: the caller's personal files, or those of one workspace. */
export async function listFiles(
  { db }: StorageContext,
  principal: Principal,
  query: ListFilesQuery,
): Promise<ListFilesResponse> {
  const { workspaceId, limit } = query;
  if (workspaceId !== undefined) await requireMembership(db, principal, workspaceId);
  const after = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const rows = await visibleFiles(db, principal)
    .selectAll("f")
    // A Date has milliseconds only, and two files may differ by less.
    .select(sql<string>`(extract(epoch FROM f.created_at) * 1000000)::bigint::text`.as("created_micros"))
    .where("f.status", "in", STORED_STATES)
    .$if(workspaceId === undefined, (files) =>
      files.where("f.user_id", "=", principal.userId).where("f.workspace_id", "is", null),
    )
    .$if(workspaceId !== undefined, (files) => files.where("f.workspace_id", "=", workspaceId ?? null))
    .$if(after !== undefined, (files) =>
      files.where(
        sql<boolean>`(f.created_at, f.id) < (to_timestamp(0) + ${after?.micros}::bigint * interval '1 microsecond', ${after?.id}::uuid)`,
      ),
    )
    .orderBy("f.created_at", "desc")
    .orderBy("f.id", "desc")
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    files: page.map(toFileRecord),
    nextCursor: rows.length > limit && last !== undefined ? formatCursor(last.created_micros, last.id) : null,
  };
}

async function requireMembership(
  db: StorageContext["db"],
  principal: Principal,
  workspaceId: string,
): Promise<void> {
  const member = await db
    .selectFrom("workspace_members")
    .select("role")
    .where("workspace_id", "=", workspaceId)
    .where("user_id", "=", principal.userId)
    .executeTakeFirst();
  if (member === undefined) throw new UploadError("workspace_not_found", "There is no such workspace.");
}

function formatCursor(micros: string, id: string): string {
  return Buffer.from(`${micros}.${id}`).toString("base64url");
}

function parseCursor(cursor: string): { micros: string; id: string } {
  const text = Buffer.from(cursor, "base64url").toString("latin1");
  const [, micros, id] = /^(\d{1,17})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(text) ?? [];
  if (micros === undefined || id === undefined) {
    throw new UploadError("invalid_request", "The cursor is not one of ours.", { details: { cursor } });
  }
  return { micros, id };
}
