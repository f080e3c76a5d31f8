import type { HistoryOptions } from "./history.ts";

const BROWSERS = ["Chrome/142.0", "Firefox/145.0", "Version/18.0 Safari/605", "Chrome/142.0 Edg/142.0"];

/**
 * In this order, one transaction, without triggers. Rows are numbered, and everything about one follows from its number and the seed.
 * `OFFSET 0` keeps the planner from writing an expression out wherever it is used: each uses others, and they would grow beyond measure.
 */
export function historyStatements({
  files,
  operations,
  workspaces,
  users,
  days,
  seed,
  until,
}: HistoryOptions): string[] {
  const end = `timestamptz '${until.toISOString()}'`;
  /** From 0 to 1, another for each purpose. */
  const chance = (purpose: number, n = "n") =>
    `((hashint8extended(${n}::bigint, ${seed * 100 + purpose}) & 2147483647) / 2147483648.0::float8)`;
  /** About normal: mean 0, deviation 1. */
  const bell = (purpose: number, n = "n") =>
    `((${chance(purpose, n)} + ${chance(purpose + 1, n)} + ${chance(purpose + 2, n)} - 1.5) * 2)`;
  /** Of version 4, as messages have ids. */
  const idOf = (what: string, n: string) =>
    `overlay(overlay(md5('${what} ${seed} ' || ${n}) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid`;
  /** More each week, in waves of a day that are highest in the afternoon (UTC). */
  const at = (
    u: string,
    wave: string,
  ) => `least(${end} - interval '10 minutes', ${end} - interval '1 day' * ${days} * (1 - power(${u}, 0.75))
    + interval '1 hour' * (3 * ${wave}))`;
  const fileRows = `
    SELECT n, ${idOf("file", "n")} AS id, ${idOf("session", "n")} AS session_id, ${idOf("user", "user_n")} AS user_id,
      CASE WHEN in_workspace < 0.7 THEN ${idOf("workspace", `(user_n % ${workspaces})`)} END AS workspace_id,
      kind, size, state, born, least(born + interval '1 millisecond' * (400 + size / rate), ${end} - interval '1 second') AS ended,
      downloads, is_second
    FROM (
      SELECT n, floor(${users} * power(${chance(1)}, 2))::integer AS user_n, ${chance(2)} AS in_workspace,
        CASE WHEN ${chance(3)} < 0.86 THEN 'audio_file' WHEN ${chance(3)} < 0.94 THEN 'export_file'
          WHEN ${chance(3)} < 0.98 THEN 'document' ELSE 'avatar' END AS kind,
        greatest(2000, 6000000 * exp(1.1 * ${bell(4)}))::bigint AS size,
        CASE WHEN ${chance(7)} < 0.55 THEN 'processed' WHEN ${chance(7)} < 0.9 THEN 'stored' WHEN ${chance(7)} < 0.91 THEN 'archived'
          WHEN ${chance(7)} < 0.913 THEN 'quarantined' WHEN ${chance(7)} < 0.965 THEN 'deleted' ELSE 'failed' END AS state,
        ${at(chance(8), bell(9))} AS born, 600 * exp(0.8 * ${bell(12)}) AS rate,
        CASE WHEN ${chance(15)} < 0.4 THEN floor(20 * power(${chance(16)}, 3))::integer ELSE 0 END AS downloads,
        ${chance(17)} < 0.35 AS is_second
      FROM generate_series(1, ${files}) AS n
      OFFSET 0
    ) d
    OFFSET 0`;
  const isThere = "f.state NOT IN ('failed')";

  return [
    "SET LOCAL jit = off",
    `INSERT INTO storage_providers (id, provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted, is_primary)
     SELECT ${idOf("provider", "n")}, 'digitalocean_spaces', 'https://' || region || '.digitaloceanspaces.com', region,
       'history-' || region, 'environment', 'env:', false
     FROM (VALUES (1, 'nyc3'), (2, 'ams3')) AS v (n, region)`,
    `INSERT INTO users (id, name, created_at) SELECT ${idOf("user", "n")}, 'User ' || n, ${end} - interval '1 day' * ${days}
     FROM generate_series(0, ${users - 1}) AS n`,
    `INSERT INTO workspaces (id, name, created_at) SELECT ${idOf("workspace", "n")}, 'Workspace ' || n, ${end} - interval '1 day' * ${days}
     FROM generate_series(0, ${workspaces - 1}) AS n`,
    `INSERT INTO workspace_members (workspace_id, user_id, role)
     SELECT ${idOf("workspace", `(n % ${workspaces})`)}, ${idOf("user", "n")}, CASE WHEN n < ${workspaces} THEN 'admin' ELSE 'member' END
     FROM generate_series(0, ${users - 1}) AS n`,
    // Some have little room left, some are full.
    `INSERT INTO storage_quotas (workspace_id, max_storage_bytes)
     SELECT ${idOf("workspace", "n")}, 2000000000::bigint * (1 + n % 7) FROM generate_series(0, ${workspaces - 1}) AS n WHERE n % 3 = 0`,
    `INSERT INTO file_storage (id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id, storage_path,
       storage_url, file_size, checksum_md5, etag, upload_method, upload_session_id, status, content_type, user_id, workspace_id,
       former_user_id, former_workspace_id, access_level, stored_at, deleted_at, archived_at, created_at, updated_at, download_count,
       last_accessed_at)
     SELECT f.id, 'Recording ' || f.n || '.wav', f.id || '.wav', 'wav', 'audio/wav', ${idOf("provider", "(CASE WHEN f.is_second THEN 2 ELSE 1 END)")},
       'audio/uploads/' || to_char(f.born AT TIME ZONE 'UTC', 'YYYY/MM/') || f.id || '.wav', '/v1/files/' || f.id || '/content', f.size,
       CASE WHEN ${isThere} THEN md5(f.n::text) END, CASE WHEN ${isThere} THEN md5(f.n::text) END,
       CASE WHEN f.size > 10485760 THEN 'multipart' ELSE 'direct' END, f.session_id, f.state, f.kind, f.user_id, f.workspace_id,
       f.user_id, f.workspace_id, CASE WHEN f.workspace_id IS NULL THEN 'private' ELSE 'workspace' END,
       CASE WHEN ${isThere} THEN f.ended END,
       CASE WHEN f.state = 'deleted' THEN f.ended + (${end} - f.ended) * ${chance(20, "f.n")} END,
       CASE WHEN f.state = 'archived' THEN f.ended END, f.born, f.ended,
       CASE WHEN ${isThere} THEN f.downloads ELSE 0 END,
       CASE WHEN ${isThere} AND f.downloads > 0 THEN f.ended + (${end} - f.ended) * ${chance(21, "f.n")} END
     FROM (${fileRows}) f`,
    `INSERT INTO multipart_uploads (id, file_storage_id, upload_method, origin, spaces_upload_id, temp_path, original_filename,
       total_file_size, chunk_size, total_chunks, completed_chunks, uploaded_bytes, status, error_code, error_message, user_id,
       workspace_id, former_user_id, former_workspace_id, created_at, updated_at, expires_at, completed_at)
     SELECT f.session_id, f.id, CASE WHEN f.size > 10485760 THEN 'multipart' ELSE 'put' END, 'v1',
       CASE WHEN f.size > 10485760 THEN '2~' || md5(f.n::text) END, CASE WHEN f.size <= 10485760 THEN 'temp/uploads/' || f.session_id END,
       'Recording ' || f.n || '.wav', f.size, CASE WHEN f.size > 10485760 THEN 10485760 ELSE f.size END,
       CASE WHEN f.size > 10485760 THEN (f.size + 10485759) / 10485760 ELSE 1 END,
       CASE WHEN ${isThere} THEN CASE WHEN f.size > 10485760 THEN (f.size + 10485759) / 10485760 ELSE 1 END ELSE 0 END,
       CASE WHEN ${isThere} THEN f.size ELSE 0 END,
       CASE WHEN ${isThere} THEN 'completed' WHEN f.n % 3 = 0 THEN 'failed' ELSE 'aborted' END,
       CASE WHEN NOT ${isThere} AND f.n % 3 = 0 THEN (ARRAY['size_mismatch', 'content_mismatch', 'upload_failed'])[1 + f.n % 9 / 3] END,
       NULL, f.user_id, f.workspace_id, f.user_id, f.workspace_id, f.born, f.ended, f.born + interval '1 day',
       CASE WHEN ${isThere} THEN f.ended END
     FROM (${fileRows}) f`,
    // One afternoon in the middle the first region was in trouble.
    `INSERT INTO spaces_operations (operation_type, file_storage_id, storage_provider_id, storage_path, http_method, endpoint_url,
       request_headers, request_size, response_size, duration_ms, status_code, success, error_message, user_id, workspace_id, cause,
       attempts, reported_by, client_report, started_at, completed_at)
     SELECT o.type, f.id, f.storage_provider_id, f.storage_path, CASE o.type WHEN 'download' THEN 'GET' WHEN 'head' THEN 'HEAD'
         WHEN 'list' THEN 'GET' WHEN 'delete' THEN 'DELETE' ELSE 'PUT' END, 'https://store.example',
       CASE WHEN o.is_client THEN NULL ELSE '{"operation": "History"}'::jsonb END,
       CASE WHEN o.type = 'upload' THEN f.file_size END, CASE WHEN o.type = 'download' THEN f.file_size END, t.ms,
       CASE WHEN o.is_client THEN NULL WHEN t.ok THEN 200 ELSE 503 END, t.ok, CASE WHEN NOT t.ok THEN 'SlowDown' END, f.user_id, f.workspace_id,
       'request', CASE WHEN o.is_client THEN NULL ELSE 1 END, CASE WHEN o.is_client THEN 'client' ELSE 'server' END,
       CASE WHEN o.is_client THEN jsonb_build_object('browser', (ARRAY['${BROWSERS.join("', '")}'])[1 + floor(4 * power(${chance(33, "o.n")}, 2))::integer],
         'retries', floor(3 * power(${chance(34, "o.n")}, 4)), 'bytesPerSecond', (f.file_size * 1000 / greatest(t.ms, 1))) END,
       t.at, t.at + interval '1 millisecond' * t.ms
     FROM (
       SELECT n, ${chance(30)} < 0.1 AS is_client,
         CASE WHEN ${chance(30)} < 0.1 THEN 'upload' WHEN ${chance(31)} < 0.45 THEN 'upload' WHEN ${chance(31)} < 0.65 THEN 'head'
           WHEN ${chance(31)} < 0.85 THEN 'download' WHEN ${chance(31)} < 0.9 THEN 'list' WHEN ${chance(31)} < 0.95 THEN 'copy' ELSE 'delete' END AS type,
         ${idOf("file", `(1 + n % ${files})`)} AS file_id
       FROM generate_series(1, ${operations}) AS n
       OFFSET 0
     ) o
     JOIN file_storage f ON f.id = o.file_id
     CROSS JOIN LATERAL (SELECT f.created_at + CASE WHEN o.type = 'download' THEN (${end} - f.created_at) * ${chance(35, "o.n")} ELSE interval '1 second' * 3 * ${chance(35, "o.n")} END OFFSET 0) w (at)
     CROSS JOIN LATERAL (SELECT f.storage_provider_id = ${idOf("provider", "1")} AND w.at > ${end} - interval '1 day' * ${Math.ceil(days / 2)}
       AND w.at < ${end} - interval '1 day' * ${Math.ceil(days / 2)} + interval '3 hours' OFFSET 0) b (is_bad)
     CROSS JOIN LATERAL (SELECT w.at,
       (CASE WHEN o.is_client THEN 900 + f.file_size / 700.0 WHEN o.type = 'upload' THEN 45 ELSE 25 END * exp(0.6 * ${bell(36, "o.n")})
         * CASE WHEN f.storage_provider_id = ${idOf("provider", "2")} THEN 1.8 ELSE 1 END * CASE WHEN b.is_bad THEN 6 ELSE 1 END)::integer,
       o.is_client OR ${chance(39, "o.n")} > CASE WHEN b.is_bad THEN 0.4 ELSE 0.01 END OFFSET 0) t (at, ms, ok)`,
    `INSERT INTO storage_audit (user_id, action, resource, resource_id, outcome, at)
     SELECT f.user_id, 'createUploads', 'upload', f.session_id, 'done', f.born FROM (${fileRows}) f
     WHERE f.n % 20 = 0 AND f.born >= date_trunc('month', now(), 'UTC')`,
    `INSERT INTO storage_counters (scope, scope_id, used_bytes, reserved_bytes, used_files, reserved_files)
     SELECT scope, scope_id, used_bytes, reserved_bytes, used_files, reserved_files FROM counted_storage()
     ON CONFLICT (scope, scope_id) DO UPDATE SET used_bytes = excluded.used_bytes, reserved_bytes = excluded.reserved_bytes,
       used_files = excluded.used_files, reserved_files = excluded.reserved_files`,
    "SELECT rebuild_analytics()",
    // What a recount would have written each night.
    `INSERT INTO storage_usage_days (workspace_id, day, used_bytes, used_files, limit_bytes, counted_at)
     SELECT w.id, (d.at AT TIME ZONE 'UTC')::date, s.bytes, s.files, q.max_storage_bytes, d.at
     FROM workspaces w
     CROSS JOIN (SELECT date_trunc('day', ${end}, 'UTC') - interval '1 day' * g AS at FROM generate_series(0, ${days}) AS g) d
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(k.bytes_added - k.bytes_removed), 0)::bigint, coalesce(sum(k.files_added - k.files_removed), 0)::integer
       FROM storage_file_periods k WHERE k.scope = 'workspace' AND k.scope_id = w.id AND k.period <= d.at) s (bytes, files)
     LEFT JOIN storage_quotas q ON q.workspace_id = w.id
     WHERE w.id IN (SELECT ${idOf("workspace", "n")} FROM generate_series(0, ${workspaces - 1}) AS n)
     ON CONFLICT DO NOTHING`,
  ];
}
