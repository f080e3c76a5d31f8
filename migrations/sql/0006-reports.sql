-- What people look at: the dashboard, usage by workspace, and the log of operations by month.

-- Each side is aggregated before they meet: joined first, a file with three operations would count three times.
CREATE OR REPLACE VIEW storage_performance_dashboard AS
SELECT
    p.provider_name,
    p.region,
    p.bucket_name,
    coalesce(f.total_files, 0) AS total_files,
    coalesce(f.total_size_bytes, 0) AS total_size_bytes,
    coalesce(f.total_size_bytes, 0)::double precision / 1073741824 AS total_size_gb,
    coalesce(f.audio_files, 0) AS audio_files,
    coalesce(f.audio_size_bytes, 0) AS audio_size_bytes,
    coalesce(f.export_files, 0) AS export_files,
    coalesce(f.export_size_bytes, 0) AS export_size_bytes,
    o.avg_upload_time_ms,
    o.avg_download_time_ms,
    o.success_rate,
    coalesce(f.files_uploaded_24h, 0) AS files_uploaded_24h,
    coalesce(f.total_downloads, 0) AS total_downloads,
    f.last_access,
    coalesce(f.total_size_bytes, 0)::double precision / 1073741824 * s.storage_price_usd_per_gib
        AS estimated_monthly_storage_cost_usd,
    date_trunc('month', now(), 'UTC') AS period_start
FROM storage_providers p
CROSS JOIN storage_settings s
LEFT JOIN (
    SELECT storage_provider_id, count(*) AS total_files, sum(file_size)::bigint AS total_size_bytes,
        count(*) FILTER (WHERE content_type = 'audio_file') AS audio_files,
        (sum(file_size) FILTER (WHERE content_type = 'audio_file'))::bigint AS audio_size_bytes,
        count(*) FILTER (WHERE content_type = 'export_file') AS export_files,
        (sum(file_size) FILTER (WHERE content_type = 'export_file'))::bigint AS export_size_bytes,
        count(*) FILTER (WHERE stored_at >= now() - interval '24 hours') AS files_uploaded_24h,
        sum(download_count)::bigint AS total_downloads,
        max(last_accessed_at) AS last_access
    FROM file_storage
    WHERE is_counted_file(status)
    GROUP BY storage_provider_id
) f ON f.storage_provider_id = p.id
LEFT JOIN (
    -- Of this month, also those on files that are gone by now.
    SELECT l.storage_provider_id,
        (avg(so.duration_ms) FILTER (WHERE so.operation_type = 'upload'))::double precision AS avg_upload_time_ms,
        (avg(so.duration_ms) FILTER (WHERE so.operation_type = 'download'))::double precision AS avg_download_time_ms,
        (count(*) FILTER (WHERE so.success))::double precision / count(*) * 100 AS success_rate
    FROM spaces_operations so
    JOIN file_storage l ON l.id = so.file_storage_id
    WHERE so.started_at >= date_trunc('month', now(), 'UTC')
    GROUP BY l.storage_provider_id
) o ON o.storage_provider_id = p.id
WHERE p.is_active
ORDER BY total_size_bytes DESC;

-- One row a workspace. Totals and status are live; the split by kind is that of `last_calculated` (update_storage_usage),
-- NULL before the first.
CREATE OR REPLACE VIEW workspace_storage_usage AS
SELECT
    w.id AS workspace_id,
    w.name AS workspace_name,
    coalesce(c.used_files, 0) AS total_files,
    coalesce(c.used_bytes, 0) AS total_size_bytes,
    coalesce(c.used_bytes, 0)::double precision / 1048576 AS total_size_mb,
    u.audio_files_count,
    u.export_files_count,
    l.max_bytes AS max_storage_bytes,
    l.max_files AS max_file_count,
    l.max_bytes::double precision / 1048576 AS max_storage_mb,
    n.storage_usage_percent,
    n.file_count_usage_percent,
    u.last_calculated,
    CASE
        WHEN c.used_bytes > l.max_bytes OR c.used_files > l.max_files THEN 'over_quota'
        WHEN greatest(n.storage_usage_percent, n.file_count_usage_percent) > 90 THEN 'warning'
        WHEN greatest(n.storage_usage_percent, n.file_count_usage_percent) > 80 THEN 'high'
        ELSE 'normal'
    END AS usage_status
FROM workspaces w
LEFT JOIN storage_counters c ON c.scope = 'workspace' AND c.scope_id = w.id
CROSS JOIN LATERAL quota_limits('workspace', w.id) l
CROSS JOIN LATERAL (
    SELECT coalesce(c.used_bytes, 0)::double precision / nullif(l.max_bytes, 0) * 100,
        coalesce(c.used_files, 0)::double precision / nullif(l.max_files, 0) * 100
) n (storage_usage_percent, file_count_usage_percent)
LEFT JOIN (
    SELECT workspace_id, sum(audio_files_count) AS audio_files_count, sum(export_files_count) AS export_files_count,
        max(calculated_at) AS last_calculated
    FROM storage_usage
    WHERE is_current_period AND workspace_id IS NOT NULL
    GROUP BY workspace_id
) u ON u.workspace_id = w.id
WHERE w.is_active
ORDER BY n.storage_usage_percent DESC NULLS LAST;

-- Makes the partitions of this month and the next ones (UTC); rows that came before theirs move in from the default
-- one. To be called at every start and once a day. Returns how many it made.
CREATE FUNCTION ensure_spaces_operations_partitions(months_ahead integer DEFAULT 3)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_month timestamp;
    v_from timestamptz;
    v_to timestamptz;
    v_name text;
    v_made integer := 0;
BEGIN
    FOR v_month IN
        SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n)
        FROM generate_series(0, months_ahead) AS g (n)
    LOOP
        v_from := v_month AT TIME ZONE 'UTC';
        v_to := (v_month + interval '1 month') AT TIME ZONE 'UTC';
        v_name := 'spaces_operations_' || to_char(v_month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        IF v_made = 0 THEN
            -- Taken only when there is something to do; whoever waited here finds the work done.
            LOCK TABLE spaces_operations IN ACCESS EXCLUSIVE MODE;
            CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        END IF;
        EXECUTE format('CREATE TABLE %I (LIKE spaces_operations INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_name);
        EXECUTE format(
            'WITH moved AS (DELETE FROM spaces_operations_default WHERE started_at >= %L AND started_at < %L RETURNING *)
             INSERT INTO %I SELECT * FROM moved', v_from, v_to, v_name);
        EXECUTE format('ALTER TABLE spaces_operations ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_to);
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END
$$;

-- Drops whole months that ended longer ago than `keep`. Returns how many.
CREATE FUNCTION drop_old_spaces_operations(keep interval DEFAULT interval '13 months')
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_name text;
    v_dropped integer := 0;
BEGIN
    FOR v_name IN
        SELECT c.relname
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'spaces_operations'::regclass AND c.relname ~ '^spaces_operations_[0-9]{4}_[0-9]{2}$'
            AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= now() - keep
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    DELETE FROM spaces_operations_default WHERE started_at <= now() - keep;
    RETURN v_dropped;
END
$$;

SELECT ensure_spaces_operations_partitions();
