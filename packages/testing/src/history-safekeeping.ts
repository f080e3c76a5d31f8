import type { HistoryOptions } from "./history.ts";

/**
 * What a deployment has beside its files: hours that were counted for costs, copies of the second region in a third one, a backup of the
 * database each night, and alerts that are over. After `historyStatements`, of whose rows it is made.
 */
export function safekeepingStatements({ days, until }: HistoryOptions): string[] {
  const end = `timestamptz '${until.toISOString()}'`;
  const dayOf = (instant: string) => `(${instant} AT TIME ZONE 'UTC')::date`;
  const provider = (region: string) =>
    `(SELECT id FROM storage_providers WHERE bucket_name = 'history-${region}')`;
  const nobody = "'00000000-0000-0000-0000-000000000000'::uuid";
  return [
    `INSERT INTO storage_sample_hours (hour, began_at, finished_at)
     SELECT hour, hour, hour + interval '1 minute'
     FROM generate_series(date_trunc('hour', ${end}, 'UTC') - interval '1 day' * ${days}, date_trunc('hour', ${end}, 'UTC') - interval '1 hour',
       interval '1 hour') AS hour
     ON CONFLICT DO NOTHING`,
    `INSERT INTO storage_bytes_days (day, storage_provider_id, workspace_id, kind, storage_class, byte_hours, billed_byte_hours)
     WITH changes AS (
       SELECT provider, workspace, day, sum(bytes) AS bytes FROM (
         SELECT storage_provider_id, coalesce(workspace_id, ${nobody}), ${dayOf("stored_at")}, file_size
         FROM file_storage WHERE stored_at IS NOT NULL
         UNION ALL
         SELECT storage_provider_id, coalesce(workspace_id, ${nobody}), ${dayOf("deleted_at")}, -file_size
         FROM file_storage WHERE stored_at IS NOT NULL AND deleted_at IS NOT NULL
       ) one (provider, workspace, day, bytes) GROUP BY 1, 2, 3
     ), hours AS (
       SELECT ${dayOf("hour")} AS day, count(*) AS hours FROM storage_sample_hours GROUP BY 1
     )
     SELECT h.day, c.provider, nullif(c.workspace, ${nobody}), 'files', 'standard', sum(c.bytes) * h.hours, sum(c.bytes) * h.hours
     FROM changes c JOIN hours h ON h.day >= c.day
     GROUP BY h.day, h.hours, c.provider, c.workspace HAVING sum(c.bytes) > 0`,
    `INSERT INTO storage_traffic_days (day, storage_provider_id, workspace_id, urls_issued, issued_bytes, issued_cold_bytes)
     SELECT ${dayOf("started_at")}, storage_provider_id, workspace_id, count(*), sum(response_size), 0
     FROM spaces_operations WHERE operation_type = 'download' AND response_size IS NOT NULL GROUP BY 1, 2, 3`,
    `INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted, is_primary,
       purpose)
     VALUES ('digitalocean_spaces', 'https://fra1.digitaloceanspaces.com', 'fra1', 'history-fra1', 'environment', 'env:', false, 'backup')`,
    `INSERT INTO storage_backups (storage_provider_id, backup_provider_id, created_at, filled_at)
     VALUES (${provider("ams3")}, ${provider("fra1")}, ${end} - interval '1 day' * ${days}, ${end} - interval '1 day' * ${days})`,
    `INSERT INTO file_backups (file_storage_id, backup_provider_id, state, object_key, file_size, stored_at, due_at, etag, copied_at, deleted_at)
     SELECT f.id, ${provider("fra1")}, 'copied', f.storage_path, f.file_size, f.stored_at, NULL, f.etag,
       least(f.stored_at + interval '3 minutes', ${end}), f.deleted_at
     FROM file_storage f WHERE f.storage_provider_id = ${provider("ams3")} AND f.stored_at IS NOT NULL`,
    `INSERT INTO database_dumps (id, storage_provider_id, object_key, state, engine, server_version, migration, key_id, size, started_at,
       ended_at, error_code)
     SELECT gen_random_uuid(), ${provider("fra1")}, 'history/' || night, CASE WHEN night = 5 THEN 'failed' ELSE 'stored' END, 'postgres', '17.2',
       (SELECT max(name) FROM kysely_migration), '00c0ffee', CASE WHEN night <> 5 THEN 90000000 - 1500000 * night END,
       date_trunc('hour', ${end}, 'UTC') - interval '1 day' * night, date_trunc('hour', ${end}, 'UTC') - interval '1 day' * night + interval '80 seconds',
       CASE WHEN night = 5 THEN 'dump_failed' END
     FROM generate_series(0, ${Math.min(days, 14)}) AS night`,
    `INSERT INTO alerts (kind, subject, state, value, threshold, message, raised_at, last_seen_at, cleared_at)
     SELECT kind, 'provider:' || ${provider("nyc3")}, 'cleared', value, threshold, message, ${end} - interval '1 hour' * ago,
       ${end} - interval '1 hour' * (ago - 2), ${end} - interval '1 hour' * (ago - 2)
     FROM (VALUES
       ('growth', 41, 25, 'The bucket history-nyc3 holds 41 % more than yesterday.', ${Math.ceil(days / 2) * 24}),
       ('egress', 118111600640, 107374182400, 'URLs for 110 GiB of the bucket history-nyc3 were issued today.', ${Math.ceil(days / 3) * 24})
     ) AS v (kind, value, threshold, message, ago)`,
    // As the watch tells of them: it would close any that is not so.
    `INSERT INTO alerts (kind, subject, value, threshold, message, raised_at, last_seen_at)
     SELECT 'quota_pressure', 'workspace:' || c.scope_id, p.percent, 90,
       'The workspace ' || c.scope_id || ' has used ' || p.percent || ' % of a limit. Give it more: audiotricks-storage quota set.',
       ${end} - interval '6 hours', ${end}
     FROM storage_counters c
     CROSS JOIN LATERAL quota_limits(c.scope, c.scope_id) l
     CROSS JOIN LATERAL (SELECT floor(c.used_bytes::numeric * 100 / nullif(l.max_bytes, 0))::bigint) p (percent)
     WHERE c.scope = 'workspace' AND p.percent >= 90`,
  ];
}
