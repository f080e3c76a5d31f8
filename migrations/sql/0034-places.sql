-- Several buckets that take uploads: where the files of a workspace are at home, and where new ones go while that bucket does not
-- answer. Decisions/042.

ALTER TABLE storage_providers
    -- Takes uploads that are at home nowhere: of people who are near it, and while the bucket they would go to does not answer.
    ADD COLUMN stands_in boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT storage_providers_stands_in_check CHECK (NOT stands_in OR purpose = 'files');

CREATE TABLE storage_homes (
    workspace_id uuid PRIMARY KEY REFERENCES workspaces (id) ON DELETE CASCADE,
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    -- elsewhere: to a bucket that stands in. wait: what must not leave its region waits for it.
    while_down text NOT NULL DEFAULT 'elsewhere' CHECK (while_down IN ('elsewhere', 'wait')),
    set_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX storage_homes_provider ON storage_homes (storage_provider_id);

-- What is known of each bucket's health; of one without a row nothing is known, and it is taken to be well.
CREATE TABLE provider_health (
    storage_provider_id uuid PRIMARY KEY REFERENCES storage_providers (id) ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'up' CHECK (state IN ('up', 'down')),
    -- Of the state.
    since timestamptz NOT NULL DEFAULT now(),
    -- Last claimed by whoever looks, and last answered.
    looked_at timestamptz NOT NULL DEFAULT '-infinity',
    told_at timestamptz NOT NULL DEFAULT '-infinity',
    -- Answers in a row that speak against the state, and since when.
    against integer NOT NULL DEFAULT 0 CHECK (against >= 0),
    against_since timestamptz,
    cause text,
    latency_ms integer CHECK (latency_ms >= 0)
);

-- What was last heard counts for two minutes: where nobody looks any more, nobody knows.
CREATE FUNCTION is_down(p_provider uuid)
RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM provider_health h
        WHERE h.storage_provider_id = p_provider AND h.state = 'down' AND h.told_at > now() - interval '2 minutes')
$$;

-- The bucket of a new upload: the workspace's home, else the one that is nearest to whoever uploads, else the primary one; another
-- that stands in where that one is down; and where all are down, the one that it would have been, for it will come back.
--
-- p_regions: names of regions, the nearest first, as the browser has measured them; or NULL.
CREATE FUNCTION place_upload(p_workspace uuid, p_regions jsonb)
RETURNS uuid
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_home storage_homes%ROWTYPE;
    v_wanted uuid;
    v_other uuid;
BEGIN
    IF p_workspace IS NOT NULL THEN
        SELECT h.* INTO v_home
        FROM storage_homes h
        JOIN storage_providers p ON p.id = h.storage_provider_id AND p.is_active AND p.purpose = 'files'
        WHERE h.workspace_id = p_workspace;
    END IF;
    v_wanted := v_home.storage_provider_id;
    IF v_wanted IS NULL AND jsonb_typeof(p_regions) = 'array' THEN
        SELECT p.id INTO v_wanted
        FROM jsonb_array_elements_text(p_regions) WITH ORDINALITY AS r (name, n)
        JOIN storage_providers p ON p.region = r.name AND p.is_active AND (p.is_primary OR p.stands_in)
        ORDER BY is_down(p.id), r.n, p.is_primary DESC, p.created_at, p.id
        LIMIT 1;
    END IF;
    IF v_wanted IS NULL THEN
        SELECT p.id INTO v_wanted FROM storage_providers p WHERE p.is_primary AND p.is_active;
    END IF;
    IF v_wanted IS NULL OR v_home.while_down = 'wait' OR NOT is_down(v_wanted) THEN
        RETURN v_wanted;
    END IF;
    SELECT p.id INTO v_other
    FROM storage_providers p
    LEFT JOIN jsonb_array_elements_text(CASE jsonb_typeof(p_regions) WHEN 'array' THEN p_regions END)
        WITH ORDINALITY AS r (name, n) ON r.name = p.region
    WHERE p.is_active AND (p.is_primary OR p.stands_in) AND NOT is_down(p.id)
    ORDER BY r.n NULLS LAST, p.is_primary DESC, p.created_at, p.id
    LIMIT 1;
    RETURN coalesce(v_other, v_wanted);
END
$$;

-- Takes an upload to another bucket while its own is down, where nothing of it is known to be there: before its multipart upload is
-- made, by whoever has the lease to make it; and a single PUT that nobody has asked to complete. What may be left in the bucket
-- that was down is cleared by the sweep. Says whether it was taken.
CREATE FUNCTION place_again(p_session uuid, p_token uuid)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v record;
    v_place uuid;
BEGIN
    SELECT m.workspace_id, m.total_file_size, m.file_storage_id, f.storage_provider_id INTO v
    FROM multipart_uploads m
    JOIN file_storage f ON f.id = m.file_storage_id
    WHERE m.id = p_session AND is_down(f.storage_provider_id)
        AND (m.status = 'creating' AND m.lease_token = p_token
            -- A form names its bucket, and whoever has it does not ask again.
            OR m.status = 'active' AND m.upload_method = 'put' AND m.origin <> 's3'
                AND m.put_etag IS NULL AND m.complete_sent_at IS NULL AND NOT m.complete_asked)
    FOR UPDATE OF m;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    v_place := place_upload(v.workspace_id, NULL);
    UPDATE file_storage f SET storage_provider_id = p.id
    FROM storage_providers p
    WHERE f.id = v.file_storage_id AND f.status = 'uploading'
        AND p.id = v_place AND p.id <> f.storage_provider_id AND v.total_file_size <= p.max_file_size;
    RETURN FOUND;
END
$$;

-- One file of a batch. Nothing is raised for what a caller can cause: the outcome says it, and nothing changed.
-- reserve_uploads has locked the user's counter: that serialises one user's starts, so that a repeated request sees
-- the session of the first, and the cap on open sessions is exact.
CREATE OR REPLACE FUNCTION reserve_upload(
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
    SELECT * INTO provider FROM storage_providers p WHERE p.id = place_upload(v_workspace, p_file -> 'regions');
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
