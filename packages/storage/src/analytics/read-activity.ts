import { type ActivityQuery, type ActivityResponse, activityResponse } from "@audiotricks/protocol/admin";
import { type RawBuilder, sql } from "kysely";
import { type Range, rangeOf } from "./period.ts";
import type { Read } from "./read-bounded.ts";

/** As the table has them. */
const MEASURES = { uploads: "upload", browsers: "client", calls: "call" } as const;

/** How much was done, how it went and how long it took, by period and by what is asked for. */
export function readActivity(query: ActivityQuery): Read<ActivityResponse> {
  const { by, measure, groupBy } = query;
  const range = rangeOf(query, by);
  return async (db) => {
    const { rows } = await sql<object>`
      SELECT to_char(k.period AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS period, k."group", sum(k.times)::float8 AS times,
        coalesce(sum(k.times) FILTER (WHERE k.outcome = 'ok'), 0)::float8 AS succeeded,
        coalesce(sum(k.times) FILTER (WHERE k.outcome = 'failed'), 0)::float8 AS failed,
        coalesce(sum(k.times) FILTER (WHERE k.outcome = 'cancelled'), 0)::float8 AS cancelled,
        sum(k.bytes)::float8 AS bytes,
        coalesce(sum(k.times) FILTER (WHERE k.outcome = 'ok'), 0)::float8
          / nullif(sum(k.times) FILTER (WHERE k.outcome <> 'cancelled'), 0)::float8 * 100 AS "successRate",
        (sum(k.duration_ms) FILTER (WHERE k.outcome = 'ok' AND k.bucket >= 0)
          / nullif(sum(k.times) FILTER (WHERE k.outcome = 'ok' AND k.bucket >= 0), 0))::float8 AS "avgMs",
        duration_percentile(array_agg(k.bucket) FILTER (WHERE k.outcome = 'ok'),
          array_agg(k.times) FILTER (WHERE k.outcome = 'ok'), 0.5) AS "p50Ms",
        duration_percentile(array_agg(k.bucket) FILTER (WHERE k.outcome = 'ok'),
          array_agg(k.times) FILTER (WHERE k.outcome = 'ok'), 0.95) AS "p95Ms"
      FROM (
        SELECT date_trunc(${by}::text, a.period, 'UTC') AS period,
          CASE ${groupBy}::text WHEN 'none' THEN '' WHEN 'region' THEN coalesce(p.region, '')
            WHEN 'provider' THEN a.storage_provider_id::text ELSE a.operation END AS "group",
          a.outcome, a.bucket, sum(a.times)::bigint AS times, sum(a.duration_ms) AS duration_ms, sum(a.bytes) AS bytes
        FROM (${measure === "downloads" ? downloads(range, by) : activity(range, by, MEASURES[measure])}) a
        LEFT JOIN storage_providers p ON p.id = a.storage_provider_id
        GROUP BY 1, 2, 3, 4
      ) k
      GROUP BY k.period, k."group"
      ORDER BY k.period, k."group"`.execute(db);
    const entries = activityResponse.shape.entries.parse(rows);
    return { from: range.from.toISOString(), to: range.to.toISOString(), by, measure, entries };
  };
}

/** Months from their own sums, all else from hours. Periods are whole: one that the range cuts into at its beginning is in it. */
function activity({ from, to }: Range, by: ActivityQuery["by"], measure: string): RawBuilder<unknown> {
  const grain = by === "month" ? "month" : "hour";
  const first = sql`date_trunc(${by}::text, ${from}::timestamptz, 'UTC')`;
  return sql`
    SELECT s.period, s.storage_provider_id, s.operation, s.outcome, s.bucket, s.times, s.duration_ms, s.bytes FROM storage_activity s
    WHERE s.grain = ${grain} AND s.measure = ${measure} AND s.period >= ${first} AND s.period < ${to}::timestamptz
    UNION ALL
    SELECT c.hour, c.storage_provider_id, c.operation, c.outcome, c.bucket, c.times, c.duration_ms, c.bytes
    FROM storage_activity_changes c
    WHERE c.measure = ${measure} AND c.hour >= ${first} AND c.hour < ${to}::timestamptz`;
}

function downloads({ from, to }: Range, by: ActivityQuery["by"]): RawBuilder<unknown> {
  const first = sql`date_trunc(${by}::text, ${from}::timestamptz, 'UTC')`;
  return sql`
    SELECT d.period, d.storage_provider_id, d.operation, 'ok' AS outcome, (-1)::smallint AS bucket, d.times, 0 AS duration_ms, 0 AS bytes
    FROM (
      SELECT f.period, f.scope_id AS storage_provider_id, f.content_type AS operation, f.downloads AS times FROM storage_file_periods f
      WHERE f.scope = 'provider' AND f.downloads <> 0 AND f.period >= ${first} AND f.period < ${to}::timestamptz
      UNION ALL
      SELECT c.at, c.storage_provider_id, c.content_type, c.downloads FROM storage_file_changes c
      WHERE c.files = 0 AND c.downloads <> 0 AND NOT c.is_correction AND c.at >= ${first} AND c.at < ${to}::timestamptz
    ) d`;
}
