-- A restored database has expiry times of before: a file whose owner has been told since that it lives longer would be deleted. What was
-- born before a gap in this database's life is held back, until a person has said that its times hold.

ALTER TABLE storage_settings ADD COLUMN expiry_gap_seconds integer NOT NULL DEFAULT 3600 CHECK (expiry_gap_seconds >= 300);

-- One row, which travels with every backup.
CREATE TABLE expiry_watch (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- When somebody last looked for what has expired, and in which database.
    seen_at timestamptz NOT NULL,
    seen_in text NOT NULL,
    -- Names one gap: who answers for this one has not answered for the next. NULL: nothing is held back.
    hold_id uuid,
    -- What was promised from here on may be lost …
    unknown_from timestamptz,
    -- … and what was born until here is held back.
    unknown_until timestamptz,
    CHECK ((hold_id IS NULL) = (unknown_from IS NULL) AND (hold_id IS NULL) = (unknown_until IS NULL))
);

-- Other than before in a dump that was read in, in a server that was taken back to a moment, and where a standby took over. A copy of
-- the disk has the same.
CREATE FUNCTION database_identity() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_local text := (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) || '/' || to_regclass('expiry_watch')::oid;
BEGIN
    RETURN v_local || '/' || (SELECT s.system_identifier FROM pg_control_system() s)
        || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8);
EXCEPTION
    -- Not everybody may ask everywhere, and a standby is not told where its log is.
    WHEN insufficient_privilege OR undefined_function OR feature_not_supported OR object_not_in_prerequisite_state THEN
        RETURN v_local;
END
$$;

-- Whether so long a time without a look may hide that a backup was restored. Servers look every half minute, and where a standby took over
-- within a few minutes.
CREATE FUNCTION is_expiry_gap(since interval, is_same_database boolean, allowed interval) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT since >= CASE WHEN is_same_database THEN allowed ELSE least(allowed, interval '5 minutes') END
$$;

-- What was born until then does not expire; -infinity: everything does, at its time. A gap counts before anybody has written it down.
CREATE FUNCTION expiry_held_until() RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT CASE
            WHEN is_expiry_gap(
                now() - w.seen_at, w.seen_in = database_identity(),
                make_interval(secs => coalesce((SELECT s.expiry_gap_seconds FROM storage_settings s), 3600))) THEN now()
            ELSE w.unknown_until END
        FROM expiry_watch w), '-infinity')
$$;

-- Writes down that somebody looks, and a gap if there was one. Waits for nobody: who has the row writes the same.
CREATE FUNCTION watch_expiry() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_until timestamptz;
    v_holds boolean;
BEGIN
    -- Without a row nobody has ever looked here.
    INSERT INTO expiry_watch (seen_at, seen_in)
    SELECT now(), database_identity() WHERE NOT EXISTS (SELECT FROM expiry_watch)
    ON CONFLICT DO NOTHING;
    PERFORM FROM expiry_watch FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    v_until := expiry_held_until();
    -- A hold of nothing ends: what is given a time later on is not of before. What is on its way may yet be there.
    v_holds := isfinite(v_until) AND (
        EXISTS (
            SELECT FROM file_storage f
            WHERE f.expires_at < 'infinity' AND f.created_at <= v_until AND is_counted_file(f.status))
        OR EXISTS (
            SELECT FROM file_storage f
            WHERE f.status = 'uploading' AND f.created_at <= v_until AND f.expires_at < 'infinity'));
    UPDATE expiry_watch w
    SET seen_at = now(), seen_in = database_identity(),
        hold_id = CASE WHEN NOT v_holds THEN NULL WHEN w.unknown_until = v_until THEN w.hold_id ELSE gen_random_uuid() END,
        unknown_from = CASE WHEN v_holds THEN coalesce(w.unknown_from, w.seen_at) END,
        unknown_until = CASE WHEN v_holds THEN v_until END;
END
$$;

-- A person says that the times of what is held back are right: from now on it expires by them.
CREATE FUNCTION end_expiry_hold(p_hold uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE expiry_watch w SET hold_id = NULL, unknown_from = NULL, unknown_until = NULL WHERE w.hold_id = p_hold;
    RETURN FOUND;
END
$$;

-- As before, but for files that are held back; and it says that it was here.
CREATE OR REPLACE FUNCTION cleanup_expired_files(max_claims integer DEFAULT 1000, at timestamptz DEFAULT now())
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_sessions uuid[];
    v_files uuid[];
BEGIN
    PERFORM watch_expiry();
    -- One that is being created or completed right now is left to whoever is at it, and one whose Complete may have
    -- reached the store until that is known.
    SELECT array_agg(s.id) INTO v_sessions FROM (
        SELECT m.id FROM multipart_uploads m
        WHERE m.status IN ('creating', 'active', 'completing') AND m.expires_at <= at
            AND NOT m.complete_asked AND m.put_etag IS NULL
            AND (m.status = 'active' OR (
                m.complete_sent_at IS NULL AND (m.lease_expires_at IS NULL OR m.lease_expires_at <= at)))
        ORDER BY m.expires_at
        LIMIT max_claims
        FOR UPDATE SKIP LOCKED) s;
    SELECT array_agg(s.id) INTO v_files FROM (
        SELECT f.id FROM file_storage f
        WHERE f.expires_at <= at AND f.created_at > (SELECT expiry_held_until()) AND is_counted_file(f.status)
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
