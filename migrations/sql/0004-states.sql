-- Every change of state moves the counters in its own transaction, whoever makes it. User first, then workspace.

CREATE FUNCTION is_open_session(p_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT p_status IN ('creating', 'active', 'completing') $$;

CREATE FUNCTION is_counted_file(p_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_status IN ('stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling')
$$;

CREATE FUNCTION move_counters(
    p_user uuid, p_workspace uuid, p_used_bytes bigint, p_used_files integer, p_reserved_bytes bigint, p_reserved_files integer)
RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    s record;
BEGIN
    FOR s IN SELECT * FROM (VALUES (1, 'user', p_user), (2, 'workspace', p_workspace)) AS v (n, scope, id)
             WHERE v.id IS NOT NULL ORDER BY v.n LOOP
        INSERT INTO storage_counters AS c (scope, scope_id, used_bytes, used_files, reserved_bytes, reserved_files)
        VALUES (s.scope, s.id, greatest(p_used_bytes, 0), greatest(p_used_files, 0),
                greatest(p_reserved_bytes, 0), greatest(p_reserved_files, 0))
        ON CONFLICT (scope, scope_id) DO UPDATE SET
            used_bytes = c.used_bytes + p_used_bytes, used_files = c.used_files + p_used_files,
            reserved_bytes = c.reserved_bytes + p_reserved_bytes, reserved_files = c.reserved_files + p_reserved_files,
            updated_at = now();
    END LOOP;
END
$$;

CREATE FUNCTION file_storage_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    was boolean := TG_OP <> 'INSERT' AND is_counted_file(OLD.status);
    is_now boolean := TG_OP <> 'DELETE' AND is_counted_file(NEW.status);
BEGIN
    IF was AND is_now AND OLD.file_size = NEW.file_size
        AND OLD.user_id IS NOT DISTINCT FROM NEW.user_id AND OLD.workspace_id IS NOT DISTINCT FROM NEW.workspace_id THEN
        RETURN NULL;
    END IF;
    IF was THEN
        PERFORM move_counters(OLD.user_id, OLD.workspace_id, -OLD.file_size, -1, 0, 0);
    END IF;
    IF is_now THEN
        PERFORM move_counters(NEW.user_id, NEW.workspace_id, NEW.file_size, 1, 0, 0);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_counts
    AFTER INSERT OR DELETE OR UPDATE OF status, file_size, user_id, workspace_id ON file_storage
    FOR EACH ROW EXECUTE FUNCTION file_storage_changed();

-- Reservation at birth is reserve_upload's, because there it is conditional; from then on it is this trigger's.
CREATE FUNCTION multipart_upload_changed() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    was boolean := is_open_session(OLD.status);
    is_now boolean := TG_OP <> 'DELETE' AND is_open_session(NEW.status);
BEGIN
    IF was AND is_now AND OLD.total_file_size = NEW.total_file_size
        AND OLD.user_id IS NOT DISTINCT FROM NEW.user_id AND OLD.workspace_id IS NOT DISTINCT FROM NEW.workspace_id THEN
        RETURN NULL;
    END IF;
    IF was THEN
        PERFORM move_counters(OLD.user_id, OLD.workspace_id, 0, 0, -OLD.total_file_size, -1);
    END IF;
    IF is_now THEN
        PERFORM move_counters(NEW.user_id, NEW.workspace_id, 0, 0, NEW.total_file_size, 1);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER multipart_uploads_counts
    AFTER DELETE OR UPDATE OF status, total_file_size, user_id, workspace_id ON multipart_uploads
    FOR EACH ROW EXECUTE FUNCTION multipart_upload_changed();

CREATE FUNCTION refuse_leaving_terminal_state() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% % is %: that is final', TG_TABLE_NAME, OLD.id, OLD.status USING ERRCODE = 'AT009';
END
$$;
CREATE TRIGGER multipart_uploads_terminal BEFORE UPDATE OF status ON multipart_uploads FOR EACH ROW
    WHEN (OLD.status IN ('completed', 'aborted', 'failed') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION refuse_leaving_terminal_state();
CREATE TRIGGER file_storage_terminal BEFORE UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (OLD.status IN ('deleted', 'failed') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION refuse_leaving_terminal_state();
CREATE TRIGGER upload_chunks_completed BEFORE UPDATE OF status ON upload_chunks FOR EACH ROW
    WHEN (OLD.status = 'completed' AND NEW.status <> 'completed')
    EXECUTE FUNCTION refuse_leaving_terminal_state();

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

-- A row deleted by hand would leave its object behind, paid for and unknown.
CREATE FUNCTION refuse_delete_of_living_file() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'file % may still have an object at the store: set its status to deleting instead', OLD.id
        USING ERRCODE = 'AT010';
END
$$;
CREATE TRIGGER file_storage_delete_protection BEFORE DELETE ON file_storage FOR EACH ROW
    WHEN (OLD.status NOT IN ('deleted', 'failed'))
    EXECUTE FUNCTION refuse_delete_of_living_file();
