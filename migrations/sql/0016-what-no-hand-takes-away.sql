-- What plain SQL may not take away, and what no log may hold.

-- TRUNCATE asks no trigger of a row: objects would stay, paid for and unknown, and counters would count what is gone.
CREATE FUNCTION refuse_truncate() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% cannot be truncated. %', TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'AT016';
END
$$;
CREATE TRIGGER file_storage_keep BEFORE TRUNCATE ON file_storage FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_truncate('Set the status of files to deleting; rows may be deleted once they are deleted at the store.');
CREATE TRIGGER multipart_uploads_keep BEFORE TRUNCATE ON multipart_uploads FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_truncate('Set the status of sessions to aborting; rows may be deleted once they are aborted at the store.');
CREATE TRIGGER upload_chunks_keep BEFORE TRUNCATE ON upload_chunks FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_truncate('Parts go with the session they belong to.');
CREATE TRIGGER storage_counters_keep BEFORE TRUNCATE ON storage_counters FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_truncate('update_storage_usage(force_recalculate => true) counts them anew.');
CREATE TRIGGER outbox_events_keep BEFORE TRUNCATE ON outbox_events FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_truncate('drop_dead_letters() drops what no receiver took; what was delivered goes after a week.');

-- An event that nobody was told of goes by one of the functions below alone, which say so first.
ALTER TABLE outbox_events DROP CONSTRAINT outbox_events_status_check;
ALTER TABLE outbox_events ADD CONSTRAINT outbox_events_status_check
    CHECK (status IN ('pending', 'delivered', 'dead', 'dropped'));
CREATE FUNCTION refuse_untold() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Event % (%) is %: nobody was told of it', OLD.id, OLD.event_type, OLD.status
        USING ERRCODE = 'AT017', HINT = 'drop_dead_letters() drops what no receiver took; replay_dead_letters() sends it again.';
END
$$;
CREATE TRIGGER outbox_events_delete_protection BEFORE DELETE ON outbox_events FOR EACH ROW
    WHEN (OLD.status NOT IN ('delivered', 'dropped'))
    EXECUTE FUNCTION refuse_untold();

-- Drops dead letters for good, those given or all. Returns how many.
CREATE FUNCTION drop_dead_letters(event_ids uuid[] DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_ids uuid[];
BEGIN
    WITH dropped AS (
        UPDATE outbox_events e SET status = 'dropped'
        WHERE e.status = 'dead' AND (event_ids IS NULL OR e.id = ANY (event_ids))
        RETURNING e.id)
    SELECT array_agg(d.id) INTO v_ids FROM dropped d;
    DELETE FROM outbox_events e WHERE e.id = ANY (v_ids);
    RETURN coalesce(cardinality(v_ids), 0);
END
$$;

-- Drops events that wait since before, at most so many: for a system with nobody to tell. Returns how many.
CREATE FUNCTION drop_untold_events(before timestamptz, max_events integer)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_ids uuid[];
BEGIN
    WITH dropped AS (
        UPDATE outbox_events e SET status = 'dropped', settled_at = now()
        WHERE e.id IN (
            SELECT o.id FROM outbox_events o WHERE o.status = 'pending' AND o.occurred_at <= before
            LIMIT max_events
            FOR UPDATE SKIP LOCKED)
        RETURNING e.id)
    SELECT array_agg(d.id) INTO v_ids FROM dropped d;
    DELETE FROM outbox_events e WHERE e.id = ANY (v_ids);
    RETURN coalesce(cardinality(v_ids), 0);
END
$$;

-- As before, of names at any depth; and no text that is a credential itself: an Authorization header's value, or an address that is
-- signed.
CREATE OR REPLACE FUNCTION has_no_credentials(headers jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT headers IS NULL OR jsonb_typeof(headers) = 'object'
        AND NOT EXISTS (
            SELECT 1
            FROM jsonb_path_query(headers, 'strict $.** ? (@.type() == "object")') AS o (value)
            CROSS JOIN LATERAL jsonb_object_keys(o.value) AS k (name)
            WHERE k.name ~* '(authorization|cookie|token|secret|signature|credential|password|customer-key)')
        AND NOT EXISTS (
            SELECT 1
            FROM jsonb_path_query(headers, 'strict $.** ? (@.type() == "string")') AS t (value)
            WHERE t.value #>> '{}' ~* ('(x-amz-(signature|credential|security-token)|[?&](signature|awsaccesskeyid|token))(=|%3d)'
                || '|aws4-hmac-sha256\s|^\s*(bearer|basic)\s+\S|^\s*aws\s+\S+:\S|authorization\s*[:=]'))
$$;
