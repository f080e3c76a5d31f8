-- What files hold, found by us once they are stored: facts of their sound, and what a scanner says of them. Decisions/031.

-- off: nobody scans. after: files are given out meanwhile. before: not until their scan is over. The server writes it at start.
ALTER TABLE storage_settings ADD COLUMN scan_policy text NOT NULL DEFAULT 'off'
    CHECK (scan_policy IN ('off', 'after', 'before'));

-- Everybody waits for this table while columns come: no row of it is looked at for them. 0024 does, beside the others.
ALTER TABLE file_storage
    -- waiting and held: to be scanned, given out meanwhile or not. released: an operator has said that it is all right.
    ADD COLUMN scan_state text NOT NULL DEFAULT 'none',
    ADD COLUMN scan_verdict text,
    ADD COLUMN scanned_at timestamptz,
    -- While it is quarantined: the state to which a release takes it back.
    ADD COLUMN quarantined_from text,
    ADD COLUMN sound_inspected_at timestamptz,
    ADD COLUMN sound_format text,
    ADD COLUMN sound_codec text,
    ADD COLUMN sound_seconds double precision,
    ADD COLUMN sound_sample_rate integer,
    ADD COLUMN sound_bit_depth smallint,
    ADD COLUMN sound_channels smallint,
    ADD COLUMN sound_title text,
    ADD COLUMN sound_artist text,
    ADD COLUMN sound_album text;
ALTER TABLE file_storage
    ADD CONSTRAINT file_storage_scan_state_check
        CHECK (scan_state IN ('none', 'waiting', 'held', 'clean', 'infected', 'too_large', 'released')) NOT VALID,
    ADD CONSTRAINT file_storage_quarantined_from_check
        CHECK ((quarantined_from IS NOT NULL) <= (status = 'quarantined')) NOT VALID,
    ADD CONSTRAINT file_storage_sound_check
        CHECK (sound_seconds > 0 AND sound_sample_rate > 0 AND sound_bit_depth > 0 AND sound_channels > 0) NOT VALID;

COMMENT ON COLUMN file_storage.scan_verdict IS 'What the scanner called it, or why nobody scanned it.';
COMMENT ON COLUMN file_storage.sound_inspected_at IS 'When a few of its bytes were read for the facts below; what they do not tell is NULL.';

-- What is still to be looked into. A row goes when it was; meanwhile it belongs to whoever claimed it, until due_at.
CREATE TABLE file_checks (
    file_storage_id uuid NOT NULL REFERENCES file_storage (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('sound', 'scan')),
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_token uuid,
    -- Of the last attempt; ours or the scanner's, never a byte of the file.
    last_error text,
    PRIMARY KEY (file_storage_id, kind)
) WITH (fillfactor = 70);
CREATE INDEX file_checks_due ON file_checks (kind, due_at);

-- Whether the bytes may be given out.
CREATE FUNCTION is_given_out(p_status text, p_scan_state text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_status IN ('stored', 'processing', 'processed') AND p_scan_state <> 'held'
$$;

-- Before file_storage_access_changed, which asks whether it is held: triggers run by name.
CREATE FUNCTION ask_for_scan() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    SELECT CASE s.scan_policy WHEN 'before' THEN 'held' WHEN 'after' THEN 'waiting' ELSE NEW.scan_state END
    INTO NEW.scan_state FROM storage_settings s;
    RETURN NEW;
END
$$;
CREATE TRIGGER file_storage_a_scan_changed BEFORE UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status) AND NOT is_counted_file(OLD.status))
    EXECUTE FUNCTION ask_for_scan();
CREATE TRIGGER file_storage_a_scan_new BEFORE INSERT ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status))
    EXECUTE FUNCTION ask_for_scan();

-- Into quarantine from anywhere, also by plain SQL; out of it to the end, or by a release. A pipeline that goes on with a file
-- takes it out of nowhere.
CREATE FUNCTION remember_quarantine() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'quarantined' THEN
        NEW.quarantined_from := OLD.status;
    ELSIF NEW.status = 'deleting' OR (NEW.status = coalesce(OLD.quarantined_from, 'stored') AND NEW.scan_state = 'released') THEN
        NEW.quarantined_from := NULL;
    ELSE
        RAISE EXCEPTION 'file_storage %: quarantined cannot become %', OLD.id, NEW.status USING ERRCODE = 'AT009',
            HINT = 'release_file() takes it back to what it was; or set its status to deleting.';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER file_storage_b_quarantine BEFORE UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (OLD.status = 'quarantined' OR NEW.status = 'quarantined'))
    EXECUTE FUNCTION remember_quarantine();

CREATE FUNCTION queue_file_checks() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO file_checks (file_storage_id, kind)
    SELECT NEW.id, k.kind
    FROM (VALUES ('sound', NEW.content_type = 'audio_file'), ('scan', NEW.scan_state IN ('waiting', 'held'))) AS k (kind, is_due)
    WHERE k.is_due
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_checks_changed AFTER UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status) AND NOT is_counted_file(OLD.status))
    EXECUTE FUNCTION queue_file_checks();
CREATE TRIGGER file_storage_checks_new AFTER INSERT ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status))
    EXECUTE FUNCTION queue_file_checks();

-- As before, and what is held is not opened: it is once its scan is over.
CREATE OR REPLACE FUNCTION follow_file_access() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_is_open boolean := NEW.access_level = 'public' AND is_given_out(NEW.status, NEW.scan_state);
BEGIN
    IF NOT v_is_open THEN
        NEW.cdn_url := NULL;
    END IF;
    IF NEW.status = 'deleted' THEN
        NEW.store_access := 'private';
        NEW.opened_at := NULL;
    ELSIF v_is_open AND NEW.store_access IN ('private', 'closing') THEN
        NEW.store_access := 'opening';
        NEW.opened_at := now();
    ELSIF NOT v_is_open AND NEW.store_access IN ('opening', 'public') THEN
        NEW.store_access := 'closing';
    ELSE
        RETURN NEW;
    END IF;
    NEW.access_version := NEW.access_version + 1;
    NEW.access_due_at := CASE WHEN NEW.store_access IN ('opening', 'closing') THEN now() + interval '1 minute' END;
    RETURN NEW;
END
$$;
DROP TRIGGER file_storage_access_changed ON file_storage;
CREATE TRIGGER file_storage_access_changed BEFORE UPDATE ON file_storage FOR EACH ROW
    WHEN ((OLD.access_level <> NEW.access_level OR OLD.status <> NEW.status OR OLD.scan_state <> NEW.scan_state)
        AND (NEW.access_level = 'public' OR OLD.store_access <> 'private'))
    EXECUTE FUNCTION follow_file_access();

-- What an event says of a file: as before, and how far its scan is.
CREATE OR REPLACE FUNCTION file_event_data(f file_storage)
RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object('file', jsonb_build_object(
        'id', f.id, 'name', f.original_filename, 'size', f.file_size, 'type', f.mime_type,
        'contentType', f.content_type, 'contentCategory', f.content_category, 'derivedFrom', f.derived_from,
        'state', f.status, 'scan', f.scan_state, 'key', f.storage_path, 'bucket', p.bucket_name, 'endpoint', p.endpoint_url,
        'region', p.region, 'etag', f.etag, 'checksumMd5', f.checksum_md5, 'checksumSha256', f.checksum_sha256,
        -- Whoever it was, where that user or workspace is gone.
        'ownerId', coalesce(f.user_id, f.former_user_id),
        'workspaceId', coalesce(f.workspace_id, f.former_workspace_id)))
    FROM storage_providers p WHERE p.id = f.storage_provider_id
$$;

CREATE OR REPLACE FUNCTION write_file_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_events (event_type, ordering_key, data)
    VALUES (
        CASE
            WHEN NEW.status = 'failed' THEN 'upload.failed'
            WHEN NEW.status = 'deleted' THEN 'file.deleted'
            WHEN TG_OP = 'INSERT' OR NOT is_counted_file(OLD.status) THEN 'file.stored'
            WHEN NEW.status = 'quarantined' THEN 'file.quarantined'
            ELSE 'file.released' END,
        'file:' || NEW.id::text,
        file_event_data(NEW) || CASE
            WHEN NEW.status = 'failed' THEN upload_failure(NEW.id)
            WHEN NEW.status = 'quarantined' THEN jsonb_build_object('verdict', NEW.scan_verdict)
            ELSE '{}' END);
    RETURN NULL;
END
$$;
DROP TRIGGER file_storage_event_changed ON file_storage;
CREATE TRIGGER file_storage_event_changed AFTER UPDATE OF status, scan_state ON file_storage FOR EACH ROW
    WHEN ((OLD.status <> NEW.status AND (
            NEW.status IN ('failed', 'deleted', 'quarantined')
            OR (is_counted_file(NEW.status) AND NOT is_counted_file(OLD.status))))
        -- From then on it is given out (again).
        OR (is_counted_file(OLD.status) AND NOT is_given_out(OLD.status, OLD.scan_state)
            AND (OLD.status = 'quarantined' OR OLD.scan_state = 'held')
            AND is_given_out(NEW.status, NEW.scan_state)))
    EXECUTE FUNCTION write_file_event();

-- Says that a file which is held back is all right: back to what it was. Whether it was held back.
CREATE FUNCTION release_file(p_file uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM file_storage f WHERE f.id = p_file FOR UPDATE;
    UPDATE file_storage f
    -- One that was put there before anybody noted where it came from was stored.
    SET status = CASE WHEN f.status = 'quarantined' THEN coalesce(f.quarantined_from, 'stored') ELSE f.status END,
        scan_state = 'released'
    WHERE f.id = p_file AND (f.status = 'quarantined'
        OR (f.scan_state = 'held' AND is_counted_file(f.status)));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- Nobody asks a scanner any more; one that is at it finds that it is too late.
    DELETE FROM file_checks k WHERE k.file_storage_id = p_file AND k.kind = 'scan';
    RETURN true;
END
$$;

-- As before, and nothing is made of what is held.
CREATE OR REPLACE FUNCTION reserve_derived_upload(p_parent uuid, p_idempotency_key text, p_file jsonb)
RETURNS TABLE (outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_user uuid;
    v_workspace uuid;
    v_parent file_storage%ROWTYPE;
    r record;
BEGIN
    SELECT f.user_id, f.workspace_id INTO v_user, v_workspace FROM file_storage f WHERE f.id = p_parent;
    PERFORM 1 FROM users u WHERE u.id = v_user FOR KEY SHARE;
    PERFORM 1 FROM workspaces w WHERE w.id = v_workspace FOR KEY SHARE NOWAIT;
    -- Shared: it cannot begin to go before what is made of it is known.
    SELECT * INTO v_parent FROM file_storage f WHERE f.id = p_parent FOR SHARE;
    details := '{}';
    IF NOT FOUND OR v_parent.status IN ('uploading', 'failed', 'deleting', 'deleted') THEN
        outcome := 'file_not_found';
        RETURN NEXT;
        RETURN;
    END IF;
    IF NOT is_given_out(v_parent.status, v_parent.scan_state) THEN
        outcome := 'file_not_ready';
        details := jsonb_build_object('state', v_parent.status, 'scan', v_parent.scan_state);
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
