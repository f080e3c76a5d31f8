import { sql } from "kysely";
import type { AlertSource } from "./alert-source.ts";
import { MAX_BREACHES } from "./alert-source.ts";

/** Less than this is nothing to be told of, however large a part it is. */
const NOTEWORTHY_BYTES = 1024 ** 3;

/** Per cent that a bucket holds more today than it did yesterday, on average. */
export const growth: AlertSource = async ({ db, clock }, threshold) => {
  const { rows } = await sql<{ id: string; bucket: string; percent: number }>`
    WITH hours AS (
      SELECT (hour AT TIME ZONE 'UTC')::date AS day, count(*) AS count FROM storage_sample_hours
      WHERE finished_at IS NOT NULL AND hour >= date_trunc('day', ${clock.now()}, 'UTC') - interval '1 day' GROUP BY 1
    ), held AS (
      SELECT b.storage_provider_id AS id, b.day, sum(b.byte_hours) / max(h.count) AS bytes
      FROM storage_bytes_days b JOIN hours h ON h.day = b.day GROUP BY 1, 2
    )
    SELECT p.id, p.bucket_name AS bucket, floor((t.bytes - y.bytes) * 100 / y.bytes)::float8 AS percent
    FROM held t JOIN held y ON y.id = t.id AND y.day = t.day - 1 JOIN storage_providers p ON p.id = t.id
    WHERE t.day = (${clock.now()} AT TIME ZONE 'UTC')::date AND y.bytes > 0 AND t.bytes - y.bytes >= ${NOTEWORTHY_BYTES}
      AND (t.bytes - y.bytes) * 100 > y.bytes * ${threshold}::numeric
    ORDER BY 3 DESC, 1 LIMIT ${MAX_BREACHES}`.execute(db);
  return rows.map(({ id, bucket, percent }) => ({
    subject: `provider:${id}`,
    value: Math.min(percent, Number.MAX_SAFE_INTEGER),
    message: `The bucket ${bucket} holds ${percent} % more than yesterday. See who: audiotricks-storage usage.`,
  }));
};

/** Bytes that went out of a bucket today (UTC), by the URLs that were issued. */
export const egress: AlertSource = async ({ db, clock }, threshold) => {
  const { rows } = await sql<{ id: string; bucket: string; bytes: string }>`
    SELECT p.id, p.bucket_name AS bucket, sum(t.issued_bytes)::text AS bytes
    FROM storage_traffic_days t JOIN storage_providers p ON p.id = t.storage_provider_id
    WHERE t.day = (${clock.now()} AT TIME ZONE 'UTC')::date
    GROUP BY 1 HAVING sum(t.issued_bytes) > ${threshold}::numeric
    ORDER BY sum(t.issued_bytes) DESC, 1 LIMIT ${MAX_BREACHES}`.execute(db);
  return rows.map(({ id, bucket, bytes }) => ({
    subject: `provider:${id}`,
    value: Math.min(Number(bytes), Number.MAX_SAFE_INTEGER),
    message: `URLs for ${gib(Number(bytes))} GiB of the bucket ${bucket} were issued today. See whose: audiotricks-storage cost.`,
  }));
};

/** Per cent of a limit, of bytes or of files, whichever is nearer. */
export const quotaPressure: AlertSource = async ({ db }, threshold) => {
  const { rows } = await sql<{ scope: string; id: string; percent: number }>`
    SELECT c.scope, c.scope_id AS id, n.percent::float8 AS percent
    FROM storage_counters c CROSS JOIN LATERAL quota_limits(c.scope, c.scope_id) l
    CROSS JOIN LATERAL (SELECT floor(greatest(
      c.used_bytes::numeric * 100 / nullif(l.max_bytes, 0), c.used_files::numeric * 100 / nullif(l.max_files, 0),
      -- With a limit of nothing, anything is too much.
      CASE WHEN c.used_bytes > 0 AND l.max_bytes = 0 OR c.used_files > 0 AND l.max_files = 0 THEN 100 END)) AS percent) n
    -- The step that the counter is at spares asking for the limits of all others.
    WHERE (c.quota_level > 0 OR ${threshold}::bigint < 80) AND n.percent >= ${threshold}::numeric
    ORDER BY 3 DESC, 1, 2 LIMIT ${MAX_BREACHES}`.execute(db);
  return rows.map(({ scope, id, percent }) => ({
    subject: `${scope}:${id}`,
    value: percent,
    message: `The ${scope} ${id} has used ${percent} % of a limit. Give it more: audiotricks-storage quota set.`,
  }));
};

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
