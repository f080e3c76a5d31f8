-- One bucket that does not answer holds no other back, and a file that is asked for goes before those that nobody waits for.
-- Decisions/049.

-- Each backup has its own queue: of one that is disabled or away nothing is read. One index for all would be taken for the cheaper one,
-- and walked over: servers of the release before sort what waits.
CREATE INDEX file_backups_due_at_backup ON file_backups (backup_provider_id, due_at) WHERE state IN ('pending', 'copying', 'failed');
CREATE INDEX file_backups_removing ON file_backups (due_at) WHERE state = 'removing';
DROP INDEX file_backups_due;
-- The same of each bucket that files go to; what somebody waits for comes first.
CREATE INDEX file_moves_due_at_place ON file_moves (to_provider_id, (kind <> 'recall'), due_at) WHERE due_at IS NOT NULL;

-- What went cold before there was a backup has no copy, so a cold bucket may have a backup of its own.
CREATE OR REPLACE FUNCTION refuse_wrong_backup() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM storage_providers p WHERE p.id = NEW.backup_provider_id AND p.purpose = 'backup')
        OR NOT EXISTS (SELECT FROM storage_providers p WHERE p.id = NEW.storage_provider_id AND p.purpose IN ('files', 'cold')) THEN
        RAISE EXCEPTION 'Provider % cannot be the backup of %', NEW.backup_provider_id, NEW.storage_provider_id USING ERRCODE = 'AT018';
    END IF;
    RETURN NEW;
END
$$;

-- What was stored while a backup was disabled was queued by nobody: it is filled anew, and has no recovery point until then.
CREATE FUNCTION fill_backup_anew() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE storage_backups b SET seen_from = NULL, filled_up_to = '', filled_at = NULL WHERE b.backup_provider_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER storage_providers_fill_anew AFTER UPDATE OF is_active ON storage_providers FOR EACH ROW
    WHEN (NEW.purpose = 'backup' AND NEW.is_active AND NOT OLD.is_active)
    EXECUTE FUNCTION fill_backup_anew();

-- As before; but a file that goes to another bucket has neither come to its workspace nor left it.
CREATE OR REPLACE FUNCTION queue_file_change() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_was boolean := TG_OP = 'UPDATE' AND is_counted_file(OLD.status);
    v_is boolean := is_counted_file(NEW.status);
    v_stays boolean;
BEGIN
    v_stays := v_was AND v_is AND OLD.content_type = NEW.content_type
        AND OLD.workspace_id IS NOT DISTINCT FROM NEW.workspace_id AND OLD.stored_at IS NOT DISTINCT FROM NEW.stored_at;
    IF v_stays AND OLD.storage_provider_id = NEW.storage_provider_id THEN
        IF OLD.file_size <> NEW.file_size OR OLD.download_count <> NEW.download_count THEN
            INSERT INTO storage_file_changes (storage_provider_id, workspace_id, content_type, files, bytes, downloads)
            VALUES (NEW.storage_provider_id, NEW.workspace_id, NEW.content_type, 0, NEW.file_size - OLD.file_size,
                NEW.download_count - OLD.download_count);
        END IF;
    ELSE
        v_stays := v_stays AND OLD.file_size = NEW.file_size AND OLD.download_count = NEW.download_count;
        IF v_was THEN
            INSERT INTO storage_file_changes (storage_provider_id, workspace_id, content_type, slot, files, bytes, downloads)
            VALUES (OLD.storage_provider_id, CASE WHEN NOT v_stays THEN OLD.workspace_id END, OLD.content_type,
                stored_slot(OLD.stored_at), -1, -OLD.file_size, -OLD.download_count);
        END IF;
        IF v_is THEN
            INSERT INTO storage_file_changes (storage_provider_id, workspace_id, content_type, slot, files, bytes, downloads)
            VALUES (NEW.storage_provider_id, CASE WHEN NOT v_stays THEN NEW.workspace_id END, NEW.content_type,
                stored_slot(NEW.stored_at), 1, NEW.file_size, NEW.download_count);
        END IF;
    END IF;
    -- Under the lock of the file's row, so whoever else writes this row waits there already.
    IF v_is AND NEW.last_accessed_at IS NOT NULL THEN
        IF NOT v_was OR NEW.last_accessed_at IS DISTINCT FROM OLD.last_accessed_at
            OR OLD.storage_provider_id <> NEW.storage_provider_id THEN
            INSERT INTO file_last_accesses AS a (file_storage_id, storage_provider_id, accessed_at)
            VALUES (NEW.id, NEW.storage_provider_id, NEW.last_accessed_at)
            ON CONFLICT (file_storage_id) DO UPDATE
            SET storage_provider_id = excluded.storage_provider_id, accessed_at = excluded.accessed_at;
        END IF;
    ELSIF v_was AND OLD.last_accessed_at IS NOT NULL THEN
        DELETE FROM file_last_accesses a WHERE a.file_storage_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;

-- Buckets of copies are on the bill as well: what lies there is seen when they are compared with their rows, every night.
ALTER TABLE storage_bytes_days DROP CONSTRAINT storage_bytes_days_kind_check;
ALTER TABLE storage_bytes_days ADD CONSTRAINT storage_bytes_days_kind_check
    CHECK (kind IN ('files', 'incomplete_parts', 'old_versions', 'orphans', 'copies'));
ALTER TABLE storage_invisible_bytes DROP CONSTRAINT storage_invisible_bytes_kind_check;
ALTER TABLE storage_invisible_bytes ADD CONSTRAINT storage_invisible_bytes_kind_check
    CHECK (kind IN ('incomplete_parts', 'old_versions', 'orphans', 'copies'));
