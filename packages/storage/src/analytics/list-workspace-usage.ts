import { UploadError } from "@audiotricks/protocol";
import {
  type AdminUsageQuery,
  type AdminUsageResponse,
  adminUsageResponse,
} from "@audiotricks/protocol/admin";
import { sql } from "kysely";
import { isUuid } from "../is-uuid.ts";
import { rangeOf } from "./period.ts";
import type { Read } from "./read-bounded.ts";

/** The view `workspace_storage_usage`, those that have most first, and what came and went in the range. */
export function listWorkspaceUsage(query: AdminUsageQuery): Read<AdminUsageResponse> {
  const { from, to } = rangeOf(query, "day");
  const after = query.cursor === undefined ? undefined : parse(query.cursor);
  return async (db) => {
    const { rows } = await sql<AdminUsageResponse["workspaces"][number]>`
      SELECT v.*, g."grownFiles", g."grownBytes" FROM (
        SELECT workspace_id AS "workspaceId", workspace_name AS name, total_files::float8 AS files,
          total_size_bytes::float8 AS bytes, reserved_files::float8 AS "reservedFiles", reserved_bytes::float8 AS "reservedBytes",
          audio_files_count::float8 AS "audioFiles", audio_size_bytes::float8 AS "audioBytes",
          export_files_count::float8 AS "exportFiles", export_size_bytes::float8 AS "exportBytes",
          total_downloads::float8 AS downloads, max_storage_bytes::float8 AS "limitBytes", max_file_count::float8 AS "limitFiles",
          storage_usage_percent AS "usedPercent", usage_status AS status
        FROM workspace_storage_usage
        WHERE (${query.workspaceId ?? null}::uuid IS NULL OR workspace_id = ${query.workspaceId ?? null}::uuid)
          AND (${after === undefined} OR (total_size_bytes, workspace_id) < (${after?.bytes ?? 0}::bigint, ${after?.id ?? null}::uuid))
        ORDER BY total_size_bytes DESC, workspace_id DESC
        LIMIT ${query.limit + 1}
      ) v
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(k.files_added - k.files_removed), 0)::float8 AS "grownFiles",
          coalesce(sum(k.bytes_added - k.bytes_removed), 0)::float8 AS "grownBytes"
        FROM (
          SELECT p.files_added, p.files_removed, p.bytes_added, p.bytes_removed FROM storage_file_periods p
          WHERE p.scope = 'workspace' AND p.scope_id = v."workspaceId"
            AND p.period >= date_trunc('day', ${from}::timestamptz, 'UTC') AND p.period < ${to}::timestamptz
          UNION ALL
          SELECT c.files, 0, c.bytes, 0 FROM storage_file_changes c
          WHERE c.workspace_id = v."workspaceId" AND NOT c.is_correction
            AND c.at >= date_trunc('day', ${from}::timestamptz, 'UTC') AND c.at < ${to}::timestamptz
        ) k
      ) g
      ORDER BY v.bytes DESC, v."workspaceId" DESC`.execute(db);
    const workspaces = adminUsageResponse.shape.workspaces.parse(rows.slice(0, query.limit));
    const last = workspaces.at(-1);
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      workspaces,
      nextCursor: rows.length > query.limit && last !== undefined ? format(last) : null,
    };
  };
}

function format({ bytes, workspaceId }: { bytes: number; workspaceId: string }): string {
  return Buffer.from(`${bytes}.${workspaceId}`).toString("base64url");
}

function parse(cursor: string): { bytes: string; id: string } {
  const [bytes = "", id = ""] = Buffer.from(cursor, "base64url").toString("latin1").split(".");
  if (!/^\d{1,16}$/.test(bytes) || !isUuid(id))
    throw new UploadError("invalid_request", "The cursor is not one of ours.", { details: { cursor } });
  return { bytes, id };
}
