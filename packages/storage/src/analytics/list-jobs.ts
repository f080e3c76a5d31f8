import { type JobsResponse, jobsResponse } from "@audiotricks/protocol/admin";
import { sql } from "kysely";
import { iso } from "./period.ts";
import type { Read } from "./read-bounded.ts";

const MOST = 200;

/** Queues of pg-boss, which are in the schema `storage_jobs` once a worker has been here. */
export const listJobs: Read<JobsResponse> = async (db) => {
  const { rows: found } = await sql<{ isThere: boolean }>`
    SELECT to_regclass('storage_jobs.job') IS NOT NULL AND to_regclass('storage_jobs.schedule') IS NOT NULL AS "isThere"`.execute(
    db,
  );
  if (found[0]?.isThere !== true) return { queues: [] };
  const { rows } = await sql<object>`
    SELECT q.name, (SELECT s.cron FROM storage_jobs.schedule s WHERE s.name = q.name ORDER BY s.key LIMIT 1) AS cron,
      n.waiting::float8 AS waiting, n.active::float8 AS active, n.retrying::float8 AS retrying, n.completed::float8 AS completed,
      n.failed::float8 AS failed, ${iso("n.started")} AS "lastStartedAt", ${iso("d.completed_on")} AS "lastCompletedAt",
      (extract(epoch FROM d.completed_on - d.started_on) * 1000)::float8 AS "lastDurationMs", ${iso("e.failed_on")} AS "lastFailedAt",
      left(e.error, 500) AS "lastError"
    FROM storage_jobs.queue q
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE j.state = 'created') AS waiting, count(*) FILTER (WHERE j.state = 'active') AS active,
        count(*) FILTER (WHERE j.state = 'retry') AS retrying, count(*) FILTER (WHERE j.state = 'completed') AS completed,
        count(*) FILTER (WHERE j.state = 'failed') AS failed, max(j.started_on) AS started
      FROM storage_jobs.job j WHERE j.name = q.name
    ) n
    LEFT JOIN LATERAL (
      SELECT j.completed_on, j.started_on FROM storage_jobs.job j
      WHERE j.name = q.name AND j.state = 'completed' ORDER BY j.completed_on DESC LIMIT 1
    ) d ON true
    LEFT JOIN LATERAL (
      -- One that waits to be tried again keeps what it said.
      SELECT coalesce(j.completed_on, j.started_on) AS failed_on, coalesce(j.output ->> 'message', j.output::text) AS error
      FROM storage_jobs.job j
      WHERE j.name = q.name AND j.state IN ('failed', 'retry') ORDER BY coalesce(j.completed_on, j.started_on) DESC NULLS LAST LIMIT 1
    ) e ON true
    WHERE q.name NOT LIKE '\\_\\_%'
    ORDER BY q.name
    LIMIT ${MOST}`.execute(db);
  return { queues: jobsResponse.shape.queues.parse(rows) };
};
