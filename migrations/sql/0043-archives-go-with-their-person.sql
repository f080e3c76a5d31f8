-- As before; and an archive of everything of somebody's goes with them, made or not. Its rows have no owner, as no quota counts it: whose it
-- is its export says.
CREATE OR REPLACE FUNCTION release_storage_of_owner() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_user uuid := CASE WHEN TG_ARGV[0] = 'user' THEN OLD.id END;
    v_workspace uuid := CASE WHEN TG_ARGV[0] = 'workspace' THEN OLD.id END;
    v_sessions uuid[];
    v_files uuid[];
BEGIN
    -- Every row that the foreign keys are about to set to NULL, also those that keep their state.
    SELECT array_agg(s.id) INTO v_sessions FROM (
        SELECT m.id FROM multipart_uploads m WHERE m.user_id = v_user OR m.workspace_id = v_workspace
        ORDER BY m.id FOR UPDATE) s;
    SELECT v_sessions || array_agg(s.id) INTO v_sessions FROM (
        SELECT m.id FROM multipart_uploads m
        WHERE m.id IN (SELECT e.session_id FROM storage_exports e WHERE e.user_id = v_user AND e.kind = 'user-data')
        ORDER BY m.id FOR UPDATE) s;
    -- What a file is made of is older than the file, and is locked before it.
    SELECT array_agg(s.id) INTO v_files FROM (
        SELECT f.id FROM file_storage f WHERE f.user_id = v_user OR f.workspace_id = v_workspace
        ORDER BY f.created_at, f.id FOR UPDATE) s;
    SELECT v_files || array_agg(s.id) INTO v_files FROM (
        SELECT f.id FROM file_storage f
        WHERE f.id IN (SELECT e.file_storage_id FROM storage_exports e WHERE e.user_id = v_user AND e.kind = 'user-data')
        ORDER BY f.created_at, f.id FOR UPDATE) s;

    -- The owner goes in the same UPDATE as the state: a second one, by the foreign key, would look up the other owner,
    -- whose row may be locked by its own deletion.
    UPDATE file_storage f
    SET user_id = nullif(f.user_id, v_user), workspace_id = nullif(f.workspace_id, v_workspace),
        status = CASE
            WHEN is_counted_file(f.status) AND g.goes THEN 'deleting'
            WHEN f.status = 'uploading' AND m.complete_sent_at IS NULL THEN 'failed'
            ELSE f.status END,
        cdn_url = CASE WHEN NOT g.goes THEN f.cdn_url END,
        expires_at = CASE WHEN g.goes AND m.complete_sent_at IS NOT NULL THEN now() ELSE f.expires_at END
    FROM file_storage o
    CROSS JOIN LATERAL (SELECT v_workspace IS NOT NULL OR o.workspace_id IS NULL AS goes) g
    LEFT JOIN multipart_uploads m ON m.file_storage_id = o.id AND is_open_session(m.status)
    WHERE o.id = ANY (v_files) AND f.id = o.id;
    UPDATE multipart_uploads m
    SET user_id = nullif(m.user_id, v_user), workspace_id = nullif(m.workspace_id, v_workspace),
        status = CASE WHEN is_open_session(m.status) AND m.complete_sent_at IS NULL THEN 'aborting' ELSE m.status END
    WHERE m.id = ANY (v_sessions);
    RETURN OLD;
END
$$;
