-- What other AudioTricks services call from SQL, by the specification's names. What a caller can cause is raised with an
-- SQLSTATE of class AT; the table is in migrations/README.md.

-- Makes a file row and its upload session; `use_multipart` NULL decides by size. The upload goes on over HTTP: its
-- owner's first call to `upload_url` creates it at the store. It lives for 24 hours.
CREATE OR REPLACE FUNCTION initiate_file_storage(
    original_filename_param text,
    file_size_param bigint,
    mime_type_param text,
    content_type_param text,
    user_uuid uuid,
    workspace_uuid uuid DEFAULT NULL,
    use_multipart boolean DEFAULT NULL
)
RETURNS TABLE (
    file_storage_id uuid,
    storage_path text,
    upload_url text,
    upload_method text,
    multipart_session_id text
)
LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    IF content_type_param IS NULL
        OR content_type_param NOT IN ('audio_file', 'export_file', 'avatar', 'document', 'backup') THEN
        RAISE EXCEPTION 'There is no content type %', coalesce(content_type_param, 'NULL') USING ERRCODE = 'AT004';
    END IF;
    SELECT * INTO r FROM reserve_uploads(user_uuid, 'sql', NULL, jsonb_build_array(jsonb_build_object(
        'name', original_filename_param, 'size', file_size_param, 'mimeType', mime_type_param,
        'contentType', content_type_param, 'workspaceId', workspace_uuid,
        'method', CASE use_multipart WHEN true THEN 'multipart' WHEN false THEN 'put' END)));
    CASE r.outcome
        WHEN 'created' THEN NULL;
        WHEN 'quota_exceeded' THEN
            RAISE EXCEPTION 'Not enough storage left for the %', r.details ->> 'scope'
                USING ERRCODE = 'AT001', DETAIL = r.details::text;
        WHEN 'file_empty' THEN
            RAISE EXCEPTION 'The file must have at least one byte, not %', coalesce(file_size_param::text, 'NULL')
                USING ERRCODE = 'AT002';
        WHEN 'file_too_large' THEN
            RAISE EXCEPTION '% bytes are more than the provider takes', file_size_param
                USING ERRCODE = 'AT003', DETAIL = r.details::text;
        WHEN 'type_not_allowed' THEN
            RAISE EXCEPTION 'Files of this type are not accepted as %', content_type_param
                USING ERRCODE = 'AT004', DETAIL = r.details::text;
        WHEN 'no_provider' THEN
            RAISE EXCEPTION 'No active primary storage provider configured' USING ERRCODE = 'AT005';
        WHEN 'workspace_not_found' THEN
            RAISE EXCEPTION 'There is no active workspace %', workspace_uuid USING ERRCODE = 'AT006';
        WHEN 'too_many_sessions' THEN
            RAISE EXCEPTION 'The user has too many open uploads' USING ERRCODE = 'AT007', DETAIL = r.details::text;
        WHEN 'forbidden' THEN
            RAISE EXCEPTION 'There is no user %', coalesce(user_uuid::text, 'NULL') USING ERRCODE = 'AT008';
    END CASE;
    RETURN QUERY
    SELECT f.id, f.storage_path, '/v1/uploads/' || r.session_id::text, f.upload_method, r.session_id::text
    FROM file_storage f WHERE f.id = r.file_id;
END
$$;

-- Writes the usage of this month (UTC) into storage_usage, a row per user and workspace. `force_recalculate` also sets
-- the live counters of these scopes to what the rows say.
CREATE OR REPLACE FUNCTION update_storage_usage(
    user_uuid uuid DEFAULT NULL,
    workspace_uuid uuid DEFAULT NULL,
    force_recalculate boolean DEFAULT false
)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_start date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    v_end date := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month - 1 day')::date;
BEGIN
    IF force_recalculate THEN
        PERFORM repair_counter(s.scope, s.scope_id) FROM (
            SELECT scope, scope_id FROM storage_counters UNION SELECT scope, scope_id FROM counted_storage()) s
        WHERE (user_uuid IS NULL AND workspace_uuid IS NULL)
            OR (s.scope = 'user' AND s.scope_id = user_uuid) OR (s.scope = 'workspace' AND s.scope_id = workspace_uuid)
        ORDER BY s.scope, s.scope_id;
    END IF;

    WITH stats AS (
        SELECT f.user_id, f.workspace_id, count(*) AS files, sum(f.file_size) AS bytes,
            count(*) FILTER (WHERE f.content_type = 'audio_file') AS audio_files,
            coalesce(sum(f.file_size) FILTER (WHERE f.content_type = 'audio_file'), 0) AS audio_bytes,
            count(*) FILTER (WHERE f.content_type = 'export_file') AS export_files,
            coalesce(sum(f.file_size) FILTER (WHERE f.content_type = 'export_file'), 0) AS export_bytes,
            count(*) FILTER (WHERE p.provider_name = 'digitalocean_spaces') AS spaces_files,
            coalesce(sum(f.file_size) FILTER (WHERE p.provider_name = 'digitalocean_spaces'), 0) AS spaces_bytes
        FROM file_storage f
        JOIN storage_providers p ON p.id = f.storage_provider_id
        WHERE is_counted_file(f.status)
            AND (user_uuid IS NULL OR f.user_id = user_uuid)
            AND (workspace_uuid IS NULL OR f.workspace_id = workspace_uuid)
        GROUP BY f.user_id, f.workspace_id
    ), scopes AS (
        SELECT s.user_id, s.workspace_id FROM stats s
        UNION
        -- Scopes that had files and have none any more go to zero.
        SELECT u.user_id, u.workspace_id FROM storage_usage u
        WHERE u.period_start = v_start
            AND (user_uuid IS NULL OR u.user_id = user_uuid)
            AND (workspace_uuid IS NULL OR u.workspace_id = workspace_uuid)
    )
    INSERT INTO storage_usage AS u (
        user_id, workspace_id, total_files, total_size_bytes, audio_files_count, audio_files_size,
        export_files_count, export_files_size, spaces_files_count, spaces_size_bytes,
        storage_quota_bytes, file_count_quota, period_start, period_end, is_current_period)
    SELECT scopes.user_id, scopes.workspace_id,
        coalesce(s.files, 0), coalesce(s.bytes, 0), coalesce(s.audio_files, 0), coalesce(s.audio_bytes, 0),
        coalesce(s.export_files, 0), coalesce(s.export_bytes, 0), coalesce(s.spaces_files, 0), coalesce(s.spaces_bytes, 0),
        l.max_bytes, l.max_files, v_start, v_end, true
    FROM scopes
    LEFT JOIN stats s
        ON s.user_id IS NOT DISTINCT FROM scopes.user_id AND s.workspace_id IS NOT DISTINCT FROM scopes.workspace_id
    CROSS JOIN LATERAL quota_limits(
        CASE WHEN scopes.workspace_id IS NULL THEN 'user' ELSE 'workspace' END,
        coalesce(scopes.workspace_id, scopes.user_id)) l
    ORDER BY scopes.user_id, scopes.workspace_id
    ON CONFLICT (user_id, workspace_id, period_start, period_end) DO UPDATE SET
        total_files = excluded.total_files, total_size_bytes = excluded.total_size_bytes,
        audio_files_count = excluded.audio_files_count, audio_files_size = excluded.audio_files_size,
        export_files_count = excluded.export_files_count, export_files_size = excluded.export_files_size,
        spaces_files_count = excluded.spaces_files_count, spaces_size_bytes = excluded.spaces_size_bytes,
        storage_quota_bytes = excluded.storage_quota_bytes, file_count_quota = excluded.file_count_quota,
        is_current_period = true, calculated_at = now();

    UPDATE storage_usage u SET is_current_period = false
    WHERE u.is_current_period AND u.period_start <> v_start
        AND (user_uuid IS NULL OR u.user_id = user_uuid)
        AND (workspace_uuid IS NULL OR u.workspace_id = workspace_uuid);
END
$$;

-- Claims what has expired: files become `deleting`, sessions `aborting`, which frees their bytes at once. The store is
-- the worker's, and only it says `deleted` and `aborted`. Up to `max_claims` of each; any number of callers at once.
CREATE OR REPLACE FUNCTION cleanup_expired_files(max_claims integer DEFAULT 1000)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_sessions uuid[];
    v_files uuid[];
BEGIN
    -- One that is being created or completed right now is left to whoever is at it, and one whose Complete may have
    -- reached the store until that is known.
    SELECT array_agg(s.id) INTO v_sessions FROM (
        SELECT m.id FROM multipart_uploads m
        WHERE m.expires_at <= now()
            AND (m.status = 'active' OR (
                m.status IN ('creating', 'completing') AND m.complete_sent_at IS NULL
                AND (m.lease_expires_at IS NULL OR m.lease_expires_at <= now())))
        ORDER BY m.expires_at
        LIMIT max_claims
        FOR UPDATE SKIP LOCKED) s;
    SELECT array_agg(s.id) INTO v_files FROM (
        SELECT f.id FROM file_storage f
        WHERE f.expires_at <= now() AND is_counted_file(f.status)
        ORDER BY f.expires_at
        LIMIT max_claims
        FOR UPDATE SKIP LOCKED) s;
    PERFORM lock_counters(array_agg(r.user_id), array_agg(r.workspace_id)) FROM (
        SELECT m.user_id, m.workspace_id FROM multipart_uploads m WHERE m.id = ANY (v_sessions)
        UNION
        SELECT f.user_id, f.workspace_id FROM file_storage f WHERE f.id = ANY (v_files)) r;

    PERFORM abort_sessions(v_sessions);
    UPDATE file_storage f SET status = 'deleting', cdn_url = NULL WHERE f.id = ANY (v_files);
    RETURN coalesce(cardinality(v_sessions), 0) + coalesce(cardinality(v_files), 0);
END
$$;

-- Says that a processed file is this history entry's audio. Only a file whose bytes are there can be.
CREATE OR REPLACE FUNCTION link_audio_history_to_storage(audio_history_uuid uuid, file_storage_uuid uuid)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_file file_storage%ROWTYPE;
BEGIN
    SELECT * INTO v_file FROM file_storage f WHERE f.id = file_storage_uuid FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'File storage record not found: %', file_storage_uuid USING ERRCODE = 'AT011';
    END IF;
    IF v_file.status NOT IN ('stored', 'processing', 'processed') THEN
        RAISE EXCEPTION 'File % is %, so it cannot be linked', file_storage_uuid, v_file.status USING ERRCODE = 'AT012';
    END IF;
    UPDATE audio_history h
    SET file_storage_id = v_file.id, audio_url = v_file.storage_url, cdn_url = v_file.cdn_url,
        file_size_bytes = v_file.file_size
    WHERE h.id = audio_history_uuid;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Audio history entry not found: %', audio_history_uuid USING ERRCODE = 'AT013';
    END IF;
    UPDATE file_storage f SET status = 'processed' WHERE f.id = file_storage_uuid AND f.status <> 'processed';
END
$$;

-- An audio_uploads row brings its file row and session with it; one that names a file already is left alone.
CREATE OR REPLACE FUNCTION trigger_create_file_storage_for_upload()
RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    SELECT * INTO r FROM initiate_file_storage(
        NEW.original_filename, NEW.file_size, NEW.mime_type, 'audio_file', NEW.user_id, NEW.workspace_id);
    NEW.file_storage_id := r.file_storage_id;
    NEW.multipart_session_id := r.multipart_session_id;
    NEW.storage_path := r.storage_path;
    NEW.storage_url := '/v1/files/' || r.file_storage_id::text || '/content';
    RETURN NEW;
END
$$;
CREATE OR REPLACE TRIGGER audio_upload_create_storage BEFORE INSERT ON audio_uploads
    FOR EACH ROW WHEN (NEW.file_storage_id IS NULL)
    EXECUTE FUNCTION trigger_create_file_storage_for_upload();
