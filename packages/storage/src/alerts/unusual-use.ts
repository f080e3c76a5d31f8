import { sql } from "kysely";
import { type AlertSource, MAX_BREACHES } from "./alert-source.ts";

/** Less than this is nothing to be told of, however unusual. */
const NOTEWORTHY_BYTES = 1024 ** 3;
/** Fewer days of a past than these say nothing of what is usual. */
const MIN_DAYS = 5;
const DAYS = 14;
/** Who does next to nothing would be unusual for anything. */
const LEAST_USUAL_BYTES = 100 * 1024 ** 2;

/**
 * How many times what is usual of its last fourteen days a user or a workspace has stored today (UTC), or a workspace has had fetched,
 * whichever is more.
 */
export const unusualUse: AlertSource = async ({ db, clock }, threshold) => {
  const today = sql`(${clock.now()} AT TIME ZONE 'UTC')::date`;
  const { rows } = await sql<{ scope: string; id: string; times: number; what: "stored" | "fetched" }>`
    WITH active AS (
      SELECT c.scope, c.scope_id, c.used_bytes FROM storage_counters c
      WHERE c.updated_at >= date_trunc('day', ${clock.now()}, 'UTC') AND c.used_bytes >= ${NOTEWORTHY_BYTES}
    ), days AS (
      SELECT a.scope, a.scope_id, a.used_bytes, d.day, d.used_bytes AS then_bytes,
        CASE WHEN lag(d.used_bytes) OVER w IS NOT NULL THEN greatest(0, d.used_bytes - lag(d.used_bytes) OVER w) END AS grown, row_number() OVER (PARTITION BY a.scope, a.scope_id ORDER BY d.day DESC) AS newest
      FROM active a JOIN storage_usage_days d
        ON d.day >= ${today} - ${DAYS}::integer AND d.day < ${today}
        AND CASE WHEN a.scope = 'user' THEN d.user_id = a.scope_id AND d.workspace_id IS NULL
          ELSE d.workspace_id = a.scope_id AND d.user_id IS NULL END
      WINDOW w AS (PARTITION BY a.scope, a.scope_id ORDER BY d.day)
    ), stored AS (
      SELECT scope, scope_id, max(used_bytes) - max(then_bytes) FILTER (WHERE newest = 1) AS today, avg(grown) AS usual, count(*) AS days
      FROM days GROUP BY 1, 2
    ), fetched AS (
      SELECT 'workspace' AS scope, workspace_id AS scope_id, sum(issued_bytes) FILTER (WHERE day = ${today}) AS today,
        sum(issued_bytes) FILTER (WHERE day < ${today}) / ${DAYS}::integer AS usual, count(DISTINCT day) FILTER (WHERE day < ${today}) AS days
      FROM storage_traffic_days
      WHERE day >= ${today} - ${DAYS}::integer AND day <= ${today} AND workspace_id IS NOT NULL GROUP BY 2
    ), times AS (
      SELECT scope, scope_id, what, floor(today / greatest(usual, ${LEAST_USUAL_BYTES}))::float8 AS times
      FROM (SELECT *, 'stored' AS what FROM stored UNION ALL SELECT *, 'fetched' FROM fetched) u
      WHERE days >= ${MIN_DAYS} AND today >= ${NOTEWORTHY_BYTES}
    ), worst AS (
      SELECT DISTINCT ON (scope, scope_id) scope, scope_id AS id, what, times FROM times
      WHERE times >= ${threshold}::numeric ORDER BY scope, scope_id, times DESC
    )
    SELECT * FROM worst ORDER BY times DESC, scope, id LIMIT ${MAX_BREACHES}`.execute(db);
  return rows.map(({ scope, id, times, what }) => ({
    subject: `${scope}:${id}`,
    value: Math.min(times, Number.MAX_SAFE_INTEGER),
    message: `The ${scope} ${id} has ${what} ${times} times today what it does in a day. See what it was: audiotricks-storage audit.`,
  }));
};
