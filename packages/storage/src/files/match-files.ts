import { MAX_MATCHES, type MatchFilesRequest, type MatchFilesResponse } from "@audiotricks/protocol/messages";
import { sql } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { Principal } from "../storage.ts";
import { groupValueOf, markOf } from "../uploads/file-groups.ts";
import { requireWorkspace } from "./list-files.ts";

/** The stems of one piece have one size; and more of them than that are never compared at once. */
const MOST_OF_A_SIZE = 200;
/** What is in quarantine is nothing that anybody could use instead of sending it. */
const OF_USE = ["stored", "processing", "processed", "archived", "recalling"] as const;

/**
 * Files that have one of these sizes and may have the same content as one that is about to be sent: the caller's personal ones, or
 * those of one workspace that the caller sees. Nothing else decides what is answered.
 *
 * @throws {UploadError} `workspace_not_found`.
 */
export async function matchFiles(
  { caller, tenant, work }: CallerContext<Principal>,
  { workspaceId, sizes }: MatchFilesRequest,
): Promise<MatchFilesResponse> {
  if (workspaceId !== undefined) await requireWorkspace(tenant, workspaceId);
  const rows = await work.db
    .selectFrom(
      sql<{ size: number }>`(SELECT DISTINCT unnest(${`{${sizes.join(",")}}`}::bigint[]) AS size)`.as("s"),
    )
    .innerJoinLateral(
      tenant
        .files(ACCESS.matchFiles)
        .whereRef("f.file_size", "=", sql.ref("s.size"))
        .where("f.status", "in", OF_USE)
        .where("f.etag", "is not", null)
        .$if(workspaceId === undefined, (files) =>
          files.where("f.user_id", "=", caller.userId).where("f.workspace_id", "is", null),
        )
        .$if(workspaceId !== undefined, (files) => files.where("f.workspace_id", "=", workspaceId ?? null))
        .select([
          "f.id",
          "f.original_filename",
          "f.file_size",
          "f.created_at",
          "f.etag",
          "f.metadata",
          "f.user_id",
        ])
        .orderBy("f.created_at", "desc")
        .limit(MOST_OF_A_SIZE)
        .as("f"),
      (join) => join.onTrue(),
    )
    .innerJoinLateral(
      // As it was sent: a copy of it elsewhere may have other parts, and then its ETag says so.
      (eb) =>
        eb
          .selectFrom("multipart_uploads as u")
          .leftJoin("upload_chunks as c", (join) =>
            join.onRef("c.multipart_upload_id", "=", "u.id").on("c.chunk_number", "=", 1),
          )
          .whereRef("u.file_storage_id", "=", "f.id")
          .where("u.status", "=", "completed")
          .select(["u.chunk_size", "c.checksum_md5 as first_md5"])
          .orderBy("u.completed_at", "desc")
          .limit(1)
          .as("u"),
      (join) => join.onTrue(),
    )
    .select([
      "f.id",
      "f.original_filename",
      "f.file_size",
      "f.created_at",
      "f.etag",
      "f.metadata",
      "f.user_id",
    ])
    .select(["u.chunk_size", "u.first_md5"])
    .orderBy("f.created_at", "desc")
    .orderBy("f.id")
    .limit(MAX_MATCHES)
    .execute();
  return {
    files: rows.flatMap((row) =>
      row.etag === null || !MD5_OF_PARTS.test(row.etag)
        ? []
        : [
            {
              fileId: row.id,
              name: row.original_filename,
              size: Number(row.file_size),
              createdAt: row.created_at.toISOString(),
              etag: row.etag,
              partSize: Number(row.chunk_size),
              firstPartMd5: row.first_md5,
              ...ownGroup(row, caller),
            },
          ],
    ),
  };
}

function ownGroup(row: { user_id: string | null; metadata: unknown }, { userId }: Principal) {
  const group = row.user_id === userId ? markOf(groupValueOf(row.metadata)) : null;
  return group === null ? {} : { group };
}

/** Where a store encrypts by itself, ETags are no MD5s. */
const MD5_OF_PARTS = /^[0-9a-f]{32}(-\d{1,5})?$/;
