-- What operators look at, added up as it happens: files by provider and by workspace, calls and uploads by hour and month. Whoever
-- uploads only adds a row to a queue, and waits for nobody; a sweep folds the queue into the sums, and views add what it has not
-- folded yet. See decisions/037.

-- The sums of files whose bytes are promised. Nothing that is zero stays.
CREATE TABLE storage_file_totals (
    scope text NOT NULL CHECK (scope IN ('provider', 'workspace')),
    scope_id uuid NOT NULL,
    content_type text NOT NULL,
    files bigint NOT NULL,
    bytes bigint NOT NULL,
    downloads bigint NOT NULL,
    PRIMARY KEY (scope, scope_id, content_type)
) WITH (fillfactor = 50);

-- What came and went: of a provider by the hour, of a workspace by the day (UTC).
CREATE TABLE storage_file_periods (
    scope text NOT NULL CHECK (scope IN ('provider', 'workspace')),
    period timestamptz NOT NULL,
    scope_id uuid NOT NULL,
    content_type text NOT NULL,
    files_added bigint NOT NULL,
    bytes_added bigint NOT NULL,
    files_removed bigint NOT NULL,
    bytes_removed bigint NOT NULL,
    downloads bigint NOT NULL,
    PRIMARY KEY (scope, period, scope_id, content_type)
);
CREATE INDEX storage_file_periods_scope ON storage_file_periods (scope, scope_id, period);

-- How many of the files that are there now were stored within five minutes; of the last day only.
CREATE TABLE storage_stored_slots (
    storage_provider_id uuid NOT NULL,
    slot timestamptz NOT NULL,
    files bigint NOT NULL,
    PRIMARY KEY (storage_provider_id, slot)
);

-- Not yet folded. A correction changes the sums alone: it is no history.
CREATE TABLE storage_file_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    storage_provider_id uuid,
    workspace_id uuid,
    content_type text NOT NULL,
    slot timestamptz,
    files bigint NOT NULL,
    bytes bigint NOT NULL,
    downloads bigint NOT NULL,
    is_correction boolean NOT NULL DEFAULT false
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- When a file that is there was last accessed: a maximum cannot be kept by adding, and an index on the files themselves would
-- make each access write all of their indexes.
CREATE TABLE file_last_accesses (
    file_storage_id uuid PRIMARY KEY REFERENCES file_storage (id) ON DELETE CASCADE,
    storage_provider_id uuid NOT NULL,
    accessed_at timestamptz NOT NULL
);
CREATE INDEX file_last_accesses_newest ON file_last_accesses (storage_provider_id, accessed_at);

-- The minutes at the edge of a day, of which no slot tells.
CREATE INDEX file_storage_stored_at ON file_storage (stored_at, storage_provider_id)
    WHERE status IN ('stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling');

ALTER TABLE spaces_operations ADD COLUMN storage_provider_id uuid;
COMMENT ON COLUMN spaces_operations.storage_provider_id IS 'Where it went. NULL in rows from before this column, and of a file that nobody knows.';
-- Whoever writes a row without it, as the release before does: that of the file at the time.
CREATE FUNCTION find_provider_of_operation() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    SELECT f.storage_provider_id INTO NEW.storage_provider_id FROM file_storage f WHERE f.id = NEW.file_storage_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER spaces_operations_provider BEFORE INSERT ON spaces_operations FOR EACH ROW
    WHEN (NEW.storage_provider_id IS NULL AND NEW.file_storage_id IS NOT NULL)
    EXECUTE FUNCTION find_provider_of_operation();

-- What was done, and how long it took. A `call` is one of ours to the store, by its `operation_type`; an `upload` a session from its
-- birth to its end, by its method; a `client` what a browser said of an upload, by its family.
CREATE TABLE storage_activity (
    grain text NOT NULL CHECK (grain IN ('hour', 'month')),
    period timestamptz NOT NULL,
    storage_provider_id uuid NOT NULL,
    measure text NOT NULL CHECK (measure IN ('call', 'upload', 'client')),
    operation text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('ok', 'failed', 'cancelled')),
    -- `duration_bucket`; -1 where nobody knows how long it took.
    bucket smallint NOT NULL,
    times bigint NOT NULL,
    duration_ms bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (grain, period, storage_provider_id, measure, operation, outcome, bucket)
) WITH (fillfactor = 70);

CREATE TABLE storage_activity_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hour timestamptz NOT NULL,
    storage_provider_id uuid NOT NULL,
    measure text NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    times bigint NOT NULL,
    duration_ms bigint NOT NULL,
    bytes bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- Four to each doubling: what is read from them is within a tenth.
CREATE FUNCTION duration_bucket(p_ms bigint) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_ms IS NULL THEN -1 WHEN p_ms < 1 THEN 0 ELSE floor(ln(p_ms::double precision) / ln(2::double precision) * 4) + 1 END::smallint
$$;

-- The duration in milliseconds that this fraction of all stayed below, by buckets and how many are in each; NULL of none.
CREATE FUNCTION duration_percentile(p_buckets smallint[], p_times bigint[], p_fraction double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN c.bucket = 0 THEN 0
        ELSE power(2, (c.bucket - 1 + (p_fraction * c.total - (c.upto - c.times)) / c.times) / 4) END
    FROM (
        SELECT b.bucket, b.times, sum(b.times) OVER (ORDER BY b.bucket)::double precision AS upto,
            sum(b.times) OVER ()::double precision AS total
        FROM (
            SELECT u.bucket, sum(u.times)::double precision AS times FROM unnest(p_buckets, p_times) AS u (bucket, times)
            WHERE u.bucket >= 0
            GROUP BY u.bucket
            HAVING sum(u.times) > 0
        ) b
    ) c
    WHERE c.upto >= p_fraction * c.total
    ORDER BY c.bucket
    LIMIT 1
$$;

-- Of what a browser calls itself; never its version, or there would be a row for each.
CREATE FUNCTION browser_family(p_name text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN p_name IS NULL THEN 'unknown'
        WHEN p_name ~* '(edg|edge|edga|edgios)[/ ]' THEN 'Edge'
        WHEN p_name ~* '(opr|opera)[/ ]' THEN 'Opera'
        WHEN p_name ~* 'samsungbrowser' THEN 'Samsung Internet'
        WHEN p_name ~* '(firefox|fxios)' THEN 'Firefox'
        WHEN p_name ~* '(chrome|chromium|crios)' THEN 'Chrome'
        WHEN p_name ~* 'safari' THEN 'Safari'
        ELSE 'other' END
$$;

CREATE FUNCTION stored_slot(p_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT date_bin('5 minutes', p_at, to_timestamp(0)) $$;

CREATE FUNCTION queue_file_change() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_was boolean := TG_OP = 'UPDATE' AND is_counted_file(OLD.status);
    v_is boolean := is_counted_file(NEW.status);
BEGIN
    IF v_was AND v_is AND OLD.storage_provider_id = NEW.storage_provider_id AND OLD.content_type = NEW.content_type
        AND OLD.workspace_id IS NOT DISTINCT FROM NEW.workspace_id AND OLD.stored_at IS NOT DISTINCT FROM NEW.stored_at THEN
        IF OLD.file_size <> NEW.file_size OR OLD.download_count <> NEW.download_count THEN
            INSERT INTO storage_file_changes (storage_provider_id, workspace_id, content_type, files, bytes, downloads)
            VALUES (NEW.storage_provider_id, NEW.workspace_id, NEW.content_type, 0, NEW.file_size - OLD.file_size,
                NEW.download_count - OLD.download_count);
        END IF;
    ELSE
        IF v_was THEN
            INSERT INTO storage_file_changes (storage_provider_id, workspace_id, content_type, slot, files, bytes, downloads)
            VALUES (OLD.storage_provider_id, OLD.workspace_id, OLD.content_type, stored_slot(OLD.stored_at), -1, -OLD.file_size,
                -OLD.download_count);
        END IF;
        IF v_is THEN
            INSERT INTO storage_file_changes (storage_provider_id, workspace_id, content_type, slot, files, bytes, downloads)
            VALUES (NEW.storage_provider_id, NEW.workspace_id, NEW.content_type, stored_slot(NEW.stored_at), 1, NEW.file_size,
                NEW.download_count);
        END IF;
    END IF;
    -- Under the lock of the file's row, so whoever else writes this row waits there already.
    IF v_is AND NEW.last_accessed_at IS NOT NULL THEN
        IF NOT v_was OR NEW.last_accessed_at IS DISTINCT FROM OLD.last_accessed_at
            OR OLD.storage_provider_id <> NEW.storage_provider_id THEN
            INSERT INTO file_last_accesses AS a (file_storage_id, storage_provider_id, accessed_at)
            VALUES (NEW.id, NEW.storage_provider_id, NEW.last_accessed_at)
            ON CONFLICT (file_storage_id) DO UPDATE
            SET storage_provider_id = excluded.storage_provider_id, accessed_at = excluded.accessed_at;
        END IF;
    ELSIF v_was AND OLD.last_accessed_at IS NOT NULL THEN
        DELETE FROM file_last_accesses a WHERE a.file_storage_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_totals_new AFTER INSERT ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status))
    EXECUTE FUNCTION queue_file_change();
CREATE TRIGGER file_storage_totals_changed AFTER UPDATE ON file_storage FOR EACH ROW
    WHEN ((is_counted_file(OLD.status) OR is_counted_file(NEW.status))
        AND (is_counted_file(OLD.status), OLD.storage_provider_id, OLD.workspace_id, OLD.content_type, OLD.file_size,
            OLD.stored_at, OLD.download_count, OLD.last_accessed_at)
        IS DISTINCT FROM (is_counted_file(NEW.status), NEW.storage_provider_id, NEW.workspace_id, NEW.content_type, NEW.file_size,
            NEW.stored_at, NEW.download_count, NEW.last_accessed_at))
    EXECUTE FUNCTION queue_file_change();

CREATE FUNCTION queue_ended_session() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storage_activity_changes (hour, storage_provider_id, measure, operation, outcome, bucket, times, duration_ms, bytes)
    SELECT date_trunc('hour', now(), 'UTC'), f.storage_provider_id, 'upload', NEW.upload_method,
        CASE NEW.status WHEN 'completed' THEN 'ok' WHEN 'failed' THEN 'failed' ELSE 'cancelled' END,
        duration_bucket(t.ms), 1, t.ms, CASE NEW.status WHEN 'completed' THEN NEW.total_file_size ELSE 0 END
    FROM file_storage f
    CROSS JOIN LATERAL (SELECT greatest(extract(epoch FROM coalesce(NEW.completed_at, now()) - NEW.created_at) * 1000, 0)::bigint) t (ms)
    WHERE f.id = NEW.file_storage_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER multipart_uploads_activity AFTER UPDATE OF status ON multipart_uploads FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status IN ('completed', 'aborted', 'failed'))
    EXECUTE FUNCTION queue_ended_session();

-- A batch of calls becomes a few rows. What a month is made of later, or loses when it is dropped, does not come here.
CREATE FUNCTION queue_operations() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storage_activity_changes (hour, storage_provider_id, measure, operation, outcome, bucket, times, duration_ms, bytes)
    SELECT date_trunc('hour', n.started_at, 'UTC'), n.storage_provider_id, m.measure, m.operation,
        CASE WHEN n.success THEN 'ok' ELSE 'failed' END, duration_bucket(n.duration_ms), count(*),
        coalesce(sum(n.duration_ms), 0), coalesce(sum(coalesce(n.request_size, 0) + coalesce(n.response_size, 0)), 0)
    FROM new_rows n
    CROSS JOIN LATERAL (
        SELECT CASE n.reported_by WHEN 'client' THEN 'client' ELSE 'call' END,
            CASE n.reported_by WHEN 'client' THEN browser_family(n.client_report ->> 'browser') ELSE n.operation_type END
    ) m (measure, operation)
    WHERE n.storage_provider_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END
$$;
CREATE TRIGGER spaces_operations_activity AFTER INSERT ON spaces_operations REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION queue_operations();

-- Folds so many of the oldest changes of either queue into the sums. One caller at a time does; another is told 0, as if there were
-- nothing to do. Returns how many were folded.
CREATE FUNCTION fold_analytics(max_rows integer DEFAULT 10000) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_files integer;
    v_activity integer;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('audiotricks analytics'), 0) THEN
        RETURN 0;
    END IF;
    WITH taken AS MATERIALIZED (
        DELETE FROM storage_file_changes d
        WHERE d.id IN (SELECT c.id FROM storage_file_changes c ORDER BY c.id LIMIT max_rows)
        RETURNING d.*
    ), scoped AS MATERIALIZED (
        SELECT s.scope, s.scope_id, s.period, t.content_type, t.files, t.bytes, t.downloads, t.is_correction
        FROM taken t
        CROSS JOIN LATERAL (VALUES
            ('provider', t.storage_provider_id, date_trunc('hour', t.at, 'UTC')),
            ('workspace', t.workspace_id, date_trunc('day', t.at, 'UTC'))) AS s (scope, scope_id, period)
        WHERE s.scope_id IS NOT NULL
    ), totals AS (
        INSERT INTO storage_file_totals AS k (scope, scope_id, content_type, files, bytes, downloads)
        SELECT s.scope, s.scope_id, s.content_type, sum(s.files), sum(s.bytes), sum(s.downloads)
        FROM scoped s
        GROUP BY s.scope, s.scope_id, s.content_type
        ON CONFLICT (scope, scope_id, content_type) DO UPDATE
        SET files = k.files + excluded.files, bytes = k.bytes + excluded.bytes, downloads = k.downloads + excluded.downloads
    ), periods AS (
        INSERT INTO storage_file_periods AS k (scope, period, scope_id, content_type, files_added, bytes_added, files_removed,
            bytes_removed, downloads)
        SELECT s.scope, s.period, s.scope_id, s.content_type, sum(greatest(s.files, 0)), sum(greatest(s.bytes, 0)),
            sum(greatest(-s.files, 0)), sum(greatest(-s.bytes, 0)), sum(CASE WHEN s.files = 0 THEN s.downloads ELSE 0 END)
        FROM scoped s
        WHERE NOT s.is_correction
        GROUP BY s.scope, s.period, s.scope_id, s.content_type
        ON CONFLICT (scope, period, scope_id, content_type) DO UPDATE
        SET files_added = k.files_added + excluded.files_added, bytes_added = k.bytes_added + excluded.bytes_added,
            files_removed = k.files_removed + excluded.files_removed, bytes_removed = k.bytes_removed + excluded.bytes_removed,
            downloads = k.downloads + excluded.downloads
    ), slots AS (
        INSERT INTO storage_stored_slots AS k (storage_provider_id, slot, files)
        SELECT t.storage_provider_id, t.slot, sum(t.files)
        FROM taken t
        WHERE t.storage_provider_id IS NOT NULL AND t.slot >= now() - interval '25 hours'
        GROUP BY t.storage_provider_id, t.slot
        ON CONFLICT (storage_provider_id, slot) DO UPDATE SET files = k.files + excluded.files
    )
    SELECT count(*) INTO v_files FROM taken;

    WITH taken AS MATERIALIZED (
        DELETE FROM storage_activity_changes d
        WHERE d.id IN (SELECT c.id FROM storage_activity_changes c ORDER BY c.id LIMIT max_rows)
        RETURNING d.*
    ), folded AS (
        INSERT INTO storage_activity AS k (grain, period, storage_provider_id, measure, operation, outcome, bucket, times,
            duration_ms, bytes)
        SELECT g.grain, date_trunc(g.grain, t.hour, 'UTC'), t.storage_provider_id, t.measure, t.operation, t.outcome, t.bucket,
            sum(t.times), sum(t.duration_ms), sum(t.bytes)
        FROM taken t
        CROSS JOIN (VALUES ('hour'), ('month')) AS g (grain)
        GROUP BY g.grain, date_trunc(g.grain, t.hour, 'UTC'), t.storage_provider_id, t.measure, t.operation, t.outcome, t.bucket
        ON CONFLICT (grain, period, storage_provider_id, measure, operation, outcome, bucket) DO UPDATE
        SET times = k.times + excluded.times, duration_ms = k.duration_ms + excluded.duration_ms, bytes = k.bytes + excluded.bytes
    )
    SELECT count(*) INTO v_activity FROM taken;

    IF v_files > 0 THEN
        DELETE FROM storage_file_totals k WHERE k.files = 0 AND k.bytes = 0 AND k.downloads = 0;
        DELETE FROM storage_stored_slots k WHERE k.slot < now() - interval '25 hours';
    END IF;
    RETURN v_files + v_activity;
END
$$;

-- Compares the sums of files with their rows, in one snapshot, and queues what they lack. None, or something was wrong: rows were
-- changed with the triggers off. Returns of how many kinds of providers and workspaces.
CREATE FUNCTION mend_file_totals() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_mended integer;
BEGIN
    -- Of two at once the second sees what the first has queued.
    PERFORM pg_advisory_xact_lock(hashtext('audiotricks analytics'), 1);
    INSERT INTO storage_file_changes (storage_provider_id, workspace_id, content_type, files, bytes, downloads, is_correction)
    SELECT CASE d.scope WHEN 'provider' THEN d.scope_id END, CASE d.scope WHEN 'workspace' THEN d.scope_id END, d.content_type,
        sum(d.files), sum(d.bytes), sum(d.downloads), true
    FROM (
        SELECT 'provider' AS scope, f.storage_provider_id AS scope_id, f.content_type, count(*) AS files, sum(f.file_size) AS bytes,
            sum(f.download_count) AS downloads
        FROM file_storage f WHERE is_counted_file(f.status) GROUP BY f.storage_provider_id, f.content_type
        UNION ALL
        SELECT 'workspace', f.workspace_id, f.content_type, count(*), sum(f.file_size), sum(f.download_count)
        FROM file_storage f WHERE is_counted_file(f.status) AND f.workspace_id IS NOT NULL GROUP BY f.workspace_id, f.content_type
        UNION ALL
        SELECT k.scope, k.scope_id, k.content_type, -k.files, -k.bytes, -k.downloads FROM storage_file_totals k
        UNION ALL
        SELECT 'provider', c.storage_provider_id, c.content_type, -c.files, -c.bytes, -c.downloads
        FROM storage_file_changes c WHERE c.storage_provider_id IS NOT NULL
        UNION ALL
        SELECT 'workspace', c.workspace_id, c.content_type, -c.files, -c.bytes, -c.downloads
        FROM storage_file_changes c WHERE c.workspace_id IS NOT NULL
    ) d
    GROUP BY d.scope, d.scope_id, d.content_type
    HAVING sum(d.files) <> 0 OR sum(d.bytes) <> 0 OR sum(d.downloads) <> 0;
    GET DIAGNOSTICS v_mended = ROW_COUNT;
    RETURN v_mended;
END
$$;

-- Makes all of it anew from the rows, while nobody writes them: for rows that came with the triggers off, and to begin with. Months
-- of calls that were dropped keep what was added up of them.
CREATE FUNCTION rebuild_analytics() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_calls_from timestamptz;
BEGIN
    LOCK TABLE file_storage, multipart_uploads, spaces_operations IN SHARE ROW EXCLUSIVE MODE;
    PERFORM pg_advisory_xact_lock(hashtext('audiotricks analytics'), 0);
    DELETE FROM storage_file_changes;
    DELETE FROM storage_file_totals;
    DELETE FROM storage_file_periods;
    DELETE FROM storage_stored_slots;
    DELETE FROM file_last_accesses;
    DELETE FROM storage_activity_changes;
    SELECT date_trunc('month', coalesce(min(o.started_at), now()), 'UTC') INTO v_calls_from FROM spaces_operations o;
    DELETE FROM storage_activity a WHERE a.measure = 'upload' OR a.period >= v_calls_from;

    INSERT INTO storage_file_totals (scope, scope_id, content_type, files, bytes, downloads)
    SELECT s.scope, s.scope_id, f.content_type, count(*), sum(f.file_size), sum(f.download_count)
    FROM file_storage f
    CROSS JOIN LATERAL (VALUES ('provider', f.storage_provider_id), ('workspace', f.workspace_id)) AS s (scope, scope_id)
    WHERE is_counted_file(f.status) AND s.scope_id IS NOT NULL
    GROUP BY s.scope, s.scope_id, f.content_type;

    INSERT INTO storage_file_periods (scope, period, scope_id, content_type, files_added, bytes_added, files_removed, bytes_removed,
        downloads)
    SELECT s.scope, date_trunc(s.grain, e.at, 'UTC'), s.scope_id, f.content_type, sum(e.added), sum(e.added * f.file_size),
        sum(e.removed), sum(e.removed * f.file_size), sum(e.downloads)
    FROM file_storage f
    CROSS JOIN LATERAL (VALUES
        (coalesce(f.stored_at, CASE WHEN is_counted_file(f.status) THEN f.created_at END), 1, 0, 0),
        (CASE WHEN f.stored_at IS NOT NULL AND NOT is_counted_file(f.status) THEN coalesce(f.deleted_at, f.updated_at) END, 0, 1, 0),
        (f.last_accessed_at, 0, 0, f.download_count)) AS e (at, added, removed, downloads)
    CROSS JOIN LATERAL (VALUES
        ('provider', f.storage_provider_id, 'hour'), ('workspace', f.workspace_id, 'day')) AS s (scope, scope_id, grain)
    WHERE e.at IS NOT NULL AND s.scope_id IS NOT NULL
    GROUP BY s.scope, date_trunc(s.grain, e.at, 'UTC'), s.scope_id, f.content_type;

    INSERT INTO storage_stored_slots (storage_provider_id, slot, files)
    SELECT f.storage_provider_id, stored_slot(f.stored_at), count(*)
    FROM file_storage f
    WHERE is_counted_file(f.status) AND f.stored_at >= stored_slot(now() - interval '25 hours')
    GROUP BY f.storage_provider_id, stored_slot(f.stored_at);

    INSERT INTO file_last_accesses (file_storage_id, storage_provider_id, accessed_at)
    SELECT f.id, f.storage_provider_id, f.last_accessed_at
    FROM file_storage f
    WHERE is_counted_file(f.status) AND f.last_accessed_at IS NOT NULL;

    INSERT INTO storage_activity (grain, period, storage_provider_id, measure, operation, outcome, bucket, times, duration_ms, bytes)
    SELECT g.grain, date_trunc(g.grain, e.hour, 'UTC'), e.storage_provider_id, e.measure, e.operation, e.outcome, e.bucket,
        sum(e.times), sum(e.duration_ms), sum(e.bytes)
    FROM (
        SELECT date_trunc('hour', n.started_at, 'UTC') AS hour, coalesce(n.storage_provider_id, f.storage_provider_id) AS storage_provider_id,
            CASE n.reported_by WHEN 'client' THEN 'client' ELSE 'call' END AS measure,
            CASE n.reported_by WHEN 'client' THEN browser_family(n.client_report ->> 'browser') ELSE n.operation_type END AS operation,
            CASE WHEN n.success THEN 'ok' ELSE 'failed' END AS outcome, duration_bucket(n.duration_ms) AS bucket,
            count(*) AS times, coalesce(sum(n.duration_ms), 0) AS duration_ms,
            coalesce(sum(coalesce(n.request_size, 0) + coalesce(n.response_size, 0)), 0) AS bytes
        FROM spaces_operations n
        LEFT JOIN file_storage f ON f.id = n.file_storage_id
        WHERE coalesce(n.storage_provider_id, f.storage_provider_id) IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5, 6
        UNION ALL
        SELECT date_trunc('hour', t.ended, 'UTC'), f.storage_provider_id, 'upload', m.upload_method,
            CASE m.status WHEN 'completed' THEN 'ok' WHEN 'failed' THEN 'failed' ELSE 'cancelled' END,
            duration_bucket(t.ms), count(*), sum(t.ms), sum(CASE m.status WHEN 'completed' THEN m.total_file_size ELSE 0 END)
        FROM multipart_uploads m
        JOIN file_storage f ON f.id = m.file_storage_id
        CROSS JOIN LATERAL (SELECT coalesce(m.completed_at, m.updated_at)) n (ended)
        CROSS JOIN LATERAL (SELECT n.ended, greatest(extract(epoch FROM n.ended - m.created_at) * 1000, 0)::bigint) t (ended, ms)
        WHERE m.status IN ('completed', 'aborted', 'failed')
        GROUP BY 1, 2, 3, 4, 5, 6
    ) e
    CROSS JOIN (VALUES ('hour'), ('month')) AS g (grain)
    GROUP BY g.grain, date_trunc(g.grain, e.hour, 'UTC'), e.storage_provider_id, e.measure, e.operation, e.outcome, e.bucket;
END
$$;

-- Hours are kept as long as the operations log, months and days of workspaces three times as long.
CREATE FUNCTION drop_old_analytics(keep interval DEFAULT interval '13 months') RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_files integer;
    v_activity integer;
BEGIN
    DELETE FROM storage_file_periods k
    WHERE (k.scope = 'provider' AND k.period < now() - keep) OR (k.scope = 'workspace' AND k.period < now() - 3 * keep);
    GET DIAGNOSTICS v_files = ROW_COUNT;
    DELETE FROM storage_activity k
    WHERE (k.grain = 'hour' AND k.period < now() - keep) OR (k.grain = 'month' AND k.period < now() - 3 * keep);
    GET DIAGNOSTICS v_activity = ROW_COUNT;
    RETURN v_files + v_activity;
END
$$;

SELECT rebuild_analytics();

-- As before, from the sums and what is not yet folded into them: as exact, whatever the number of files and calls. Calls without a file
-- count too; a call is its provider's of the time.
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
    coalesce(h.files, 0) AS files_uploaded_24h,
    coalesce(f.total_downloads, 0) AS total_downloads,
    (SELECT max(a.accessed_at) FROM file_last_accesses a WHERE a.storage_provider_id = p.id) AS last_access,
    coalesce(f.total_size_bytes, 0)::double precision / 1073741824 * (SELECT s.storage_price_usd_per_gib FROM storage_settings s)
        AS estimated_monthly_storage_cost_usd,
    date_trunc('month', now(), 'UTC') AS period_start,
    o.avg_client_upload_time_ms,
    p.id AS storage_provider_id,
    coalesce(o.calls, 0) AS total_operations,
    coalesce(o.failed_calls, 0) AS failed_operations,
    duration_percentile(o.upload_buckets, o.upload_times, 0.5) AS p50_upload_time_ms,
    duration_percentile(o.upload_buckets, o.upload_times, 0.95) AS p95_upload_time_ms,
    duration_percentile(o.client_buckets, o.client_times, 0.5) AS p50_client_upload_time_ms,
    duration_percentile(o.client_buckets, o.client_times, 0.95) AS p95_client_upload_time_ms
FROM storage_providers p
LEFT JOIN (
    SELECT k.scope_id, sum(k.files)::bigint AS total_files, sum(k.bytes)::bigint AS total_size_bytes,
        coalesce(sum(k.files) FILTER (WHERE k.content_type = 'audio_file'), 0)::bigint AS audio_files,
        coalesce(sum(k.bytes) FILTER (WHERE k.content_type = 'audio_file'), 0)::bigint AS audio_size_bytes,
        coalesce(sum(k.files) FILTER (WHERE k.content_type = 'export_file'), 0)::bigint AS export_files,
        coalesce(sum(k.bytes) FILTER (WHERE k.content_type = 'export_file'), 0)::bigint AS export_size_bytes,
        sum(k.downloads)::bigint AS total_downloads
    FROM (
        SELECT t.scope_id, t.content_type, t.files, t.bytes, t.downloads FROM storage_file_totals t WHERE t.scope = 'provider'
        UNION ALL
        SELECT c.storage_provider_id, c.content_type, c.files, c.bytes, c.downloads FROM storage_file_changes c
    ) k
    GROUP BY k.scope_id
) f ON f.scope_id = p.id
LEFT JOIN (
    SELECT k.storage_provider_id, sum(k.files)::bigint AS files FROM (
        SELECT t.storage_provider_id, t.files FROM storage_stored_slots t
        WHERE t.slot >= stored_slot(now() - interval '24 hours' + interval '4 minutes 59.999999 seconds')
        UNION ALL
        SELECT c.storage_provider_id, c.files FROM storage_file_changes c
        WHERE c.slot >= stored_slot(now() - interval '24 hours' + interval '4 minutes 59.999999 seconds')
        UNION ALL
        SELECT e.storage_provider_id, count(*) FROM file_storage e
        WHERE is_counted_file(e.status) AND e.stored_at >= now() - interval '24 hours'
            AND e.stored_at < stored_slot(now() - interval '24 hours' + interval '4 minutes 59.999999 seconds')
        GROUP BY e.storage_provider_id
    ) k
    GROUP BY k.storage_provider_id
) h ON h.storage_provider_id = p.id
LEFT JOIN (
    SELECT k.storage_provider_id,
        sum(k.times) FILTER (WHERE k.measure = 'call')::bigint AS calls,
        sum(k.times) FILTER (WHERE k.measure = 'call' AND k.outcome <> 'ok')::bigint AS failed_calls,
        coalesce(sum(k.times) FILTER (WHERE k.measure = 'call' AND k.outcome = 'ok'), 0)::double precision
            / nullif(sum(k.times) FILTER (WHERE k.measure = 'call'), 0)::double precision * 100 AS success_rate,
        (sum(k.duration_ms) FILTER (WHERE k.measure = 'call' AND k.operation = 'upload')
            / nullif(sum(k.times) FILTER (WHERE k.measure = 'call' AND k.operation = 'upload' AND k.bucket >= 0), 0))::double precision
            AS avg_upload_time_ms,
        (sum(k.duration_ms) FILTER (WHERE k.measure = 'call' AND k.operation = 'download')
            / nullif(sum(k.times) FILTER (WHERE k.measure = 'call' AND k.operation = 'download' AND k.bucket >= 0), 0))::double precision
            AS avg_download_time_ms,
        (sum(k.duration_ms) FILTER (WHERE k.measure = 'client')
            / nullif(sum(k.times) FILTER (WHERE k.measure = 'client' AND k.bucket >= 0), 0))::double precision AS avg_client_upload_time_ms,
        array_agg(k.bucket) FILTER (WHERE k.measure = 'call' AND k.operation = 'upload') AS upload_buckets,
        array_agg(k.times) FILTER (WHERE k.measure = 'call' AND k.operation = 'upload') AS upload_times,
        array_agg(k.bucket) FILTER (WHERE k.measure = 'client') AS client_buckets,
        array_agg(k.times) FILTER (WHERE k.measure = 'client') AS client_times
    FROM (
        SELECT a.storage_provider_id, a.measure, a.operation, a.outcome, a.bucket, a.times, a.duration_ms FROM storage_activity a
        WHERE a.grain = 'month' AND a.period >= date_trunc('month', now(), 'UTC') AND a.measure IN ('call', 'client')
        UNION ALL
        SELECT c.storage_provider_id, c.measure, c.operation, c.outcome, c.bucket, c.times, c.duration_ms FROM storage_activity_changes c
        WHERE c.hour >= date_trunc('month', now(), 'UTC') AND c.measure IN ('call', 'client')
    ) k
    GROUP BY k.storage_provider_id
) o ON o.storage_provider_id = p.id
WHERE p.is_active
ORDER BY total_size_bytes DESC;

-- As before; the split by kind is live as well. `last_calculated` is that of the history by period.
CREATE OR REPLACE VIEW workspace_storage_usage AS
SELECT
    w.id AS workspace_id,
    w.name AS workspace_name,
    coalesce(c.used_files, 0) AS total_files,
    coalesce(c.used_bytes, 0) AS total_size_bytes,
    coalesce(c.used_bytes, 0)::double precision / 1048576 AS total_size_mb,
    coalesce(k.audio_files, 0) AS audio_files_count,
    coalesce(k.export_files, 0) AS export_files_count,
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
    END AS usage_status,
    coalesce(k.audio_bytes, 0) AS audio_size_bytes,
    coalesce(k.export_bytes, 0) AS export_size_bytes,
    coalesce(c.reserved_bytes, 0) AS reserved_bytes,
    coalesce(c.reserved_files, 0) AS reserved_files,
    coalesce(k.downloads, 0) AS total_downloads
FROM workspaces w
LEFT JOIN storage_counters c ON c.scope = 'workspace' AND c.scope_id = w.id
CROSS JOIN LATERAL quota_limits('workspace', w.id) l
CROSS JOIN LATERAL (
    SELECT coalesce(c.used_bytes, 0)::double precision / nullif(l.max_bytes, 0) * 100,
        coalesce(c.used_files, 0)::double precision / nullif(l.max_files, 0) * 100
) n (storage_usage_percent, file_count_usage_percent)
LEFT JOIN (
    SELECT t.scope_id,
        coalesce(sum(t.files) FILTER (WHERE t.content_type = 'audio_file'), 0)::bigint AS audio_files,
        coalesce(sum(t.bytes) FILTER (WHERE t.content_type = 'audio_file'), 0)::bigint AS audio_bytes,
        coalesce(sum(t.files) FILTER (WHERE t.content_type = 'export_file'), 0)::bigint AS export_files,
        coalesce(sum(t.bytes) FILTER (WHERE t.content_type = 'export_file'), 0)::bigint AS export_bytes,
        sum(t.downloads)::bigint AS downloads
    FROM (
        SELECT a.scope_id, a.content_type, a.files, a.bytes, a.downloads FROM storage_file_totals a WHERE a.scope = 'workspace'
        UNION ALL
        SELECT b.workspace_id, b.content_type, b.files, b.bytes, b.downloads FROM storage_file_changes b WHERE b.workspace_id IS NOT NULL
    ) t
    GROUP BY t.scope_id
) k ON k.scope_id = w.id
LEFT JOIN (
    SELECT workspace_id, max(calculated_at) AS last_calculated
    FROM storage_usage
    WHERE is_current_period AND workspace_id IS NOT NULL
    GROUP BY workspace_id
) u ON u.workspace_id = w.id
WHERE w.is_active
ORDER BY n.storage_usage_percent DESC NULLS LAST;
