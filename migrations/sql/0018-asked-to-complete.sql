-- Whether Complete was ever asked of the store for this session. It may have been carried out after it was refused, or since this
-- database was backed up: then the object is at its key, and may have been acknowledged. `put_etag` says the same of single PUTs.
ALTER TABLE multipart_uploads ADD COLUMN complete_asked boolean NOT NULL DEFAULT false;
UPDATE multipart_uploads m SET complete_asked = true
FROM file_storage f WHERE f.id = m.file_storage_id AND is_open_session(m.status) AND f.etag IS NOT NULL;
CREATE INDEX multipart_uploads_asked ON multipart_uploads (expires_at)
    WHERE status = 'active' AND (complete_asked OR put_etag IS NOT NULL);

-- As before, but for sessions that were asked to complete: they end only once somebody has looked whether the object is there.
CREATE OR REPLACE FUNCTION cleanup_expired_files(max_claims integer DEFAULT 1000, at timestamptz DEFAULT now())
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
        WHERE m.status IN ('creating', 'active', 'completing') AND m.expires_at <= at
            AND NOT m.complete_asked AND m.put_etag IS NULL
            AND (m.status = 'active' OR (
                m.complete_sent_at IS NULL AND (m.lease_expires_at IS NULL OR m.lease_expires_at <= at)))
        ORDER BY m.expires_at
        LIMIT max_claims
        FOR UPDATE SKIP LOCKED) s;
    SELECT array_agg(s.id) INTO v_files FROM (
        SELECT f.id FROM file_storage f
        WHERE f.expires_at <= at AND is_counted_file(f.status)
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
