-- What other systems hear of: events, written by triggers in the transaction that changes the row, so that no code path
-- and no plain SQL can forget one. And files that are made of other files.

-- Delivered at least once, in order for each `ordering_key`, by workers that claim the oldest event of a key.
CREATE TABLE outbox_events (
    -- Goes out as `webhook-id`, the same at every attempt.
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- Of two events of one key the later has the higher number: whoever writes one holds the lock of the row it is about.
    sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    event_type text NOT NULL CHECK (event_type ~ '^[a-z]+[.][a-z]+$'),
    event_version integer NOT NULL DEFAULT 1 CHECK (event_version > 0),
    -- `file:<id>`, `user:<id>` or `workspace:<id>`.
    ordering_key text NOT NULL,
    data jsonb NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'delivered', 'dead')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- While it is being delivered: when another worker may take it over.
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    lease_token uuid,
    -- Of the last attempt that failed; ours or the network's, never a word of the answer.
    last_error text,
    settled_at timestamptz,
    CHECK ((status = 'pending') = (settled_at IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX outbox_events_due ON outbox_events (next_attempt_at, sequence) WHERE status = 'pending';
CREATE INDEX outbox_events_order ON outbox_events (ordering_key, sequence) WHERE status = 'pending';
CREATE INDEX outbox_events_settled ON outbox_events (status, settled_at) WHERE status <> 'pending';

-- What was given up, for people; replay_dead_letters sends them again.
CREATE VIEW outbox_dead_letters AS
SELECT id, sequence, event_type, event_version, ordering_key, data, occurred_at, attempts, last_error, settled_at AS gave_up_at
FROM outbox_events
WHERE status = 'dead';

-- Of those given, or of all; a later event of the same key that was delivered meanwhile stays delivered.
CREATE FUNCTION replay_dead_letters(event_ids uuid[] DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_count integer;
BEGIN
    UPDATE outbox_events e
    SET status = 'pending', attempts = 0, next_attempt_at = now(), lease_token = NULL, settled_at = NULL
    WHERE e.status = 'dead' AND (event_ids IS NULL OR e.id = ANY (event_ids));
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;

-- A derived file is made of another: processed audio, or a piece of it. It belongs to whom the other belongs.
ALTER TABLE file_storage ADD COLUMN derived_from uuid REFERENCES file_storage (id) ON DELETE SET NULL;
CREATE INDEX file_storage_derived_from ON file_storage (derived_from) WHERE derived_from IS NOT NULL;

ALTER TABLE multipart_uploads DROP CONSTRAINT multipart_uploads_origin_check;
ALTER TABLE multipart_uploads ADD CONSTRAINT multipart_uploads_origin_check
    CHECK (origin IN ('v1', 's3', 'sql', 'derived'));

-- What an event says of a file: enough to fetch it, no URL and no secret.
CREATE FUNCTION file_event_data(f file_storage)
RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('file', jsonb_build_object(
        'id', f.id, 'name', f.original_filename, 'size', f.file_size, 'type', f.mime_type,
        'contentType', f.content_type, 'contentCategory', f.content_category, 'derivedFrom', f.derived_from,
        'state', f.status, 'key', f.storage_path, 'bucket', p.bucket_name, 'endpoint', p.endpoint_url, 'region', p.region,
        'etag', f.etag, 'checksumMd5', f.checksum_md5, 'checksumSha256', f.checksum_sha256,
        -- Whoever it was, where that user or workspace is gone.
        'ownerId', coalesce(f.user_id, f.former_user_id),
        'workspaceId', coalesce(f.workspace_id, f.former_workspace_id)))
    FROM storage_providers p WHERE p.id = f.storage_provider_id
$$;

-- Why an upload came to nothing, by its session: its own error, or who ended it.
CREATE FUNCTION upload_failure(p_file uuid)
RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT jsonb_build_object('sessionId', m.id, 'reason', CASE
                WHEN m.status = 'failed' THEN m.error_code
                WHEN m.status NOT IN ('aborting', 'aborted') THEN 'owner_deleted'
                WHEN m.expires_at <= now() THEN 'expired'
                ELSE 'cancelled' END)
        FROM multipart_uploads m WHERE m.file_storage_id = p_file
        ORDER BY m.created_at DESC LIMIT 1), '{"sessionId": null, "reason": "upload_failed"}')
$$;

CREATE FUNCTION write_file_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_events (event_type, ordering_key, data)
    VALUES (
        CASE NEW.status WHEN 'failed' THEN 'upload.failed' WHEN 'deleted' THEN 'file.deleted' ELSE 'file.stored' END,
        'file:' || NEW.id::text,
        file_event_data(NEW) || CASE NEW.status WHEN 'failed' THEN upload_failure(NEW.id) ELSE '{}' END);
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_event_changed AFTER UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (
        NEW.status IN ('failed', 'deleted') OR (is_counted_file(NEW.status) AND NOT is_counted_file(OLD.status))))
    EXECUTE FUNCTION write_file_event();
CREATE TRIGGER file_storage_event_new AFTER INSERT ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status))
    EXECUTE FUNCTION write_file_event();

-- What is made of a file goes with it. Before its counters are changed (triggers run by name): files are locked first.
CREATE FUNCTION delete_derived_files() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM file_storage f
    WHERE f.derived_from IN (
        SELECT n.id FROM new_rows n JOIN old_rows o USING (id) WHERE n.status = 'deleting' AND o.status <> 'deleting')
    ORDER BY f.id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE file_storage f
    SET status = CASE WHEN is_counted_file(f.status) THEN 'deleting' ELSE f.status END,
        cdn_url = NULL,
        -- One that is still on its way is taken away once it is there.
        expires_at = CASE WHEN f.status = 'uploading' THEN now() ELSE f.expires_at END
    FROM new_rows n JOIN old_rows o USING (id)
    WHERE f.derived_from = n.id AND n.status = 'deleting' AND o.status <> 'deleting'
        AND (f.status = 'uploading' OR is_counted_file(f.status));
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_cascade_derived
    AFTER UPDATE ON file_storage REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION delete_derived_files();

-- Room for a derived file, as a session that a service may finish. Quota, limits and types are those of its owner's own
-- uploads; the answer is that of reserve_uploads, and besides its outcomes file_not_found and file_not_ready.
CREATE FUNCTION reserve_derived_upload(p_parent uuid, p_idempotency_key text, p_file jsonb)
RETURNS TABLE (outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_user uuid;
    v_parent file_storage%ROWTYPE;
    r record;
BEGIN
    -- The owner before the file, as everywhere.
    SELECT f.user_id INTO v_user FROM file_storage f WHERE f.id = p_parent;
    PERFORM 1 FROM users u WHERE u.id = v_user FOR KEY SHARE;
    -- Shared: it cannot begin to go before what is made of it is known.
    SELECT * INTO v_parent FROM file_storage f WHERE f.id = p_parent FOR SHARE;
    details := '{}';
    IF NOT FOUND OR v_parent.status IN ('uploading', 'failed', 'deleting', 'deleted') THEN
        outcome := 'file_not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    IF v_parent.status NOT IN ('stored', 'processing', 'processed') THEN
        outcome := 'file_not_ready';
        details := jsonb_build_object('state', v_parent.status);
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO r FROM reserve_uploads(v_parent.user_id, 'sql',
        -- No header can have this arrow, so no user's key is one of these.
        '→' || p_parent::text || ':' || p_idempotency_key,
        jsonb_build_array(p_file || jsonb_build_object('workspaceId', v_parent.workspace_id)));
    outcome := r.outcome;
    session_id := r.session_id;
    file_id := r.file_id;
    details := coalesce(r.details, '{}');
    IF outcome = 'created' THEN
        UPDATE multipart_uploads m SET origin = 'derived' WHERE m.id = r.session_id;
        UPDATE file_storage f
        SET derived_from = p_parent,
            access_level = CASE WHEN v_parent.access_level = 'public' THEN 'private' ELSE v_parent.access_level END
        WHERE f.id = r.file_id;
    END IF;
    RETURN NEXT;
END
$$;

-- How full a scope is, in steps: 0, 80, 90 or 100 per cent of whichever limit it is nearer to.
CREATE FUNCTION quota_level(p_scope text, p_scope_id uuid, p_used_bytes bigint, p_used_files integer)
RETURNS smallint
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN n.share >= 1 THEN 100 WHEN n.share >= 0.9 THEN 90 WHEN n.share >= 0.8 THEN 80 ELSE 0 END::smallint
    FROM quota_limits(p_scope, p_scope_id) l
    CROSS JOIN LATERAL (
        -- With a limit of nothing, anything is too much, and nothing is not.
        SELECT greatest(
            CASE WHEN p_used_bytes > 0 THEN coalesce(p_used_bytes::numeric / nullif(l.max_bytes, 0), l.max_bytes + 1) END,
            CASE WHEN p_used_files > 0 THEN coalesce(p_used_files::numeric / nullif(l.max_files, 0), l.max_files + 1) END
        ) AS share
    ) n
$$;

-- The step that was last told of: a warning is a step up, and each is told once, however often the counter changes.
ALTER TABLE storage_counters ADD COLUMN quota_level smallint NOT NULL DEFAULT 0;
UPDATE storage_counters c SET quota_level = quota_level(c.scope, c.scope_id, c.used_bytes, c.used_files);

CREATE FUNCTION set_quota_level() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.quota_level := quota_level(NEW.scope, NEW.scope_id, NEW.used_bytes, NEW.used_files);
    RETURN NEW;
END
$$;
CREATE TRIGGER storage_counters_level_changed BEFORE UPDATE OF used_bytes, used_files ON storage_counters FOR EACH ROW
    WHEN (OLD.used_bytes <> NEW.used_bytes OR OLD.used_files <> NEW.used_files)
    EXECUTE FUNCTION set_quota_level();
CREATE TRIGGER storage_counters_level_new BEFORE INSERT ON storage_counters FOR EACH ROW
    WHEN (NEW.used_bytes > 0 OR NEW.used_files > 0)
    EXECUTE FUNCTION set_quota_level();

CREATE FUNCTION write_quota_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_events (event_type, ordering_key, data)
    SELECT 'quota.warning', NEW.scope || ':' || NEW.scope_id::text, jsonb_build_object(
        'scope', NEW.scope, 'scopeId', NEW.scope_id, 'threshold', NEW.quota_level,
        'usedBytes', NEW.used_bytes, 'reservedBytes', NEW.reserved_bytes, 'limitBytes', l.max_bytes,
        'usedFiles', NEW.used_files, 'reservedFiles', NEW.reserved_files, 'limitFiles', l.max_files)
    FROM quota_limits(NEW.scope, NEW.scope_id) l;
    RETURN NULL;
END
$$;
CREATE TRIGGER storage_counters_warn_changed AFTER UPDATE ON storage_counters FOR EACH ROW
    WHEN (NEW.quota_level > OLD.quota_level)
    EXECUTE FUNCTION write_quota_event();
CREATE TRIGGER storage_counters_warn_new AFTER INSERT ON storage_counters FOR EACH ROW
    WHEN (NEW.quota_level > 0)
    EXECUTE FUNCTION write_quota_event();

-- A limit that moves crosses steps too. Counters in their one order; NULL, NULL: of everybody.
CREATE FUNCTION follow_quota_levels(p_users uuid[], p_workspaces uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_is_all boolean := p_users IS NULL AND p_workspaces IS NULL;
BEGIN
    PERFORM 1 FROM storage_counters c
    WHERE (v_is_all OR (c.scope = 'user' AND c.scope_id = ANY (p_users))
            OR (c.scope = 'workspace' AND c.scope_id = ANY (p_workspaces)))
        AND c.quota_level <> quota_level(c.scope, c.scope_id, c.used_bytes, c.used_files)
    ORDER BY c.scope, c.scope_id
    FOR UPDATE;
    UPDATE storage_counters c SET quota_level = quota_level(c.scope, c.scope_id, c.used_bytes, c.used_files)
    WHERE (v_is_all OR (c.scope = 'user' AND c.scope_id = ANY (p_users))
            OR (c.scope = 'workspace' AND c.scope_id = ANY (p_workspaces)))
        AND c.quota_level <> quota_level(c.scope, c.scope_id, c.used_bytes, c.used_files);
END
$$;
CREATE FUNCTION follow_changed_quotas() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_quota_levels(
        coalesce(array_agg(q.user_id) FILTER (WHERE q.user_id IS NOT NULL), '{}'),
        coalesce(array_agg(q.workspace_id) FILTER (WHERE q.workspace_id IS NOT NULL), '{}'))
    FROM changed_rows q;
    RETURN NULL;
END
$$;
CREATE TRIGGER storage_quotas_level_new AFTER INSERT ON storage_quotas REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION follow_changed_quotas();
CREATE TRIGGER storage_quotas_level_changed AFTER UPDATE ON storage_quotas REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION follow_changed_quotas();
CREATE TRIGGER storage_quotas_level_gone AFTER DELETE ON storage_quotas REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION follow_changed_quotas();

CREATE FUNCTION follow_changed_defaults() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_quota_levels(NULL, NULL);
    RETURN NULL;
END
$$;
-- Every start of a server writes them, mostly as they were.
CREATE TRIGGER storage_settings_level AFTER UPDATE ON storage_settings FOR EACH ROW
    WHEN (ROW(OLD.default_user_max_bytes, OLD.default_user_max_files, OLD.default_workspace_max_bytes,
              OLD.default_workspace_max_files)
        IS DISTINCT FROM ROW(NEW.default_user_max_bytes, NEW.default_user_max_files, NEW.default_workspace_max_bytes,
              NEW.default_workspace_max_files))
    EXECUTE FUNCTION follow_changed_defaults();

-- The operations log: what each call was for, how often it was sent, and what a browser said of an upload of its own.
ALTER TABLE spaces_operations ADD COLUMN cause text;
ALTER TABLE spaces_operations ADD COLUMN attempts integer CHECK (attempts >= 0);
ALTER TABLE spaces_operations ADD COLUMN reported_by text NOT NULL DEFAULT 'server' CHECK (reported_by IN ('server', 'client'));
ALTER TABLE spaces_operations ADD COLUMN client_report jsonb CHECK (has_no_credentials(client_report));
ALTER TABLE spaces_operations ADD CONSTRAINT spaces_operations_client_report
    CHECK (client_report IS NULL OR reported_by = 'client');

COMMENT ON COLUMN file_storage.download_count IS 'Download URLs issued; what became of them only the store knows.';
COMMENT ON COLUMN file_storage.last_accessed_at IS 'When a download URL was last issued; written in batches.';
COMMENT ON COLUMN spaces_operations.cause IS 'Who waited for the call: request or sweep.';
COMMENT ON COLUMN spaces_operations.client_report IS 'What the browser said of itself: bounded, and never proved.';

-- As before, of our own calls alone; what browsers report of whole uploads is a column of its own.
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
    date_trunc('month', now(), 'UTC') AS period_start,
    o.avg_client_upload_time_ms
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
        (avg(so.duration_ms) FILTER (WHERE so.operation_type = 'upload' AND so.reported_by = 'server'))::double precision
            AS avg_upload_time_ms,
        (avg(so.duration_ms) FILTER (WHERE so.reported_by = 'client'))::double precision AS avg_client_upload_time_ms,
        (avg(so.duration_ms) FILTER (WHERE so.operation_type = 'download'))::double precision AS avg_download_time_ms,
        (count(*) FILTER (WHERE so.success AND so.reported_by = 'server'))::double precision
            / nullif(count(*) FILTER (WHERE so.reported_by = 'server'), 0) * 100 AS success_rate
    FROM spaces_operations so
    JOIN file_storage l ON l.id = so.file_storage_id
    WHERE so.started_at >= date_trunc('month', now(), 'UTC')
    GROUP BY l.storage_provider_id
) o ON o.storage_provider_id = p.id
WHERE p.is_active
ORDER BY total_size_bytes DESC;
