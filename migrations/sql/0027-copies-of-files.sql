-- Copies of stored files in another bucket. Decisions/035.

ALTER TABLE storage_providers
    -- files: what people upload and read. backup: copies of it, which nobody uploads to or reads from.
    ADD COLUMN purpose text NOT NULL DEFAULT 'files' CHECK (purpose IN ('files', 'backup')),
    ADD CONSTRAINT storage_providers_backup_check CHECK (purpose = 'files' OR NOT is_primary);

-- Whose files are copied where. Of a backup that is disabled nothing more is copied.
CREATE TABLE storage_backups (
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    backup_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- A transaction of after this row was committed: whatever did not see the row is over once all before it are.
    seen_from xid8,
    -- Files of before, by their keys: queued up to here; all of them since then.
    filled_up_to text NOT NULL DEFAULT '',
    filled_at timestamptz,
    PRIMARY KEY (storage_provider_id, backup_provider_id),
    CHECK (storage_provider_id <> backup_provider_id)
);
CREATE INDEX storage_backups_backup ON storage_backups (backup_provider_id);

CREATE FUNCTION refuse_wrong_backup() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM storage_providers p WHERE p.id = NEW.backup_provider_id AND p.purpose = 'backup')
        OR NOT EXISTS (SELECT FROM storage_providers p WHERE p.id = NEW.storage_provider_id AND p.purpose = 'files') THEN
        RAISE EXCEPTION 'Provider % cannot be the backup of %', NEW.backup_provider_id, NEW.storage_provider_id USING ERRCODE = 'AT018';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER storage_backups_purpose BEFORE INSERT OR UPDATE OF storage_provider_id, backup_provider_id ON storage_backups
    FOR EACH ROW EXECUTE FUNCTION refuse_wrong_backup();

CREATE FUNCTION refuse_other_purpose() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Provider %: what a bucket is for does not change', OLD.id USING ERRCODE = 'AT018';
END
$$;
CREATE TRIGGER storage_providers_purpose BEFORE UPDATE OF purpose ON storage_providers FOR EACH ROW
    WHEN (OLD.purpose <> NEW.purpose) EXECUTE FUNCTION refuse_other_purpose();
-- However a file comes there: copies of others are deleted there.
CREATE FUNCTION refuse_file_in_backup() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM storage_providers p WHERE p.id = NEW.storage_provider_id AND p.purpose = 'backup') THEN
        RAISE EXCEPTION 'Provider % keeps copies, not files', NEW.storage_provider_id USING ERRCODE = 'AT018';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER file_storage_a_not_in_backup BEFORE INSERT OR UPDATE OF storage_provider_id ON file_storage
    FOR EACH ROW EXECUTE FUNCTION refuse_file_in_backup();

-- One copy. It outlives the file, and even its row: so it says itself where it is, and no row takes it along.
CREATE TABLE file_backups (
    file_storage_id uuid NOT NULL,
    backup_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    state text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'copying', 'copied', 'failed', 'removing', 'removed')),
    object_key text NOT NULL,
    file_size bigint NOT NULL CHECK (file_size > 0),
    stored_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- What is to be done next; of copying and removing, when whoever is at it has been silent for too long.
    due_at timestamptz DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_token uuid,
    -- At the backup: of a copy in parts, while it is made.
    upload_id text,
    -- Of the copy, proved at the backup.
    etag text,
    copied_at timestamptz,
    error_code text,
    error_message text,
    -- Since when the file is no longer promised; the copy goes some time after.
    deleted_at timestamptz,
    -- At the files' own bucket, while the file is put back there in parts.
    restore_upload_id text,
    PRIMARY KEY (file_storage_id, backup_provider_id),
    UNIQUE (backup_provider_id, object_key),
    CHECK ((state = 'failed') = (error_code IS NOT NULL)),
    CHECK (state <> 'copied' OR (etag IS NOT NULL AND copied_at IS NOT NULL AND upload_id IS NULL)),
    CHECK ((due_at IS NULL) = (state IN ('copied', 'removed'))),
    CHECK (state IN ('pending', 'copying', 'failed', 'copied') OR deleted_at IS NOT NULL),
    CHECK (lease_token IS NULL OR state IN ('copying', 'removing'))
) WITH (fillfactor = 80);
CREATE INDEX file_backups_due ON file_backups (due_at) WHERE state IN ('pending', 'copying', 'failed', 'removing');
CREATE INDEX file_backups_waiting ON file_backups (backup_provider_id, stored_at) WHERE state IN ('pending', 'copying', 'failed');
CREATE INDEX file_backups_deleted ON file_backups (deleted_at) WHERE state = 'copied' AND deleted_at IS NOT NULL;
CREATE INDEX file_backups_restoring ON file_backups (restore_upload_id) WHERE restore_upload_id IS NOT NULL;

CREATE FUNCTION queue_file_backups() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO file_backups (file_storage_id, backup_provider_id, object_key, file_size, stored_at)
    SELECT NEW.id, b.backup_provider_id, NEW.storage_path, NEW.file_size, coalesce(NEW.stored_at, now())
    FROM storage_backups b JOIN storage_providers p ON p.id = b.backup_provider_id
    WHERE b.storage_provider_id = NEW.storage_provider_id AND p.is_active
    ON CONFLICT (file_storage_id, backup_provider_id) DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_backups_changed AFTER UPDATE OF status, storage_provider_id ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status)
        AND (NOT is_counted_file(OLD.status) OR NEW.storage_provider_id <> OLD.storage_provider_id))
    EXECUTE FUNCTION queue_file_backups();
CREATE TRIGGER file_storage_backups_new AFTER INSERT ON file_storage FOR EACH ROW
    WHEN (is_counted_file(NEW.status))
    EXECUTE FUNCTION queue_file_backups();

-- What was copied stays for a while; of what was not, nothing more is copied, and what there is of it is taken away.
CREATE FUNCTION end_file_backups() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE file_backups b
    SET deleted_at = now(),
        state = CASE b.state WHEN 'copied' THEN 'copied' ELSE 'removing' END,
        due_at = CASE b.state WHEN 'copied' THEN NULL ELSE now() END,
        attempts = 0, lease_token = NULL, error_code = NULL, error_message = NULL
    WHERE b.file_storage_id = NEW.id AND b.state IN ('pending', 'copying', 'failed', 'copied');
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_backups_over AFTER UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (is_counted_file(OLD.status) AND NOT is_counted_file(NEW.status))
    EXECUTE FUNCTION end_file_backups();

-- How far each backup is. recovery_point: every file that was stored before it has its copy, proved; NULL before the files of before
-- are queued. A minute less than now: a transaction that stores a file has begun before anybody sees it.
CREATE VIEW backup_progress AS
SELECT b.storage_provider_id, b.backup_provider_id, b.filled_at,
    w.pending, w.copying, w.failed, w.waiting_bytes,
    CASE WHEN b.filled_at IS NOT NULL
        THEN least(now() - interval '1 minute', w.oldest) END AS recovery_point
FROM storage_backups b
JOIN storage_providers p ON p.id = b.backup_provider_id AND p.is_active
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE f.state = 'pending') AS pending,
        count(*) FILTER (WHERE f.state = 'copying') AS copying,
        count(*) FILTER (WHERE f.state = 'failed') AS failed,
        coalesce(sum(f.file_size), 0)::bigint AS waiting_bytes,
        min(f.stored_at) AS oldest
    FROM file_backups f
    WHERE f.backup_provider_id = b.backup_provider_id AND f.state IN ('pending', 'copying', 'failed')
) w;
