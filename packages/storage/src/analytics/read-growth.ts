import { UploadError } from "@audiotricks/protocol";
import { type GrowthQuery, type GrowthResponse, growthResponse } from "@audiotricks/protocol/admin";
import { type RawBuilder, sql } from "kysely";
import { rangeOf } from "./period.ts";
import type { Read } from "./read-bounded.ts";

/** What came and went by period and kind, and how much there was at the end of each: what there is now, less what came later. */
export function readGrowth(query: GrowthQuery): Read<GrowthResponse> {
  const { by, workspaceId, providerId } = query;
  if (workspaceId !== undefined && (providerId !== undefined || by === "hour"))
    throw new UploadError("invalid_request", "A workspace's growth is by the day, and not by provider.");
  const { from, to } = rangeOf(query, by);
  const scope = workspaceId === undefined ? "provider" : "workspace";
  const scopeId = workspaceId ?? providerId ?? null;
  const column = sql.ref(workspaceId === undefined ? "c.storage_provider_id" : "c.workspace_id");
  const isWanted = (id: RawBuilder<unknown>) =>
    sql`${id} IS NOT NULL AND (${scopeId}::uuid IS NULL OR ${id} = ${scopeId}::uuid)`;
  return async (db) => {
    const { rows } = await sql<object>`
      WITH changes AS (
        SELECT p.period, p.content_type, p.files_added, p.bytes_added, p.files_removed, p.bytes_removed, p.downloads
        FROM storage_file_periods p
        WHERE p.scope = ${scope} AND ${isWanted(sql.ref("p.scope_id"))} AND p.period >= date_trunc(${by}::text, ${from}::timestamptz, 'UTC')
        UNION ALL
        SELECT c.at, c.content_type, greatest(c.files, 0), greatest(c.bytes, 0), greatest(-c.files, 0), greatest(-c.bytes, 0),
          CASE WHEN c.files = 0 THEN c.downloads ELSE 0 END
        FROM storage_file_changes c
        WHERE NOT c.is_correction AND ${isWanted(column)} AND c.at >= date_trunc(${by}::text, ${from}::timestamptz, 'UTC')
      ), totals AS (
        SELECT k.content_type, sum(k.files) AS files, sum(k.bytes) AS bytes FROM (
          SELECT t.content_type, t.files, t.bytes FROM storage_file_totals t
          WHERE t.scope = ${scope} AND ${isWanted(sql.ref("t.scope_id"))}
          UNION ALL
          SELECT c.content_type, c.files, c.bytes FROM storage_file_changes c WHERE ${isWanted(column)}
        ) k
        GROUP BY k.content_type
      ), periods AS (
        SELECT date_trunc(${by}::text, k.period, 'UTC') AS period, k.content_type, sum(k.files_added) AS files_added,
          sum(k.bytes_added) AS bytes_added, sum(k.files_removed) AS files_removed, sum(k.bytes_removed) AS bytes_removed,
          sum(k.downloads) AS downloads
        FROM changes k
        GROUP BY 1, 2
      ), ends AS (
        SELECT p.*,
          coalesce(sum(p.files_added - p.files_removed) OVER later, 0) AS later_files,
          coalesce(sum(p.bytes_added - p.bytes_removed) OVER later, 0) AS later_bytes
        FROM periods p
        WINDOW later AS (PARTITION BY p.content_type ORDER BY p.period DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
      )
      SELECT to_char(e.period AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS period, e.content_type AS kind,
        e.files_added::float8 AS "filesAdded", e.bytes_added::float8 AS "bytesAdded", e.files_removed::float8 AS "filesRemoved",
        e.bytes_removed::float8 AS "bytesRemoved", e.downloads::float8 AS downloads,
        (coalesce(t.files, 0) - e.later_files)::float8 AS files, (coalesce(t.bytes, 0) - e.later_bytes)::float8 AS bytes
      FROM ends e LEFT JOIN totals t USING (content_type)
      WHERE e.period < ${to}::timestamptz
      ORDER BY e.period, e.content_type`.execute(db);
    const entries = growthResponse.shape.entries.parse(rows);
    return { from: from.toISOString(), to: to.toISOString(), by, entries };
  };
}
