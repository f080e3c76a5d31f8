-- What the jobs lean on: expiry in batches, and counters compared with their rows a few at a time.

-- One that is `aborting` stays in multipart_uploads_expiring until the store has let go; behind many of them the open ones
-- would be found late.
CREATE INDEX multipart_uploads_open_expiring ON multipart_uploads (expires_at)
    WHERE status IN ('creating', 'active', 'completing');
CREATE INDEX multipart_uploads_aborting ON multipart_uploads (lease_expires_at NULLS FIRST) WHERE status = 'aborting';
CREATE INDEX multipart_uploads_completing ON multipart_uploads (lease_expires_at) WHERE status = 'completing';

-- As before; `at` is the time that expiry is decided by. A changed list of arguments is another function to PostgreSQL, and
-- beside the old one a call with one argument would be ambiguous.
DROP FUNCTION cleanup_expired_files(integer);
CREATE FUNCTION cleanup_expired_files(max_claims integer DEFAULT 1000, at timestamptz DEFAULT now())
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

-- The next scopes after this one, users before workspaces, each with its counter and what its rows say. All users and
-- workspaces are among them, so that a counter that somebody deleted is missed, and all counters, so that one whose owner
-- is gone must be empty. One statement, one snapshot: a busy system is no excuse.
CREATE FUNCTION recount_storage_after(p_scope text, p_scope_id uuid, p_limit integer)
RETURNS TABLE (
    scope text, scope_id uuid, has_counter boolean,
    counter_used_bytes bigint, actual_used_bytes bigint, counter_reserved_bytes bigint, actual_reserved_bytes bigint,
    counter_used_files integer, actual_used_files integer, counter_reserved_files integer, actual_reserved_files integer)
LANGUAGE sql STABLE AS $$
    SELECT s.scope, s.scope_id, c.scope IS NOT NULL,
        coalesce(c.used_bytes, 0), f.bytes, coalesce(c.reserved_bytes, 0), m.bytes,
        coalesce(c.used_files, 0), f.files, coalesce(c.reserved_files, 0), m.files
    FROM (
        SELECT u.scope, u.scope_id FROM (
            (SELECT 'user' AS scope, id AS scope_id FROM users
             WHERE p_scope = 'user' AND id > p_scope_id ORDER BY id LIMIT p_limit)
            UNION
            (SELECT 'workspace', id FROM workspaces
             WHERE p_scope = 'user' OR id > p_scope_id ORDER BY id LIMIT p_limit)
            UNION
            (SELECT k.scope, k.scope_id FROM storage_counters k
             WHERE (k.scope, k.scope_id) > (p_scope, p_scope_id) ORDER BY k.scope, k.scope_id LIMIT p_limit)
        ) u
        ORDER BY u.scope, u.scope_id
        LIMIT p_limit
    ) s
    LEFT JOIN storage_counters c ON c.scope = s.scope AND c.scope_id = s.scope_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(b.file_size), 0)::bigint AS bytes, count(*)::integer AS files FROM (
            SELECT file_size FROM file_storage WHERE s.scope = 'user' AND user_id = s.scope_id AND is_counted_file(status)
            UNION ALL
            SELECT file_size FROM file_storage
            WHERE s.scope = 'workspace' AND workspace_id = s.scope_id AND is_counted_file(status)
        ) b
    ) f
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(b.total_file_size), 0)::bigint AS bytes, count(*)::integer AS files FROM (
            SELECT total_file_size FROM multipart_uploads
            WHERE s.scope = 'user' AND user_id = s.scope_id AND is_open_session(status)
            UNION ALL
            SELECT total_file_size FROM multipart_uploads
            WHERE s.scope = 'workspace' AND workspace_id = s.scope_id AND is_open_session(status)
        ) b
    ) m
    ORDER BY s.scope, s.scope_id
$$;

-- Reconciliation walks the keys of a bucket beside the rows, both in the order of their bytes.
CREATE INDEX file_storage_key_order ON file_storage (storage_provider_id, storage_path COLLATE "C");

-- Where a reconciliation has got to, so that one that was killed goes on. A row goes when its pass is over.
CREATE TABLE reconcile_progress (
    storage_provider_id uuid PRIMARY KEY REFERENCES storage_providers (id) ON DELETE CASCADE,
    -- All keys up to this one are done.
    after_key text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    objects bigint NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    -- How many of each kind.
    findings jsonb NOT NULL DEFAULT '{}'
);

-- What the last reconciliation found wrong with files that we know: nothing here is ever mended without a person. What a
-- later pass no longer finds goes.
CREATE TABLE reconcile_findings (
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id) ON DELETE CASCADE,
    kind text NOT NULL,
    storage_path text NOT NULL,
    file_storage_id uuid NOT NULL,
    details jsonb NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (storage_provider_id, kind, storage_path)
);
