-- Files that services write as they make them, and archives of many files. Decisions/036.

-- How the stored bytes are packed, as the store says to whoever fetches them; NULL: not at all.
ALTER TABLE file_storage ADD COLUMN content_encoding text,
    ADD CONSTRAINT file_storage_content_encoding_check CHECK (content_encoding = 'gzip') NOT VALID;

-- Room for a file that a service writes for a user, as a session that no browser goes on with. As reserve_uploads answers; membership
-- is not checked. Beside its elements: contentEncoding.
CREATE FUNCTION reserve_service_upload(p_user uuid, p_idempotency_key text, p_file jsonb)
RETURNS TABLE (outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT r.outcome, r.session_id, r.file_id, coalesce(r.details, '{}') INTO outcome, session_id, file_id, details
    -- No header can have this arrow, so no user's key is one of these.
    FROM reserve_uploads(p_user, 'sql', '→' || p_idempotency_key, jsonb_build_array(p_file)) r;
    IF outcome = 'created' THEN
        UPDATE multipart_uploads m SET origin = 'derived' WHERE m.id = session_id;
        UPDATE file_storage f SET content_encoding = p_file ->> 'contentEncoding' WHERE f.id = file_id;
    END IF;
    RETURN NEXT;
END
$$;

-- One archive: made of the files that its plan lists, by a worker, as the upload of one file.
CREATE TABLE storage_exports (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL CHECK (kind IN ('files', 'user-data')),
    -- Whose it is, also where the quota is nobody's: of `user-data`.
    user_id uuid REFERENCES users (id) ON DELETE SET NULL,
    file_storage_id uuid NOT NULL REFERENCES file_storage (id) ON DELETE CASCADE,
    session_id uuid NOT NULL REFERENCES multipart_uploads (id) ON DELETE CASCADE,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    idempotency_key text,
    request_hash text NOT NULL,
    -- Seconds that the archive lives once it is there.
    expires_in integer NOT NULL CHECK (expires_in > 0),
    -- Of the plan; bytes of the archive.
    total_files integer NOT NULL CHECK (total_files >= 0),
    total_bytes bigint NOT NULL CHECK (total_bytes > 0),
    -- In parts that the store has.
    done_files integer NOT NULL DEFAULT 0 CHECK (done_files >= 0),
    done_bytes bigint NOT NULL DEFAULT 0 CHECK (done_bytes >= 0),
    missing_files integer NOT NULL DEFAULT 0 CHECK (missing_files >= 0),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    lease_token uuid,
    lease_expires_at timestamptz,
    error_code text,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CHECK ((status IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'failed') = (error_code IS NOT NULL))
);
CREATE UNIQUE INDEX storage_exports_idempotency ON storage_exports (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
-- One person's everything, once at a time.
CREATE UNIQUE INDEX storage_exports_one_user_data ON storage_exports (user_id)
    WHERE kind = 'user-data' AND status IN ('queued', 'running');
CREATE INDEX storage_exports_user ON storage_exports (user_id, created_at DESC, id DESC);
CREATE INDEX storage_exports_due ON storage_exports (due_at) WHERE status IN ('queued', 'running');
CREATE INDEX storage_exports_session ON storage_exports (session_id);
CREATE INDEX storage_exports_file ON storage_exports (file_storage_id);

-- What goes into an archive, in order. Its layout follows from these rows and from nothing else.
CREATE TABLE export_entries (
    export_id uuid NOT NULL REFERENCES storage_exports (id) ON DELETE CASCADE,
    ordinal integer NOT NULL CHECK (ordinal >= 0),
    -- In the archive.
    name text NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    modified_at timestamptz NOT NULL,
    -- Where the bytes are, and which they are; of a file that is no more these say what it was.
    file_storage_id uuid,
    storage_provider_id uuid,
    storage_path text,
    etag text,
    -- Instead of a file: the bytes themselves.
    content bytea,
    -- Of all its bytes, once they were read.
    crc32 bigint CHECK (crc32 BETWEEN 0 AND 4294967295),
    -- It could not be read any more, or must not: it is left out.
    is_missing boolean NOT NULL DEFAULT false,
    PRIMARY KEY (export_id, ordinal),
    CHECK ((content IS NULL) = (storage_path IS NOT NULL))
);

-- Parts that were sent. `crc32`: of the bytes of the entry at the part's end that lie before it, to go on from.
CREATE TABLE export_parts (
    export_id uuid NOT NULL REFERENCES storage_exports (id) ON DELETE CASCADE,
    part_number integer NOT NULL CHECK (part_number BETWEEN 1 AND 10000),
    size bigint NOT NULL CHECK (size > 0),
    etag text NOT NULL,
    crc32 bigint NOT NULL CHECK (crc32 BETWEEN 0 AND 4294967295),
    PRIMARY KEY (export_id, part_number)
);

-- Room for an archive. It may be larger than what users may upload. One of `backups/user-data/` takes nobody's quota: who is at its
-- limit gets everything of theirs all the same. Outcomes: created, quota_exceeded, no_provider, unknown_user.
CREATE FUNCTION reserve_archive(p_user uuid, p_kind text, p_name text, p_size bigint, p_session_seconds double precision, p_expires_at timestamptz)
RETURNS TABLE (outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_provider storage_providers%ROWTYPE;
    v_owner uuid := CASE WHEN p_kind = 'files' THEN p_user END;
    v_type text := CASE WHEN p_kind = 'files' THEN 'export_file' ELSE 'backup' END;
    v_category text := CASE WHEN p_kind = 'files' THEN 'bulk' ELSE 'user-data' END;
    v_part_size bigint;
BEGIN
    details := '{}';
    PERFORM 1 FROM users u WHERE u.id = p_user FOR KEY SHARE;
    IF NOT FOUND THEN
        outcome := 'unknown_user';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO v_provider FROM storage_providers p WHERE p.id = place_upload(NULL, NULL);
    IF NOT FOUND THEN
        outcome := 'no_provider';
        RETURN NEXT;
        RETURN;
    END IF;
    IF v_owner IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM storage_counters c WHERE c.scope = 'user' AND c.scope_id = v_owner) THEN
            PERFORM repair_counter('user', v_owner);
        END IF;
        PERFORM hold_counter('user', v_owner);
        IF NOT reserve_quota('user', v_owner, p_size) THEN
            outcome := 'quota_exceeded';
            details := quota_details('user', v_owner, p_size);
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;
    v_part_size := plan_part_size(p_size, v_provider.preferred_part_size);
    file_id := gen_random_uuid();
    session_id := gen_random_uuid();
    INSERT INTO file_storage (
        id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id, storage_path, storage_url,
        file_size, upload_method, upload_session_id, content_type, content_category, user_id, former_user_id, expires_at)
    VALUES (
        file_id, p_name, file_id::text || '.zip', 'zip', default_mime_type('zip'), v_provider.id,
        object_key(v_type, v_category, file_id, 'zip'), '/v1/files/' || file_id::text || '/content',
        p_size, 'multipart', session_id::text, v_type, v_category, v_owner, p_user, p_expires_at);
    INSERT INTO multipart_uploads (
        id, file_storage_id, upload_method, origin, original_filename, total_file_size, size_known, chunk_size, total_chunks,
        user_id, former_user_id, client_id, expires_at)
    VALUES (
        -- Its size is known but for files that vanish meanwhile: then it is less.
        session_id, file_id, 'multipart', 'derived', p_name, p_size, false, v_part_size,
        ((p_size + v_part_size - 1) / v_part_size)::integer, v_owner, p_user, 'archive',
        now() + make_interval(secs => p_session_seconds));
    outcome := 'created';
    RETURN NEXT;
END
$$;

-- An upload that ended otherwise than by its worker takes its export with it: expired, or its owner is gone.
CREATE FUNCTION end_export_of_session() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE storage_exports e
    SET status = 'failed', finished_at = now(), lease_token = NULL, lease_expires_at = NULL,
        error_code = coalesce(NEW.error_code, 'upload_failed'),
        error_message = coalesce(NEW.error_message, 'The upload of the archive was ended.')
    WHERE e.session_id = NEW.id AND e.status IN ('queued', 'running');
    RETURN NULL;
END
$$;
CREATE TRIGGER multipart_uploads_end_export AFTER UPDATE OF status ON multipart_uploads FOR EACH ROW
    WHEN (NEW.origin = 'derived' AND OLD.status <> NEW.status AND NEW.status IN ('aborting', 'failed'))
    EXECUTE FUNCTION end_export_of_session();

-- As before, but for archives of ours: they hold what was given out, and are larger than a scanner takes.
CREATE OR REPLACE FUNCTION ask_for_scan() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    SELECT CASE s.scan_policy WHEN 'before' THEN 'held' WHEN 'after' THEN 'waiting' ELSE NEW.scan_state END
    INTO NEW.scan_state FROM storage_settings s
    WHERE s.scan_policy = 'off' OR NOT EXISTS (SELECT FROM storage_exports e WHERE e.file_storage_id = NEW.id);
    -- Nothing was found: it stays what it is by default.
    NEW.scan_state := coalesce(NEW.scan_state, 'none');
    RETURN NEW;
END
$$;

-- Of one that is over nobody goes on with anything.
CREATE FUNCTION forget_plan_of_export() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM export_entries n WHERE n.export_id = NEW.id;
    DELETE FROM export_parts p WHERE p.export_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER storage_exports_forget_plan AFTER UPDATE OF status ON storage_exports FOR EACH ROW
    WHEN (OLD.status IN ('queued', 'running') AND NEW.status IN ('done', 'failed', 'cancelled'))
    EXECUTE FUNCTION forget_plan_of_export();
