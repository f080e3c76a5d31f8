-- How a file row is born: one way for the HTTP interface, Uppy Companion's routes and SQL.
-- Locks are taken in one order everywhere: users and workspaces (shared), sessions, files, then counters, the user's
-- before the workspaces', so that no two transactions wait for each other.

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
CREATE FUNCTION reserve_quota(p_scope text, p_scope_id uuid, p_bytes bigint, p_files integer DEFAULT 1)
RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE storage_counters c
    SET reserved_bytes = c.reserved_bytes + p_bytes, reserved_files = c.reserved_files + p_files, updated_at = now()
    FROM quota_limits(p_scope, p_scope_id) l
    WHERE c.scope = p_scope AND c.scope_id = p_scope_id
        AND (l.max_bytes IS NULL OR c.used_bytes + c.reserved_bytes + p_bytes <= l.max_bytes)
        AND (l.max_files IS NULL OR p_files <= 0 OR c.used_files + c.reserved_files + p_files <= l.max_files);
    RETURN FOUND;
END
$$;

-- What a refusal says: how much there is, how much is taken, and by how much it is too much.
CREATE FUNCTION quota_details(p_scope text, p_scope_id uuid, p_bytes bigint)
RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'scope', p_scope, 'scopeId', p_scope_id, 'size', p_bytes,
        'usedBytes', c.used_bytes, 'reservedBytes', c.reserved_bytes, 'limitBytes', l.max_bytes,
        'overBytes', greatest(c.used_bytes + c.reserved_bytes + p_bytes - l.max_bytes, 0),
        'usedFiles', c.used_files, 'reservedFiles', c.reserved_files, 'limitFiles', l.max_files)
    FROM storage_counters c, quota_limits(p_scope, p_scope_id) l
    WHERE c.scope = p_scope AND c.scope_id = p_scope_id
$$;

-- The same rule as planPartSize in packages/protocol: whole MiB where 10,000 parts force more than is preferred.
CREATE FUNCTION plan_part_size(file_size bigint, preferred bigint)
RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF file_size NOT BETWEEN 1 AND 5000000000000 OR preferred < 1 THEN
        RAISE EXCEPTION 'No part plan for % bytes in parts of % bytes', file_size, preferred USING ERRCODE = '22023';
    END IF;
    RETURN least(
        greatest(preferred, 5242880, ((file_size + 9999) / 10000 + 1048575) / 1048576 * 1048576),
        5000000000);
END
$$;

-- Extensions we take for each kind of content; for audio the provider decides.
CREATE FUNCTION allowed_extensions(p_content_type text, p_audio text[])
RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_content_type
        WHEN 'audio_file' THEN p_audio
        WHEN 'export_file' THEN ARRAY['pdf', 'txt', 'srt', 'vtt', 'docx', 'json', 'csv', 'zip', 'gz']
        WHEN 'avatar' THEN ARRAY['png', 'jpg', 'jpeg', 'webp', 'gif']
        WHEN 'document' THEN ARRAY['pdf', 'txt', 'docx', 'md', 'json', 'csv']
        WHEN 'backup' THEN ARRAY['dump', 'gz', 'zip', 'enc', 'age']
    END
$$;

-- What an object is served as when nobody said: nothing here runs in a browser.
CREATE FUNCTION default_mime_type(p_extension text)
RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_extension
        WHEN 'mp3' THEN 'audio/mpeg' WHEN 'wav' THEN 'audio/wav' WHEN 'm4a' THEN 'audio/mp4'
        WHEN 'flac' THEN 'audio/flac' WHEN 'ogg' THEN 'audio/ogg' WHEN 'opus' THEN 'audio/ogg'
        WHEN 'pdf' THEN 'application/pdf' WHEN 'json' THEN 'application/json' WHEN 'csv' THEN 'text/csv; charset=utf-8'
        WHEN 'vtt' THEN 'text/vtt; charset=utf-8'
        WHEN 'txt' THEN 'text/plain; charset=utf-8' WHEN 'srt' THEN 'text/plain; charset=utf-8'
        WHEN 'md' THEN 'text/plain; charset=utf-8'
        WHEN 'docx' THEN 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
        WHEN 'png' THEN 'image/png' WHEN 'jpg' THEN 'image/jpeg' WHEN 'jpeg' THEN 'image/jpeg'
        WHEN 'webp' THEN 'image/webp' WHEN 'gif' THEN 'image/gif'
        WHEN 'zip' THEN 'application/zip' WHEN 'gz' THEN 'application/gzip'
        ELSE 'application/octet-stream'
    END
$$;

-- Where an object lives. Only the id and an extension that passed the allow-list reach the key, never the user's name.
CREATE FUNCTION object_key(p_content_type text, p_category text, p_id uuid, p_extension text)
RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE p_content_type
        WHEN 'audio_file' THEN
            CASE p_category WHEN 'processed' THEN 'audio/processed/' WHEN 'chunk' THEN 'audio/chunks/' ELSE 'audio/uploads/' END
            || m.month
        WHEN 'export_file' THEN
            CASE p_category WHEN 'bulk' THEN 'exports/bulk/' ELSE 'exports/transcripts/' END || m.month
        WHEN 'avatar' THEN
            CASE p_category WHEN 'workspace-asset' THEN 'static/workspace-assets/' ELSE 'static/avatars/' END
        WHEN 'document' THEN 'documents/' || m.month
        WHEN 'backup' THEN
            CASE p_category WHEN 'database' THEN 'backups/database/' ELSE 'backups/user-data/' END
    END || p_id::text || '.' || p_extension
    FROM (SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY/MM/') AS month) m
$$;

-- One file of a batch. Nothing is raised for what a caller can cause: the outcome says it, and nothing changed.
-- reserve_uploads has locked the user's counter: that serialises one user's starts, so that a repeated request sees
-- the session of the first, and the cap on open sessions is exact.
CREATE FUNCTION reserve_upload(
    p_user uuid, p_origin text, p_idempotency_key text, p_file jsonb,
    OUT outcome text, OUT session_id uuid, OUT file_id uuid, OUT details jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    provider storage_providers%ROWTYPE;
    settings storage_settings%ROWTYPE;
    earlier record;
    v_size bigint := (p_file ->> 'size')::bigint;
    v_size_known boolean := coalesce((p_file ->> 'sizeKnown')::boolean, true);
    v_name text := p_file ->> 'name';
    v_content_type text := coalesce(p_file ->> 'contentType', 'audio_file');
    v_category text := p_file ->> 'contentCategory';
    v_workspace uuid := (p_file ->> 'workspaceId')::uuid;
    -- By code point, not by the database's language: in Turkish the small letter of I is not i.
    v_extension text := lower(substring(v_name FROM '\.([A-Za-z0-9]{1,10})$') COLLATE "C");
    v_allowed text[];
    v_role text;
    v_open integer;
    v_method text;
    v_part_size bigint;
BEGIN
    details := '{}';

    IF p_idempotency_key IS NOT NULL THEN
        SELECT m.id, m.file_storage_id, m.request_hash INTO earlier
        FROM multipart_uploads m
        WHERE m.former_user_id = p_user AND m.idempotency_key = p_idempotency_key
            AND m.client_id = p_file ->> 'clientId';
        IF FOUND THEN
            IF earlier.request_hash IS DISTINCT FROM p_file ->> 'requestHash' THEN
                outcome := 'idempotency_conflict';
            ELSE
                outcome := 'repeated';
                session_id := earlier.id;
                file_id := earlier.file_storage_id;
            END IF;
            RETURN;
        END IF;
    END IF;

    IF v_workspace IS NOT NULL THEN
        SELECT coalesce(wm.role, '') INTO v_role
        FROM workspaces w
        LEFT JOIN workspace_members wm ON wm.workspace_id = w.id AND wm.user_id = p_user
        WHERE w.id = v_workspace AND w.is_active;
        -- Absent, inactive and not a member look alike.
        IF NOT FOUND OR (p_origin <> 'sql' AND v_role = '') THEN
            outcome := 'workspace_not_found';
            RETURN;
        END IF;
        IF p_origin <> 'sql' AND v_role NOT IN ('member', 'admin') THEN
            outcome := 'forbidden';
            RETURN;
        END IF;
    END IF;

    IF v_size IS NULL OR v_size <= 0 THEN
        outcome := 'file_empty';
        RETURN;
    END IF;
    SELECT * INTO provider FROM storage_providers p WHERE p.is_primary AND p.is_active;
    IF NOT FOUND THEN
        outcome := 'no_provider';
        RETURN;
    END IF;
    IF v_size > provider.max_file_size THEN
        outcome := 'file_too_large';
        details := jsonb_build_object('size', v_size, 'maxFileSize', provider.max_file_size);
        RETURN;
    END IF;
    v_allowed := allowed_extensions(v_content_type, provider.allowed_file_types);
    IF v_extension IS NULL OR v_allowed IS NULL OR v_extension <> ALL (v_allowed) THEN
        outcome := 'type_not_allowed';
        details := jsonb_build_object('extension', v_extension, 'allowedExtensions', to_jsonb(v_allowed));
        RETURN;
    END IF;

    SELECT * INTO STRICT settings FROM storage_settings;
    SELECT c.reserved_files INTO v_open FROM storage_counters c WHERE c.scope = 'user' AND c.scope_id = p_user;
    IF v_open >= settings.max_open_sessions THEN
        outcome := 'too_many_sessions';
        details := jsonb_build_object('openSessions', v_open, 'maxOpenSessions', settings.max_open_sessions);
        RETURN;
    END IF;

    IF NOT reserve_quota('user', p_user, v_size) THEN
        outcome := 'quota_exceeded';
        details := quota_details('user', p_user, v_size);
        RETURN;
    END IF;
    IF v_workspace IS NOT NULL AND NOT reserve_quota('workspace', v_workspace, v_size) THEN
        PERFORM reserve_quota('user', p_user, -v_size, -1);
        outcome := 'quota_exceeded';
        details := quota_details('workspace', v_workspace, v_size);
        RETURN;
    END IF;

    -- No store takes a PUT of more than 5 GB, whatever was asked for.
    v_method := CASE
        WHEN v_size > 5000000000 THEN 'multipart'
        WHEN p_file ->> 'method' IS NOT NULL THEN p_file ->> 'method'
        WHEN v_size_known AND v_size <= settings.single_put_max_size THEN 'put'
        ELSE 'multipart'
    END;
    v_part_size := CASE WHEN v_method = 'put' THEN v_size ELSE plan_part_size(v_size, provider.preferred_part_size) END;
    file_id := gen_random_uuid();
    session_id := gen_random_uuid();

    INSERT INTO file_storage (
        id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id, storage_path, storage_url,
        file_size, upload_method, upload_session_id, content_type, content_category, metadata,
        user_id, workspace_id, former_user_id, former_workspace_id, expires_at)
    VALUES (
        file_id, v_name, file_id::text || '.' || v_extension, v_extension,
        coalesce(nullif(p_file ->> 'mimeType', ''), default_mime_type(v_extension)), provider.id,
        object_key(v_content_type, v_category, file_id, v_extension), '/v1/files/' || file_id::text || '/content',
        v_size, CASE WHEN v_method = 'put' THEN 'direct' ELSE 'multipart' END, session_id::text,
        v_content_type, coalesce(v_category, 'original'), coalesce(nullif(p_file -> 'metadata', 'null'), '{}'),
        p_user, v_workspace, p_user, v_workspace,
        -- Exports go after a week unless told otherwise; a JSON null keeps one for good.
        CASE WHEN p_file ? 'fileExpiresAt' THEN (p_file ->> 'fileExpiresAt')::timestamptz
             WHEN v_content_type = 'export_file' THEN now() + interval '7 days' END);

    INSERT INTO multipart_uploads (
        id, file_storage_id, upload_method, origin, temp_path, original_filename, total_file_size, size_known,
        chunk_size, total_chunks, user_id, workspace_id, former_user_id, former_workspace_id,
        idempotency_key, client_id, request_hash, expires_at)
    VALUES (
        session_id, file_id, v_method, p_origin,
        CASE WHEN v_method = 'put' THEN 'temp/uploads/' || session_id::text END,
        v_name, v_size, v_size_known, v_part_size, ((v_size + v_part_size - 1) / v_part_size)::integer,
        p_user, v_workspace, p_user, v_workspace,
        p_idempotency_key, p_file ->> 'clientId', p_file ->> 'requestHash',
        now() + make_interval(secs => coalesce((p_file ->> 'expiresInSeconds')::double precision, 86400)));

    outcome := 'created';
END
$$;

-- A batch in one statement; each file fails alone. Answers in the order of the request.
--
-- p_origin: 'v1', 's3' or 'sql'; for 'sql' membership is not checked. Elements of p_files: clientId, requestHash, name,
-- size, sizeKnown, mimeType, contentType, contentCategory, workspaceId, metadata, method ('put', 'multipart' or null),
-- expiresInSeconds (of the session), fileExpiresAt. Outcomes: created, repeated, idempotency_conflict, quota_exceeded,
-- file_empty, file_too_large, type_not_allowed, no_provider, workspace_not_found, forbidden, too_many_sessions.
CREATE FUNCTION reserve_uploads(p_user uuid, p_origin text, p_idempotency_key text, p_files jsonb)
RETURNS TABLE (ordinal integer, client_id text, outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_file record;
    v_is_known boolean;
    v_workspaces uuid[];
BEGIN
    -- Before any counter: whoever deletes a user or workspace holds its row and wants the counters next.
    PERFORM 1 FROM users u WHERE u.id = p_user FOR KEY SHARE;
    v_is_known := FOUND;
    IF v_is_known THEN
        SELECT array_agg(w.id) INTO v_workspaces FROM (
            SELECT i.id
            FROM workspaces i
            WHERE i.id IN (SELECT (e.file ->> 'workspaceId')::uuid FROM jsonb_array_elements(p_files) AS e (file))
                AND (p_origin = 'sql' OR EXISTS (
                    SELECT 1 FROM workspace_members m WHERE m.workspace_id = i.id AND m.user_id = p_user))
            ORDER BY i.id
            FOR KEY SHARE) w;
        INSERT INTO storage_counters (scope, scope_id)
        SELECT s.scope, s.scope_id FROM (
            SELECT 'user' AS scope, p_user AS scope_id UNION ALL SELECT 'workspace', unnest(v_workspaces)) s
        ORDER BY s.scope, s.scope_id
        ON CONFLICT DO NOTHING;
        PERFORM lock_counters(ARRAY[p_user], v_workspaces);
    END IF;

    FOR v_file IN
        SELECT e.file, e.n FROM jsonb_array_elements(p_files) WITH ORDINALITY AS e (file, n) ORDER BY e.n
    LOOP
        ordinal := v_file.n;
        client_id := v_file.file ->> 'clientId';
        IF v_is_known THEN
            SELECT r.outcome, r.session_id, r.file_id, r.details INTO outcome, session_id, file_id, details
            FROM reserve_upload(p_user, p_origin, p_idempotency_key, v_file.file) r;
        ELSE
            outcome := 'forbidden';
            details := '{"reason": "unknown_user"}';
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Users before workspaces, each in the order of their ids.
CREATE FUNCTION lock_counters(p_users uuid[], p_workspaces uuid[])
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM storage_counters c
    WHERE (c.scope = 'user' AND c.scope_id = ANY (p_users)) OR (c.scope = 'workspace' AND c.scope_id = ANY (p_workspaces))
    ORDER BY c.scope, c.scope_id
    FOR UPDATE;
END
$$;
