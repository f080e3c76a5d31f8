-- What a state means, whoever changes it: counters follow in the same transaction, final states are final, and a row
-- whose object may still exist stays.

CREATE FUNCTION is_open_session(p_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT p_status IN ('creating', 'active', 'completing') $$;

-- Files whose bytes are promised.
CREATE FUNCTION is_counted_file(p_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_status IN ('stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling')
$$;

CREATE FUNCTION move_used(p_scope text, p_scope_id uuid, p_bytes bigint, p_files integer) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO storage_counters AS c (scope, scope_id, used_bytes, used_files)
    VALUES (p_scope, p_scope_id, greatest(p_bytes, 0), greatest(p_files, 0))
    ON CONFLICT (scope, scope_id) DO UPDATE
    SET used_bytes = c.used_bytes + p_bytes, used_files = c.used_files + p_files, updated_at = now()
$$;

-- Statement by statement, not row by row: counters are then locked in their one order, and a change of ten thousand
-- files touches each counter once.
CREATE FUNCTION count_files() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM move_used(d.scope, d.scope_id, d.bytes, d.files) FROM (
        SELECT s.scope, s.scope_id, sum(c.bytes)::bigint AS bytes, sum(c.files)::integer AS files
        FROM (
            SELECT o.user_id, o.workspace_id, -o.file_size, -1 FROM old_rows o WHERE is_counted_file(o.status)
            UNION ALL
            SELECT n.user_id, n.workspace_id, n.file_size, 1 FROM new_rows n WHERE is_counted_file(n.status)
        ) c (user_id, workspace_id, bytes, files)
        CROSS JOIN LATERAL (VALUES ('user', c.user_id), ('workspace', c.workspace_id)) AS s (scope, scope_id)
        WHERE s.scope_id IS NOT NULL
        GROUP BY s.scope, s.scope_id
        HAVING sum(c.bytes) <> 0 OR sum(c.files) <> 0
        ORDER BY s.scope, s.scope_id
        OFFSET 0
    ) d;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_count_changed
    AFTER UPDATE ON file_storage REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_files();

CREATE FUNCTION count_new_files() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM move_used(d.scope, d.scope_id, d.bytes, d.files) FROM (
        SELECT s.scope, s.scope_id, sum(n.file_size)::bigint AS bytes, count(*)::integer AS files
        FROM new_rows n
        CROSS JOIN LATERAL (VALUES ('user', n.user_id), ('workspace', n.workspace_id)) AS s (scope, scope_id)
        WHERE is_counted_file(n.status) AND s.scope_id IS NOT NULL
        GROUP BY s.scope, s.scope_id
        ORDER BY s.scope, s.scope_id
        OFFSET 0
    ) d;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_count_new
    AFTER INSERT ON file_storage REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_new_files();

-- The reservation at birth is reserve_upload's, because there it is conditional. From then on it is this trigger's;
-- one that grows is as conditional as a new one.
CREATE FUNCTION count_sessions() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    d record;
BEGIN
    FOR d IN
        SELECT s.scope, s.scope_id, sum(c.bytes)::bigint AS bytes, sum(c.files)::integer AS files
        FROM (
            SELECT o.user_id, o.workspace_id, -o.total_file_size, -1 FROM old_rows o WHERE is_open_session(o.status)
            UNION ALL
            SELECT n.user_id, n.workspace_id, n.total_file_size, 1 FROM new_rows n WHERE is_open_session(n.status)
        ) c (user_id, workspace_id, bytes, files)
        CROSS JOIN LATERAL (VALUES ('user', c.user_id), ('workspace', c.workspace_id)) AS s (scope, scope_id)
        WHERE s.scope_id IS NOT NULL
        GROUP BY s.scope, s.scope_id
        HAVING sum(c.bytes) <> 0 OR sum(c.files) <> 0
        ORDER BY s.scope, s.scope_id
    LOOP
        IF d.bytes <= 0 AND d.files <= 0 THEN
            UPDATE storage_counters c
            SET reserved_bytes = c.reserved_bytes + d.bytes, reserved_files = c.reserved_files + d.files, updated_at = now()
            WHERE c.scope = d.scope AND c.scope_id = d.scope_id;
        ELSIF NOT reserve_quota(d.scope, d.scope_id, d.bytes, d.files) THEN
            RAISE EXCEPTION 'Not enough storage left for the %', d.scope
                USING ERRCODE = 'AT001', DETAIL = coalesce(quota_details(d.scope, d.scope_id, d.bytes)::text, '');
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER multipart_uploads_count_changed
    AFTER UPDATE ON multipart_uploads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION count_sessions();

CREATE FUNCTION refuse_transition() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% %: % cannot become %', TG_TABLE_NAME, OLD.id, OLD.status, NEW.status USING ERRCODE = 'AT009';
END
$$;
-- What was given back cannot be taken again without asking, so `aborting` leads only to the end.
CREATE TRIGGER multipart_uploads_transition BEFORE UPDATE OF status ON multipart_uploads FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (
        OLD.status IN ('completed', 'aborted', 'failed')
        OR (OLD.status = 'aborting' AND NEW.status NOT IN ('aborted', 'failed'))))
    EXECUTE FUNCTION refuse_transition();
-- Promised bytes leave by `deleting` alone: `failed` would let the row go and forget the object.
CREATE TRIGGER file_storage_transition BEFORE UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND (
        OLD.status IN ('deleted', 'failed')
        OR (OLD.status = 'deleting' AND NEW.status <> 'deleted')
        OR (OLD.status NOT IN ('uploading', 'deleting') AND NEW.status IN ('uploading', 'failed', 'deleted'))))
    EXECUTE FUNCTION refuse_transition();
CREATE TRIGGER upload_chunks_transition BEFORE UPDATE OF status ON upload_chunks FOR EACH ROW
    WHEN (OLD.status = 'completed' AND NEW.status <> 'completed')
    EXECUTE FUNCTION refuse_transition();

CREATE FUNCTION touch_updated_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
CREATE TRIGGER storage_providers_touch BEFORE UPDATE ON storage_providers FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER file_storage_touch BEFORE UPDATE ON file_storage FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER multipart_uploads_touch BEFORE UPDATE ON multipart_uploads FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
CREATE TRIGGER storage_quotas_touch BEFORE UPDATE ON storage_quotas FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

-- A row deleted by hand would leave its object, or the parts of an upload, behind: paid for and unknown.
CREATE FUNCTION refuse_delete() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is %: the store may still hold bytes of it', TG_TABLE_NAME, OLD.id, OLD.status
        USING ERRCODE = 'AT010', HINT = TG_ARGV[0];
END
$$;
CREATE TRIGGER file_storage_delete_protection BEFORE DELETE ON file_storage FOR EACH ROW
    WHEN (OLD.status NOT IN ('deleted', 'failed'))
    EXECUTE FUNCTION refuse_delete('Set its status to deleting; the row may go once it is deleted.');
CREATE TRIGGER multipart_uploads_delete_protection BEFORE DELETE ON multipart_uploads FOR EACH ROW
    WHEN (OLD.status NOT IN ('completed', 'aborted', 'failed'))
    EXECUTE FUNCTION refuse_delete('Set its status to aborting; the row may go once it is aborted.');

-- Users and workspaces may be deleted at any time. Of a user go the files outside any workspace, of a workspace all;
-- open sessions are aborted, except one whose Complete may have reached the store: it ends as it ends, and its file
-- expires at once.
CREATE FUNCTION release_storage_of_owner() RETURNS trigger
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
    SELECT array_agg(s.id) INTO v_files FROM (
        SELECT f.id FROM file_storage f WHERE f.user_id = v_user OR f.workspace_id = v_workspace
        ORDER BY f.id FOR UPDATE) s;
    PERFORM lock_counters(array_agg(r.user_id) || v_user, array_agg(r.workspace_id) || v_workspace) FROM (
        SELECT m.user_id, m.workspace_id FROM multipart_uploads m WHERE m.id = ANY (v_sessions) AND is_open_session(m.status)
        UNION
        SELECT f.user_id, f.workspace_id FROM file_storage f WHERE f.id = ANY (v_files) AND is_counted_file(f.status)) r;

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
-- Sessions to `aborting`, which gives their reservation back; their files never were. The caller has locked both.
CREATE FUNCTION abort_sessions(p_sessions uuid[]) RETURNS void
LANGUAGE sql AS $$
    UPDATE multipart_uploads m SET status = 'aborting' WHERE m.id = ANY (p_sessions);
    UPDATE file_storage f SET status = 'failed'
    FROM multipart_uploads m
    WHERE m.id = ANY (p_sessions) AND f.id = m.file_storage_id AND f.status = 'uploading'
$$;
CREATE TRIGGER users_release_storage BEFORE DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION release_storage_of_owner('user');
CREATE TRIGGER workspaces_release_storage BEFORE DELETE ON workspaces
    FOR EACH ROW EXECUTE FUNCTION release_storage_of_owner('workspace');

-- What the counters should be, by the rows.
CREATE FUNCTION counted_storage()
RETURNS TABLE (scope text, scope_id uuid, used_bytes bigint, reserved_bytes bigint, used_files integer, reserved_files integer)
LANGUAGE sql STABLE AS $$
    SELECT s.scope, s.scope_id, sum(r.used)::bigint, sum(r.reserved)::bigint,
        (count(*) FILTER (WHERE r.used > 0))::integer, (count(*) FILTER (WHERE r.reserved > 0))::integer
    FROM (
        SELECT f.user_id, f.workspace_id, f.file_size, 0 FROM file_storage f WHERE is_counted_file(f.status)
        UNION ALL
        SELECT m.user_id, m.workspace_id, 0, m.total_file_size FROM multipart_uploads m WHERE is_open_session(m.status)
    ) r (user_id, workspace_id, used, reserved)
    CROSS JOIN LATERAL (VALUES ('user', r.user_id), ('workspace', r.workspace_id)) AS s (scope, scope_id)
    WHERE s.scope_id IS NOT NULL
    GROUP BY s.scope, s.scope_id
$$;

-- Scopes whose counters differ from the rows: none, or something is wrong. One snapshot, so a busy system is no excuse.
CREATE FUNCTION recount_storage()
RETURNS TABLE (
    scope text, scope_id uuid,
    counter_used_bytes bigint, actual_used_bytes bigint, counter_reserved_bytes bigint, actual_reserved_bytes bigint,
    counter_used_files integer, actual_used_files integer, counter_reserved_files integer, actual_reserved_files integer)
LANGUAGE sql STABLE AS $$
    SELECT * FROM (
        SELECT scope, scope_id,
            coalesce(c.used_bytes, 0), coalesce(a.used_bytes, 0), coalesce(c.reserved_bytes, 0), coalesce(a.reserved_bytes, 0),
            coalesce(c.used_files, 0), coalesce(a.used_files, 0), coalesce(c.reserved_files, 0), coalesce(a.reserved_files, 0)
        FROM storage_counters c
        FULL JOIN counted_storage() a USING (scope, scope_id)
    ) r (scope, scope_id, c1, a1, c2, a2, c3, a3, c4, a4)
    WHERE (r.c1, r.c2, r.c3, r.c4) <> (r.a1, r.a2, r.a3, r.a4)
$$;

-- Sets the counters of one scope to what its rows say. Under the counter's lock: whoever changes a row must have it.
CREATE FUNCTION repair_counter(p_scope text, p_scope_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storage_counters (scope, scope_id) VALUES (p_scope, p_scope_id) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM storage_counters c WHERE c.scope = p_scope AND c.scope_id = p_scope_id FOR UPDATE;
    UPDATE storage_counters c
    SET used_bytes = f.bytes, used_files = f.files, reserved_bytes = m.bytes, reserved_files = m.files, updated_at = now()
    FROM
        (SELECT coalesce(sum(file_size), 0)::bigint AS bytes, count(*)::integer AS files FROM file_storage
         WHERE is_counted_file(status)
             AND CASE WHEN p_scope = 'user' THEN user_id = p_scope_id ELSE workspace_id = p_scope_id END) f,
        (SELECT coalesce(sum(total_file_size), 0)::bigint AS bytes, count(*)::integer AS files FROM multipart_uploads
         WHERE is_open_session(status)
             AND CASE WHEN p_scope = 'user' THEN user_id = p_scope_id ELSE workspace_id = p_scope_id END) m
    WHERE c.scope = p_scope AND c.scope_id = p_scope_id;
END
$$;
