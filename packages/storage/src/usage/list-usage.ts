import type { ListUsageQuery, ListUsageResponse } from "@audiotricks/protocol/messages";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { ACCESS } from "../access/access-table.ts";
import type { CallerContext } from "../access/caller-context.ts";
import type { Database } from "../database.ts";
import type { UsageScope } from "../operator/list-usage.ts";
import type { Principal } from "../storage.ts";
import { workspaceNotFound } from "../workspace-not-found.ts";

/** The caller's own, or a workspace's that they are a member of. */
export function listUsage(
  { caller, tenant, work }: CallerContext<Principal>,
  { workspaceId, ...query }: ListUsageQuery,
): Promise<ListUsageResponse> {
  const asked = tenant
    .workspaces(ACCESS.readUsage)
    .where("m.workspace_id", "=", workspaceId ?? null)
    .distinct();
  const owner =
    workspaceId === undefined
      ? sql`SELECT 'user' AS scope, ${caller.userId}::uuid AS id`
      : sql`SELECT 'workspace' AS scope, w.workspace_id AS id FROM (${asked}) w`;
  return readHistory(work.db, owner, query);
}

/** Anybody's, for whoever has the database. */
export function listUsageOf(
  db: Kysely<Database>,
  { scope, id }: UsageScope,
  query: Omit<ListUsageQuery, "workspaceId">,
): Promise<ListUsageResponse> {
  return readHistory(db, sql`SELECT ${scope}::text AS scope, ${id}::uuid AS id`, query);
}

/**
 * Usage by day, week, month or year (UTC; weeks begin on Monday), newest first, a page at a time. The period that is not over yet has
 * the live numbers; a period in which nothing was counted is left out. One statement.
 */
async function readHistory(
  db: Kysely<Database>,
  owner: RawBuilder<unknown>,
  { period, cursor, limit }: Omit<ListUsageQuery, "workspaceId">,
): Promise<ListUsageResponse> {
  const { rows } = await sql<UsageRow>`
    SELECT s.scope, s.id, e.* FROM (${owner}) s
    LEFT JOIN LATERAL (
      SELECT to_char(n.starts, 'YYYY-MM-DD') AS starts_on,
        to_char(n.starts + ('1 ' || ${period}::text)::interval - interval '1 day', 'YYYY-MM-DD') AS ends_on,
        max(n.used_bytes) AS peak_bytes, max(n.used_files) AS peak_files,
        (array_agg(n.used_bytes ORDER BY n.counted_at DESC))[1] AS used_bytes,
        (array_agg(n.used_files ORDER BY n.counted_at DESC))[1] AS used_files,
        (array_agg(n.limit_bytes ORDER BY n.counted_at DESC))[1] AS limit_bytes,
        (array_agg(n.limit_files ORDER BY n.counted_at DESC))[1] AS limit_files,
        max(n.counted_at) AS counted_at
      FROM (
        SELECT date_trunc(${period}::text, d.day::timestamp) AS starts, d.used_bytes, d.used_files, d.limit_bytes, d.limit_files, d.counted_at
        FROM storage_usage_days d
        WHERE CASE WHEN s.scope = 'user' THEN d.user_id = s.id AND d.workspace_id IS NULL
          ELSE d.workspace_id = s.id AND d.user_id IS NULL END
        UNION ALL
        SELECT date_trunc(${period}::text, now() AT TIME ZONE 'UTC'), c.used_bytes, c.used_files, l.max_bytes, l.max_files, clock_timestamp()
        FROM storage_counters c CROSS JOIN LATERAL quota_limits(s.scope, s.id) l
        WHERE c.scope = s.scope AND c.scope_id = s.id
      ) n
      WHERE ${cursor ?? null}::date IS NULL OR n.starts < ${cursor ?? null}::date
      GROUP BY n.starts
      ORDER BY n.starts DESC
      LIMIT ${limit + 1}::integer
    ) e ON true
    ORDER BY e.starts_on DESC`.execute(db);
  const [first] = rows;
  if (first === undefined) throw workspaceNotFound();
  const entries = rows.slice(0, limit).flatMap(toEntry);
  return {
    scope: first.scope,
    id: first.id,
    period,
    entries,
    nextCursor: rows.length > limit ? (entries.at(-1)?.startsOn ?? null) : null,
  };
}

type UsageRow = Pick<ListUsageResponse, "scope" | "id"> & (CountedPeriod | { starts_on: null });

interface CountedPeriod {
  starts_on: string;
  ends_on: string;
  used_bytes: number;
  used_files: number;
  peak_bytes: number;
  peak_files: number;
  limit_bytes: number | null;
  limit_files: number | null;
  counted_at: Date;
}

function toEntry(row: UsageRow): ListUsageResponse["entries"] {
  if (row.starts_on === null) return [];
  return [
    {
      startsOn: row.starts_on,
      endsOn: row.ends_on,
      usedBytes: Number(row.used_bytes),
      usedFiles: row.used_files,
      peakBytes: Number(row.peak_bytes),
      peakFiles: row.peak_files,
      limitBytes: row.limit_bytes === null ? null : Number(row.limit_bytes),
      limitFiles: row.limit_files,
      countedAt: row.counted_at.toISOString(),
    },
  ];
}
