-- Users and workspaces may be deleted while uploads run, and a counter that is wrong stops nobody. The one order of locks, and
-- why, is in decisions/022.

-- What is to be done to counters when this transaction commits; of a committed one there is nothing here. Deltas of an owner who
-- goes, or, with `recounts`, a counter to be counted anew.
CREATE TABLE counter_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope text NOT NULL,
    scope_id uuid NOT NULL,
    used_bytes bigint NOT NULL DEFAULT 0,
    used_files integer NOT NULL DEFAULT 0,
    reserved_bytes bigint NOT NULL DEFAULT 0,
    reserved_files integer NOT NULL DEFAULT 0,
    recounts boolean NOT NULL DEFAULT false,
    -- What a counter said from which more was to be taken than it had.
    counted jsonb
);

-- Counters that were wrong and have been counted anew from their rows, until a reconciliation has told of them.
CREATE TABLE counter_findings (
    scope text NOT NULL,
    scope_id uuid NOT NULL,
    -- What the counter said, and what its rows said: `usedBytes`, `usedFiles`, `reservedBytes`, `reservedFiles`.
    counted jsonb NOT NULL,
    actual jsonb NOT NULL,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, scope_id)
);

CREATE FUNCTION counter_numbers(c storage_counters) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object('usedBytes', c.used_bytes, 'usedFiles', c.used_files,
        'reservedBytes', c.reserved_bytes, 'reservedFiles', c.reserved_files)
$$;

-- Locks a counter; makes an empty one where there is none, also where somebody deletes it at this moment.
CREATE FUNCTION hold_counter(p_scope text, p_scope_id uuid) RETURNS storage_counters
LANGUAGE plpgsql AS $$
DECLARE
    v_counter storage_counters%ROWTYPE;
BEGIN
    LOOP
        SELECT * INTO v_counter FROM storage_counters c WHERE c.scope = p_scope AND c.scope_id = p_scope_id FOR UPDATE;
        IF FOUND THEN
            RETURN v_counter;
        END IF;
        INSERT INTO storage_counters (scope, scope_id) VALUES (p_scope, p_scope_id) ON CONFLICT DO NOTHING;
    END LOOP;
END
$$;

-- Sets one counter to what its rows say, under its lock, and writes down if that is another number. Rows of transactions that are
-- still to change the counter are not seen, so what they change it by comes on top.
CREATE OR REPLACE FUNCTION repair_counter(p_scope text, p_scope_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_counter storage_counters%ROWTYPE;
    v_counted jsonb;
    v_actual jsonb;
    v_impossible jsonb;
BEGIN
    v_counter := hold_counter(p_scope, p_scope_id);
    -- Our own rows say already what was to be done about them at the end.
    WITH settled AS (DELETE FROM counter_changes d WHERE d.scope = p_scope AND d.scope_id = p_scope_id RETURNING d.id, d.counted)
    SELECT s.counted INTO v_impossible FROM settled s WHERE s.counted IS NOT NULL ORDER BY s.id LIMIT 1;
    v_counted := coalesce(v_impossible, counter_numbers(v_counter));

    UPDATE storage_counters c
    SET used_bytes = f.bytes, used_files = f.files, reserved_bytes = m.bytes, reserved_files = m.files, updated_at = now()
    FROM (
        SELECT coalesce(sum(b.file_size), 0)::bigint AS bytes, count(*)::integer AS files FROM (
            SELECT file_size FROM file_storage WHERE p_scope = 'user' AND user_id = p_scope_id AND is_counted_file(status)
            UNION ALL
            SELECT file_size FROM file_storage
            WHERE p_scope = 'workspace' AND workspace_id = p_scope_id AND is_counted_file(status)) b
    ) f, (
        SELECT coalesce(sum(b.total_file_size), 0)::bigint AS bytes, count(*)::integer AS files FROM (
            SELECT total_file_size FROM multipart_uploads
            WHERE p_scope = 'user' AND user_id = p_scope_id AND is_open_session(status)
            UNION ALL
            SELECT total_file_size FROM multipart_uploads
            WHERE p_scope = 'workspace' AND workspace_id = p_scope_id AND is_open_session(status)) b
    ) m
    WHERE c.scope = p_scope AND c.scope_id = p_scope_id
    RETURNING c.* INTO v_counter;
    v_actual := counter_numbers(v_counter);
    IF v_impossible IS NULL AND v_counted = v_actual THEN
        RETURN;
    END IF;
    INSERT INTO counter_findings AS k (scope, scope_id, counted, actual) VALUES (p_scope, p_scope_id, v_counted, v_actual)
    ON CONFLICT (scope, scope_id) DO UPDATE
    SET counted = excluded.counted, actual = excluded.actual, last_seen_at = excluded.last_seen_at;
    RAISE WARNING 'The counter of % % said %, its rows say %: it was counted anew', p_scope, p_scope_id, v_counted, v_actual;
END
$$;

-- Adds to a counter, or takes from it. One that is missing, or has less than is taken, was wrong before: what it lacks is made up
-- at the commit, when all that this transaction does is to be seen in the rows.
CREATE FUNCTION change_counter(
    p_scope text, p_scope_id uuid, p_used_bytes bigint, p_used_files integer, p_reserved_bytes bigint, p_reserved_files integer)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_counter storage_counters%ROWTYPE;
    v_is_impossible boolean;
BEGIN
    UPDATE storage_counters c
    SET used_bytes = c.used_bytes + p_used_bytes, used_files = c.used_files + p_used_files,
        reserved_bytes = c.reserved_bytes + p_reserved_bytes, reserved_files = c.reserved_files + p_reserved_files,
        updated_at = now()
    WHERE c.scope = p_scope AND c.scope_id = p_scope_id
        AND c.used_bytes + p_used_bytes >= 0 AND c.used_files + p_used_files >= 0
        AND c.reserved_bytes + p_reserved_bytes >= 0 AND c.reserved_files + p_reserved_files >= 0;
    IF FOUND THEN
        RETURN;
    END IF;
    v_counter := hold_counter(p_scope, p_scope_id);
    v_is_impossible := v_counter.used_bytes + p_used_bytes < 0 OR v_counter.used_files + p_used_files < 0
        OR v_counter.reserved_bytes + p_reserved_bytes < 0 OR v_counter.reserved_files + p_reserved_files < 0;
    UPDATE storage_counters c
    SET used_bytes = greatest(c.used_bytes + p_used_bytes, 0), used_files = greatest(c.used_files + p_used_files, 0),
        reserved_bytes = greatest(c.reserved_bytes + p_reserved_bytes, 0),
        reserved_files = greatest(c.reserved_files + p_reserved_files, 0), updated_at = now()
    WHERE c.scope = p_scope AND c.scope_id = p_scope_id;
    INSERT INTO counter_changes (scope, scope_id, recounts, counted)
    VALUES (p_scope, p_scope_id, true, CASE WHEN v_is_impossible THEN counter_numbers(v_counter) END);
END
$$;

-- At the commit, for all that waits here: each counter once, in their one order, and nothing else is locked after them.
CREATE INDEX counter_changes_scope ON counter_changes (scope, scope_id);
CREATE FUNCTION settle_counters() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    d record;
BEGIN
    -- The first of them has settled those of the others.
    PERFORM 1 FROM counter_changes k WHERE k.id = NEW.id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    FOR d IN
        SELECT k.scope, k.scope_id, bool_or(k.recounts) AS recounts,
            sum(k.used_bytes)::bigint AS used_bytes, sum(k.used_files)::integer AS used_files,
            sum(k.reserved_bytes)::bigint AS reserved_bytes, sum(k.reserved_files)::integer AS reserved_files
        FROM counter_changes k
        GROUP BY k.scope, k.scope_id
        ORDER BY k.scope, k.scope_id
    LOOP
        IF d.recounts THEN
            PERFORM repair_counter(d.scope, d.scope_id);
        ELSE
            DELETE FROM counter_changes k WHERE k.scope = d.scope AND k.scope_id = d.scope_id;
            PERFORM change_counter(d.scope, d.scope_id, d.used_bytes, d.used_files, d.reserved_bytes, d.reserved_files);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER counter_changes_settle AFTER INSERT ON counter_changes
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION settle_counters();

-- As before, but rows that lose an owner change their counters at the commit: until then whoever deletes owners takes the next
-- owner's rows, and must not hold a counter meanwhile.
CREATE OR REPLACE FUNCTION count_files() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    d record;
BEGIN
    FOR d IN
        SELECT s.scope, s.scope_id, sum(c.bytes)::bigint AS bytes, sum(c.files)::integer AS files,
            (SELECT count(o.user_id) + count(o.workspace_id) FROM old_rows o)
                > (SELECT count(n.user_id) + count(n.workspace_id) FROM new_rows n) AS loses_owner
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
    LOOP
        IF d.loses_owner THEN
            INSERT INTO counter_changes (scope, scope_id, used_bytes, used_files)
            VALUES (d.scope, d.scope_id, d.bytes, d.files);
        ELSE
            PERFORM change_counter(d.scope, d.scope_id, d.bytes, d.files, 0, 0);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION count_new_files() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM change_counter(d.scope, d.scope_id, d.bytes, d.files, 0, 0) FROM (
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
DROP FUNCTION move_used(text, uuid, bigint, integer);

CREATE OR REPLACE FUNCTION count_sessions() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    d record;
BEGIN
    FOR d IN
        SELECT s.scope, s.scope_id, sum(c.bytes)::bigint AS bytes, sum(c.files)::integer AS files,
            (SELECT count(o.user_id) + count(o.workspace_id) FROM old_rows o)
                > (SELECT count(n.user_id) + count(n.workspace_id) FROM new_rows n) AS loses_owner
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
        IF d.loses_owner THEN
            INSERT INTO counter_changes (scope, scope_id, reserved_bytes, reserved_files)
            VALUES (d.scope, d.scope_id, d.bytes, d.files);
        ELSIF d.bytes <= 0 AND d.files <= 0 THEN
            PERFORM change_counter(d.scope, d.scope_id, 0, 0, d.bytes, d.files);
        ELSE
            IF NOT EXISTS (SELECT FROM storage_counters c WHERE c.scope = d.scope AND c.scope_id = d.scope_id) THEN
                -- Made of the rows, which have grown already; whether they may is asked next.
                PERFORM repair_counter(d.scope, d.scope_id);
                PERFORM change_counter(d.scope, d.scope_id, 0, 0, -d.bytes, -d.files);
            END IF;
            IF NOT reserve_quota(d.scope, d.scope_id, d.bytes, d.files) THEN
                RAISE EXCEPTION 'Not enough storage left for the %', d.scope
                    USING ERRCODE = 'AT001', DETAIL = coalesce(quota_details(d.scope, d.scope_id, d.bytes)::text, '');
            END IF;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

-- Of any number of statements that delete users or workspaces one goes on, and its transaction to its end: they lock rows of each
-- other's owners in no order that could be known beforehand. Nobody who uploads takes this lock.
CREATE FUNCTION take_turn_to_delete_owners() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audiotricks owners'), 0);
    RETURN NULL;
END
$$;
CREATE TRIGGER users_take_turn BEFORE DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION take_turn_to_delete_owners();
CREATE TRIGGER workspaces_take_turn BEFORE DELETE ON workspaces
    FOR EACH STATEMENT EXECUTE FUNCTION take_turn_to_delete_owners();

-- As before, without a counter: those wait until the commit.
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
    -- What a file is made of is older than the file, and is locked before it.
    SELECT array_agg(s.id) INTO v_files FROM (
        SELECT f.id FROM file_storage f WHERE f.user_id = v_user OR f.workspace_id = v_workspace
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

-- A quota that goes with its owner moves no step: its counter is locked at the commit alone.
CREATE OR REPLACE FUNCTION follow_changed_quotas() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM follow_quota_levels(
        coalesce(array_agg(u.id) FILTER (WHERE u.id IS NOT NULL), '{}'),
        coalesce(array_agg(w.id) FILTER (WHERE w.id IS NOT NULL), '{}'))
    FROM changed_rows q
    LEFT JOIN users u ON u.id = q.user_id
    LEFT JOIN workspaces w ON w.id = q.workspace_id;
    RETURN NULL;
END
$$;

-- As before; only the user is waited for, while nothing is held. A workspace that somebody is deleting is refused with 55P03
-- (lock_not_available), to be tried again: they may want the user next. Counters that are missing are made of the rows.
CREATE OR REPLACE FUNCTION reserve_uploads(p_user uuid, p_origin text, p_idempotency_key text, p_files jsonb)
RETURNS TABLE (ordinal integer, client_id text, outcome text, session_id uuid, file_id uuid, details jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    v_file record;
    v_counter record;
    v_held integer;
    v_is_known boolean;
    v_workspaces uuid[];
BEGIN
    -- Before any counter: whoever deletes a user or workspace holds its row and wants the counters last.
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
            FOR KEY SHARE NOWAIT) w;
        -- Again, where somebody deletes one at this moment.
        LOOP
            FOR v_counter IN
                INSERT INTO storage_counters AS c (scope, scope_id)
                SELECT s.scope, s.scope_id FROM (
                    SELECT 'user' AS scope, p_user AS scope_id UNION ALL SELECT 'workspace', unnest(v_workspaces)) s
                ORDER BY s.scope, s.scope_id
                ON CONFLICT DO NOTHING
                RETURNING c.scope, c.scope_id
            LOOP
                PERFORM repair_counter(v_counter.scope, v_counter.scope_id);
            END LOOP;
            PERFORM 1 FROM storage_counters c
            WHERE (c.scope = 'user' AND c.scope_id = p_user) OR (c.scope = 'workspace' AND c.scope_id = ANY (v_workspaces))
            ORDER BY c.scope, c.scope_id
            FOR UPDATE;
            GET DIAGNOSTICS v_held = ROW_COUNT;
            EXIT WHEN v_held = 1 + coalesce(cardinality(v_workspaces), 0);
        END LOOP;
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

-- As before; the workspace too before the file, and not waited for while the user is held.
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
    IF v_parent.status NOT IN ('stored', 'processing', 'processed') THEN
        outcome := 'file_not_ready';
        details := jsonb_build_object('state', v_parent.status);
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

-- Of these users, or workspaces, those that nobody is deleting; they stay until the transaction ends. Waits for nobody.
CREATE FUNCTION hold_users(p_ids uuid[]) RETURNS uuid[]
LANGUAGE sql AS $$
    SELECT coalesce(array_agg(h.id), '{}') FROM (
        SELECT u.id FROM users u WHERE u.id = ANY (p_ids) ORDER BY u.id FOR KEY SHARE SKIP LOCKED) h
$$;
CREATE FUNCTION hold_workspaces(p_ids uuid[]) RETURNS uuid[]
LANGUAGE sql AS $$
    SELECT coalesce(array_agg(h.id), '{}') FROM (
        SELECT w.id FROM workspaces w WHERE w.id = ANY (p_ids) ORDER BY w.id FOR KEY SHARE SKIP LOCKED) h
$$;

-- As before, of owners that nobody is deleting: who goes has no history.
CREATE OR REPLACE FUNCTION update_storage_usage(
    user_uuid uuid DEFAULT NULL,
    workspace_uuid uuid DEFAULT NULL,
    force_recalculate boolean DEFAULT false
)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_start date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    v_end date := (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month - 1 day')::date;
    v_users uuid[];
    v_workspaces uuid[];
BEGIN
    SELECT hold_users(array_agg(DISTINCT s.user_id)), hold_workspaces(array_agg(DISTINCT s.workspace_id))
    INTO v_users, v_workspaces
    FROM (
        SELECT f.user_id, f.workspace_id FROM file_storage f
        WHERE is_counted_file(f.status)
            AND (user_uuid IS NULL OR f.user_id = user_uuid)
            AND (workspace_uuid IS NULL OR f.workspace_id = workspace_uuid)
        UNION
        SELECT u.user_id, u.workspace_id FROM storage_usage u
        WHERE (u.period_start = v_start OR u.is_current_period)
            AND (user_uuid IS NULL OR u.user_id = user_uuid)
            AND (workspace_uuid IS NULL OR u.workspace_id = workspace_uuid)
        UNION
        SELECT CASE c.scope WHEN 'user' THEN c.scope_id END, CASE c.scope WHEN 'workspace' THEN c.scope_id END
        FROM (SELECT scope, scope_id FROM storage_counters UNION SELECT scope, scope_id FROM counted_storage()) c
        WHERE force_recalculate AND ((user_uuid IS NULL AND workspace_uuid IS NULL)
            OR (c.scope = 'user' AND c.scope_id = user_uuid) OR (c.scope = 'workspace' AND c.scope_id = workspace_uuid))
    ) s;

    IF force_recalculate THEN
        PERFORM repair_counter(s.scope, s.scope_id) FROM (
            SELECT c.scope, c.scope_id
            FROM (SELECT scope, scope_id FROM storage_counters UNION SELECT scope, scope_id FROM counted_storage()) c
            -- One whose owner is gone must come to nothing.
            WHERE CASE c.scope
                    WHEN 'user' THEN c.scope_id = ANY (v_users) OR NOT EXISTS (SELECT FROM users u WHERE u.id = c.scope_id)
                    ELSE c.scope_id = ANY (v_workspaces) OR NOT EXISTS (SELECT FROM workspaces w WHERE w.id = c.scope_id) END
                AND ((user_uuid IS NULL AND workspace_uuid IS NULL)
                    OR (c.scope = 'user' AND c.scope_id = user_uuid)
                    OR (c.scope = 'workspace' AND c.scope_id = workspace_uuid))
            ORDER BY c.scope, c.scope_id
            OFFSET 0) s;
    END IF;

    WITH stats AS (
        SELECT f.user_id, f.workspace_id, count(*) AS files, sum(f.file_size) AS bytes,
            count(*) FILTER (WHERE f.content_type = 'audio_file') AS audio_files,
            coalesce(sum(f.file_size) FILTER (WHERE f.content_type = 'audio_file'), 0) AS audio_bytes,
            count(*) FILTER (WHERE f.content_type = 'export_file') AS export_files,
            coalesce(sum(f.file_size) FILTER (WHERE f.content_type = 'export_file'), 0) AS export_bytes,
            count(*) FILTER (WHERE p.provider_name = 'digitalocean_spaces') AS spaces_files,
            coalesce(sum(f.file_size) FILTER (WHERE p.provider_name = 'digitalocean_spaces'), 0) AS spaces_bytes
        FROM file_storage f
        JOIN storage_providers p ON p.id = f.storage_provider_id
        WHERE is_counted_file(f.status)
            AND (user_uuid IS NULL OR f.user_id = user_uuid)
            AND (workspace_uuid IS NULL OR f.workspace_id = workspace_uuid)
        GROUP BY f.user_id, f.workspace_id
    ), scopes AS (
        SELECT a.user_id, a.workspace_id FROM (
            SELECT s.user_id, s.workspace_id FROM stats s
            UNION
            -- Scopes that had files and have none any more go to zero.
            SELECT u.user_id, u.workspace_id FROM storage_usage u
            WHERE u.period_start = v_start
                AND (user_uuid IS NULL OR u.user_id = user_uuid)
                AND (workspace_uuid IS NULL OR u.workspace_id = workspace_uuid)) a
        WHERE (a.user_id IS NULL OR a.user_id = ANY (v_users))
            AND (a.workspace_id IS NULL OR a.workspace_id = ANY (v_workspaces))
    )
    INSERT INTO storage_usage AS u (
        user_id, workspace_id, total_files, total_size_bytes, audio_files_count, audio_files_size,
        export_files_count, export_files_size, spaces_files_count, spaces_size_bytes,
        storage_quota_bytes, file_count_quota, period_start, period_end, is_current_period)
    SELECT scopes.user_id, scopes.workspace_id,
        coalesce(s.files, 0), coalesce(s.bytes, 0), coalesce(s.audio_files, 0), coalesce(s.audio_bytes, 0),
        coalesce(s.export_files, 0), coalesce(s.export_bytes, 0), coalesce(s.spaces_files, 0), coalesce(s.spaces_bytes, 0),
        l.max_bytes, l.max_files, v_start, v_end, true
    FROM scopes
    LEFT JOIN stats s
        ON s.user_id IS NOT DISTINCT FROM scopes.user_id AND s.workspace_id IS NOT DISTINCT FROM scopes.workspace_id
    CROSS JOIN LATERAL quota_limits(
        CASE WHEN scopes.workspace_id IS NULL THEN 'user' ELSE 'workspace' END,
        coalesce(scopes.workspace_id, scopes.user_id)) l
    ORDER BY scopes.user_id, scopes.workspace_id
    ON CONFLICT (user_id, workspace_id, period_start, period_end) DO UPDATE SET
        total_files = excluded.total_files, total_size_bytes = excluded.total_size_bytes,
        audio_files_count = excluded.audio_files_count, audio_files_size = excluded.audio_files_size,
        export_files_count = excluded.export_files_count, export_files_size = excluded.export_files_size,
        spaces_files_count = excluded.spaces_files_count, spaces_size_bytes = excluded.spaces_size_bytes,
        storage_quota_bytes = excluded.storage_quota_bytes, file_count_quota = excluded.file_count_quota,
        is_current_period = true, calculated_at = now();

    UPDATE storage_usage u SET is_current_period = false
    WHERE u.is_current_period AND u.period_start <> v_start
        AND (user_uuid IS NULL OR u.user_id = user_uuid)
        AND (workspace_uuid IS NULL OR u.workspace_id = workspace_uuid)
        AND (u.user_id IS NULL OR u.user_id = ANY (v_users))
        AND (u.workspace_id IS NULL OR u.workspace_id = ANY (v_workspaces));
END
$$;

-- As before, of owners that nobody is deleting.
CREATE OR REPLACE FUNCTION write_usage_day(p_scope text, p_scope_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_users uuid[] := CASE p_scope WHEN 'user' THEN hold_users(p_scope_ids) END;
    v_workspaces uuid[] := CASE p_scope WHEN 'workspace' THEN hold_workspaces(p_scope_ids) END;
BEGIN
    INSERT INTO storage_usage_days AS d (user_id, workspace_id, day, used_bytes, used_files, limit_bytes, limit_files)
    SELECT CASE p_scope WHEN 'user' THEN c.scope_id END, CASE p_scope WHEN 'workspace' THEN c.scope_id END,
        (now() AT TIME ZONE 'UTC')::date, c.used_bytes, c.used_files, l.max_bytes, l.max_files
    FROM storage_counters c
    CROSS JOIN LATERAL quota_limits(c.scope, c.scope_id) l
    WHERE c.scope = p_scope AND c.scope_id = ANY (CASE p_scope WHEN 'user' THEN v_users ELSE v_workspaces END)
    ORDER BY c.scope_id
    ON CONFLICT (user_id, workspace_id, day) DO UPDATE SET
        used_bytes = excluded.used_bytes, used_files = excluded.used_files,
        limit_bytes = excluded.limit_bytes, limit_files = excluded.limit_files, counted_at = excluded.counted_at;
END
$$;
