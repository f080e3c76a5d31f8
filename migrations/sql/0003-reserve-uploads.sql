-- How a file row is born, and how the counters stay true.

-- The deployment's defaults; the server writes them at start. NULL is no limit.
CREATE TABLE storage_settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    default_user_max_bytes bigint CHECK (default_user_max_bytes >= 0),
    default_user_max_files integer CHECK (default_user_max_files >= 0),
    default_workspace_max_bytes bigint CHECK (default_workspace_max_bytes >= 0),
    default_workspace_max_files integer CHECK (default_workspace_max_files >= 0),
    max_open_sessions integer NOT NULL DEFAULT 1000 CHECK (max_open_sessions > 0),
    single_put_max_size bigint NOT NULL DEFAULT 10485760 CHECK (single_put_max_size > 0)
);

INSERT INTO storage_settings DEFAULT VALUES;

-- The limits of one scope. A row in storage_quotas is the whole truth for its scope (NULL there: no limit).
CREATE FUNCTION quota_limits(p_scope text, p_scope_id uuid)
RETURNS TABLE (max_bytes bigint, max_files integer)
LANGUAGE sql STABLE AS $$
    SELECT
        CASE WHEN q.id IS NOT NULL THEN q.max_storage_bytes
             WHEN p_scope = 'user' THEN s.default_user_max_bytes ELSE s.default_workspace_max_bytes END,
        CASE WHEN q.id IS NOT NULL THEN q.max_file_count
             WHEN p_scope = 'user' THEN s.default_user_max_files ELSE s.default_workspace_max_files END
    FROM storage_settings s
    LEFT JOIN storage_quotas q
        ON (p_scope = 'user' AND q.user_id = p_scope_id) OR (p_scope = 'workspace' AND q.workspace_id = p_scope_id)
$$;

-- Check and reservation are one conditional UPDATE: of two callers at the edge, exactly one fits.
CREATE FUNCTION reserve_quota(p_scope text, p_scope_id uuid, p_bytes bigint)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE storage_counters c
    SET reserved_bytes = c.reserved_bytes + p_bytes, reserved_files = c.reserved_files + 1, updated_at = now()
    FROM quota_limits(p_scope, p_scope_id) l
    WHERE c.scope = p_scope AND c.scope_id = p_scope_id
        AND (l.max_bytes IS NULL OR c.used_bytes + c.reserved_bytes + p_bytes <= l.max_bytes)
        AND (l.max_files IS NULL OR c.used_files + c.reserved_files + 1 <= l.max_files);
    RETURN FOUND;
END
$$;

-- The same rule as planPartSize in packages/protocol: whole MiB where 10,000 parts force more than is preferred.
CREATE FUNCTION plan_part_size(file_size bigint, preferred bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT least(
        greatest(preferred, 5242880, ((file_size + 9999) / 10000 + 1048575) / 1048576 * 1048576),
        5000000000)
$$;

-- Where an object lives. Only the id and an extension that passed the allow-list reach the key, never the user's name.
CREATE FUNCTION object_key(p_content_type text, p_category text, p_id uuid, p_extension text)
RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE p_content_type
        WHEN 'audio_file' THEN
            CASE p_category WHEN 'processed' THEN 'audio/processed/' WHEN 'chunk' THEN 'audio/chunks/' ELSE 'audio/uploads/' END
            || to_char(now() AT TIME ZONE 'UTC', 'YYYY/MM') || '/'
        WHEN 'export_file' THEN
            CASE p_category WHEN 'bulk' THEN 'exports/bulk/' ELSE 'exports/transcripts/' END
            || to_char(now() AT TIME ZONE 'UTC', 'YYYY/MM') || '/'
        WHEN 'avatar' THEN 'static/avatars/'
        WHEN 'document' THEN 'documents/' || to_char(now() AT TIME ZONE 'UTC', 'YYYY/MM') || '/'
        WHEN 'backup' THEN
            CASE p_category WHEN 'database' THEN 'backups/database/' ELSE 'backups/user-data/' END
    END || p_id::text || '.' || p_extension
$$;

-- The one way a file row is born. Nothing is raised for what a caller can cause: the outcome says it, nothing changed.
CREATE FUNCTION reserve_upload(p_user uuid, p_origin text, p_idempotency_key text, p_file jsonb)
RETURNS TABLE (outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    provider storage_providers%ROWTYPE;
    settings storage_settings%ROWTYPE;
    earlier record;
    counter storage_counters%ROWTYPE;
    v_size bigint := (p_file ->> 'size')::bigint;
    v_size_known boolean := coalesce((p_file ->> 'sizeKnown')::boolean, true);
    v_name text := p_file ->> 'name';
    v_content_type text := coalesce(p_file ->> 'contentType', 'audio_file');
    v_workspace uuid := (p_file ->> 'workspaceId')::uuid;
    v_extension text := lower(substring(v_name FROM '\.([A-Za-z0-9]{1,10})$'));
    v_allowed text[];
    v_role text;
    v_method text;
    v_part_size bigint;
    v_file uuid := gen_random_uuid();
    v_session uuid := gen_random_uuid();
    v_failed_scope text;
    v_failed_id uuid;
BEGIN
    -- The user's counter row is locked first, always: it serialises one user's starts, so that a repeated request
    -- sees the session of the first, and the cap on open sessions is exact.
    INSERT INTO storage_counters (scope, scope_id) VALUES ('user', p_user) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM storage_counters c WHERE c.scope = 'user' AND c.scope_id = p_user FOR UPDATE;

    IF p_idempotency_key IS NOT NULL THEN
        SELECT m.id, m.file_storage_id, m.request_hash INTO earlier
        FROM multipart_uploads m
        WHERE m.former_user_id = p_user AND m.idempotency_key = p_idempotency_key
            AND m.client_id = p_file ->> 'clientId';
        IF FOUND THEN
            IF earlier.request_hash IS DISTINCT FROM p_file ->> 'requestHash' THEN
                RETURN QUERY SELECT 'idempotency_conflict', NULL::uuid, NULL::uuid, '{}'::jsonb;
            ELSE
                RETURN QUERY SELECT 'repeated', earlier.id, earlier.file_storage_id, '{}'::jsonb;
            END IF;
            RETURN;
        END IF;
    END IF;

    SELECT * INTO STRICT settings FROM storage_settings;
    SELECT * INTO provider FROM storage_providers WHERE is_primary AND is_active;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'no_provider', NULL::uuid, NULL::uuid, '{}'::jsonb;
        RETURN;
    END IF;
    IF v_size IS NULL OR v_size <= 0 THEN
        RETURN QUERY SELECT 'file_empty', NULL::uuid, NULL::uuid, '{}'::jsonb;
        RETURN;
    END IF;
    IF v_size > provider.max_file_size THEN
        RETURN QUERY SELECT 'file_too_large', NULL::uuid, NULL::uuid,
            jsonb_build_object('size', v_size, 'maxFileSize', provider.max_file_size);
        RETURN;
    END IF;
    v_allowed := CASE v_content_type
        WHEN 'audio_file' THEN provider.allowed_file_types
        WHEN 'export_file' THEN ARRAY['pdf', 'txt', 'srt', 'vtt', 'docx', 'json', 'csv', 'zip', 'gz']
        WHEN 'avatar' THEN ARRAY['png', 'jpg', 'jpeg', 'webp', 'gif']
        WHEN 'document' THEN ARRAY['pdf', 'txt', 'docx', 'md', 'json', 'csv']
        WHEN 'backup' THEN ARRAY['dump', 'gz', 'zip', 'enc', 'age']
    END;
    IF v_extension IS NULL OR v_allowed IS NULL OR NOT v_extension = ANY (v_allowed) THEN
        RETURN QUERY SELECT 'type_not_allowed', NULL::uuid, NULL::uuid,
            jsonb_build_object('extension', v_extension, 'allowedExtensions', to_jsonb(v_allowed));
        RETURN;
    END IF;

    IF v_workspace IS NOT NULL THEN
        SELECT coalesce(wm.role, '') INTO v_role
        FROM workspaces w
        LEFT JOIN workspace_members wm ON wm.workspace_id = w.id AND wm.user_id = p_user
        WHERE w.id = v_workspace AND w.is_active;
        IF NOT FOUND OR (p_origin <> 'sql' AND v_role = '') THEN
            RETURN QUERY SELECT 'workspace_not_found', NULL::uuid, NULL::uuid, '{}'::jsonb;
            RETURN;
        END IF;
        IF p_origin <> 'sql' AND v_role NOT IN ('member', 'admin') THEN
            RETURN QUERY SELECT 'forbidden', NULL::uuid, NULL::uuid, '{}'::jsonb;
            RETURN;
        END IF;
    END IF;

    SELECT * INTO counter FROM storage_counters c WHERE c.scope = 'user' AND c.scope_id = p_user;
    IF counter.reserved_files >= settings.max_open_sessions THEN
        RETURN QUERY SELECT 'too_many_sessions', NULL::uuid, NULL::uuid,
            jsonb_build_object('openSessions', counter.reserved_files, 'maxOpenSessions', settings.max_open_sessions);
        RETURN;
    END IF;

    IF NOT reserve_quota('user', p_user, v_size) THEN
        v_failed_scope := 'user';
        v_failed_id := p_user;
    ELSIF v_workspace IS NOT NULL THEN
        INSERT INTO storage_counters (scope, scope_id) VALUES ('workspace', v_workspace) ON CONFLICT DO NOTHING;
        IF NOT reserve_quota('workspace', v_workspace, v_size) THEN
            v_failed_scope := 'workspace';
            v_failed_id := v_workspace;
            UPDATE storage_counters c
            SET reserved_bytes = c.reserved_bytes - v_size, reserved_files = c.reserved_files - 1
            WHERE c.scope = 'user' AND c.scope_id = p_user;
        END IF;
    END IF;
    IF v_failed_scope IS NOT NULL THEN
        RETURN QUERY
        SELECT 'quota_exceeded', NULL::uuid, NULL::uuid, jsonb_build_object(
            'scope', v_failed_scope, 'scopeId', v_failed_id, 'size', v_size,
            'usedBytes', c.used_bytes, 'reservedBytes', c.reserved_bytes, 'limitBytes', l.max_bytes,
            'overBytes', greatest(c.used_bytes + c.reserved_bytes + v_size - l.max_bytes, 0),
            'usedFiles', c.used_files, 'reservedFiles', c.reserved_files, 'limitFiles', l.max_files)
        FROM storage_counters c, quota_limits(v_failed_scope, v_failed_id) l
        WHERE c.scope = v_failed_scope AND c.scope_id = v_failed_id;
        RETURN;
    END IF;

    v_method := coalesce(p_file ->> 'method',
        CASE WHEN v_size_known AND v_size <= settings.single_put_max_size THEN 'put' ELSE 'multipart' END);
    v_part_size := CASE WHEN v_method = 'put' THEN v_size
                        ELSE plan_part_size(v_size, provider.preferred_part_size) END;

    INSERT INTO file_storage (
        id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id, storage_path, storage_url,
        file_size, upload_method, upload_session_id, content_type, content_category, metadata,
        user_id, workspace_id, former_user_id, former_workspace_id, expires_at)
    VALUES (
        v_file, v_name, v_file::text || '.' || v_extension, v_extension, p_file ->> 'mimeType', provider.id,
        object_key(v_content_type, p_file ->> 'contentCategory', v_file, v_extension),
        '/v1/files/' || v_file::text || '/content',
        v_size, CASE WHEN v_method = 'put' THEN 'direct' ELSE 'multipart' END, v_session::text,
        v_content_type, coalesce(p_file ->> 'contentCategory', 'original'), coalesce(p_file -> 'metadata', '{}'),
        p_user, v_workspace, p_user, v_workspace,
        CASE WHEN p_file ? 'fileExpiresAt' THEN (p_file ->> 'fileExpiresAt')::timestamptz
             WHEN v_content_type = 'export_file' THEN now() + interval '7 days' END);

    INSERT INTO multipart_uploads (
        id, file_storage_id, upload_method, origin, temp_path, original_filename, total_file_size, size_known,
        chunk_size, total_chunks, user_id, workspace_id, former_user_id, former_workspace_id,
        idempotency_key, client_id, request_hash, expires_at)
    VALUES (
        v_session, v_file, v_method, p_origin,
        CASE WHEN v_method = 'put' THEN 'temp/uploads/' || v_session::text END,
        v_name, v_size, v_size_known, v_part_size, ((v_size + v_part_size - 1) / v_part_size)::integer,
        p_user, v_workspace, p_user, v_workspace,
        p_idempotency_key, p_file ->> 'clientId', p_file ->> 'requestHash',
        now() + make_interval(secs => coalesce((p_file ->> 'expiresInSeconds')::integer, 86400)));

    RETURN QUERY SELECT 'created', v_session, v_file, '{}'::jsonb;
END
$$;

-- A batch in one statement; each file fails alone. Workspaces are taken in one order everywhere, so that two batches
-- cannot wait for each other; the caller orders the answer by `ordinal`.
CREATE FUNCTION reserve_uploads(p_user uuid, p_origin text, p_idempotency_key text, p_files jsonb)
RETURNS TABLE (ordinal integer, client_id text, outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE sql AS $$
    SELECT f.ordinal::integer, f.file ->> 'clientId', r.outcome, r.session_id, r.file_id, r.details
    FROM (
        SELECT e.file, e.ordinal
        FROM jsonb_array_elements(p_files) WITH ORDINALITY AS e (file, ordinal)
        ORDER BY e.file ->> 'workspaceId' NULLS FIRST, e.ordinal
        OFFSET 0
    ) f
    CROSS JOIN LATERAL reserve_upload(p_user, p_origin, p_idempotency_key, f.file) r
$$;
