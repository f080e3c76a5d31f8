-- Files that anyone may read. access_level is what is wanted; store_access is how far the store has followed: a row in
-- between belongs to whoever changed it until access_due_at, then to the sweep.

ALTER TABLE file_storage ADD COLUMN store_access text NOT NULL DEFAULT 'private'
    CHECK (store_access IN ('private', 'opening', 'public', 'closing'));
-- Goes up with every attempt: one that was overtaken can no longer say how it ended.
ALTER TABLE file_storage ADD COLUMN access_version integer NOT NULL DEFAULT 0;
ALTER TABLE file_storage ADD COLUMN access_due_at timestamptz;
-- When the store was last asked to open the object, while it has not answered: such a request may still arrive.
ALTER TABLE file_storage ADD COLUMN opened_at timestamptz;
ALTER TABLE file_storage ADD CONSTRAINT file_storage_access_due
    CHECK ((store_access IN ('opening', 'closing')) = (access_due_at IS NOT NULL));
CREATE INDEX file_storage_access ON file_storage (access_due_at) WHERE access_due_at IS NOT NULL;
CREATE INDEX file_storage_public ON file_storage (storage_provider_id) WHERE store_access = 'public';

COMMENT ON COLUMN file_storage.cdn_url IS
    'Where anyone reads it: at the CDN, or at the store where there is none. Only once the store has opened it.';

-- Whoever changes the level or the state, also by plain SQL.
CREATE FUNCTION follow_file_access() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_is_open boolean := NEW.access_level = 'public' AND NEW.status IN ('stored', 'processing', 'processed');
BEGIN
    IF NOT v_is_open THEN
        NEW.cdn_url := NULL;
    END IF;
    IF NEW.status = 'deleted' THEN
        NEW.store_access := 'private';
        NEW.opened_at := NULL;
    ELSIF v_is_open AND NEW.store_access IN ('private', 'closing') THEN
        NEW.store_access := 'opening';
        NEW.opened_at := now();
    ELSIF NOT v_is_open AND NEW.store_access IN ('opening', 'public') THEN
        NEW.store_access := 'closing';
    ELSE
        RETURN NEW;
    END IF;
    NEW.access_version := NEW.access_version + 1;
    NEW.access_due_at := CASE WHEN NEW.store_access IN ('opening', 'closing') THEN now() + interval '1 minute' END;
    RETURN NEW;
END
$$;
CREATE TRIGGER file_storage_access_changed BEFORE UPDATE ON file_storage FOR EACH ROW
    WHEN ((OLD.access_level <> NEW.access_level OR OLD.status <> NEW.status)
        AND (NEW.access_level = 'public' OR OLD.store_access <> 'private'))
    EXECUTE FUNCTION follow_file_access();
CREATE TRIGGER file_storage_access_new BEFORE INSERT ON file_storage FOR EACH ROW
    WHEN (NEW.access_level = 'public')
    EXECUTE FUNCTION follow_file_access();

-- Copies that a CDN may still have. One call takes many, and only so many calls are taken: workers share the turns.
ALTER TABLE storage_providers ADD COLUMN cdn_id text;
ALTER TABLE storage_providers ADD COLUMN cdn_purge_at timestamptz NOT NULL DEFAULT '-infinity';

COMMENT ON COLUMN storage_providers.cdn_id IS 'The vendor''s id of the CDN endpoint; NULL: its copies are not purged.';
COMMENT ON COLUMN storage_providers.cdn_purge_at IS 'When the CDN takes the next call.';

CREATE TABLE cdn_purges (
    -- Another one when it is queued again, so that a call under way does not settle what came after it.
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id) ON DELETE CASCADE,
    storage_path text NOT NULL,
    due_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    UNIQUE (storage_provider_id, storage_path)
);
CREATE INDEX cdn_purges_due ON cdn_purges (due_at);

-- Nothing where no CDN is set up.
CREATE FUNCTION queue_cdn_purge(p_provider uuid, p_path text) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO cdn_purges (storage_provider_id, storage_path)
    SELECT p.id, p_path FROM storage_providers p WHERE p.id = p_provider AND p.cdn_enabled AND p.cdn_id IS NOT NULL
    ON CONFLICT (storage_provider_id, storage_path) DO UPDATE SET id = excluded.id, due_at = now(), attempts = 0
$$;

CREATE FUNCTION purge_deleted_file() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM queue_cdn_purge(NEW.storage_provider_id, NEW.storage_path);
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_purge_deleted AFTER UPDATE ON file_storage FOR EACH ROW
    WHEN (NEW.status = 'deleted' AND OLD.status <> 'deleted' AND OLD.store_access <> 'private')
    EXECUTE FUNCTION purge_deleted_file();

-- What links have copied follows.
CREATE FUNCTION follow_public_url() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audio_history h SET cdn_url = NEW.cdn_url
    WHERE h.file_storage_id = NEW.id AND h.cdn_url IS DISTINCT FROM NEW.cdn_url;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_public_url AFTER UPDATE ON file_storage FOR EACH ROW
    WHEN (OLD.cdn_url IS DISTINCT FROM NEW.cdn_url)
    EXECUTE FUNCTION follow_public_url();

-- Another address of the bucket or its CDN: every public file gets its URL anew.
CREATE FUNCTION renew_public_urls() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE file_storage f
    SET store_access = 'opening', access_version = f.access_version + 1, opened_at = now(),
        -- By then every server has read the provider's row again.
        access_due_at = now() + interval '1 minute'
    WHERE f.storage_provider_id = NEW.id AND f.store_access = 'public';
    RETURN NULL;
END
$$;
CREATE TRIGGER storage_providers_public_urls AFTER UPDATE ON storage_providers FOR EACH ROW
    WHEN (ROW(OLD.endpoint_url, OLD.cdn_endpoint, OLD.cdn_enabled)
        IS DISTINCT FROM ROW(NEW.endpoint_url, NEW.cdn_endpoint, NEW.cdn_enabled))
    EXECUTE FUNCTION renew_public_urls();

-- Levels that nothing followed until now.
UPDATE file_storage SET store_access = 'opening', access_version = 1, opened_at = now(), access_due_at = now()
WHERE access_level = 'public' AND status IN ('stored', 'processing', 'processed');
