-- Backups of the whole database: a row for each, before its object. What there is the bucket says, since a database that was restored
-- knows of none that was made later. Decisions/039.

ALTER TABLE storage_settings
    -- Whose dumps these are, where several share a bucket. Goes with every dump.
    ADD COLUMN deployment_id uuid NOT NULL DEFAULT gen_random_uuid();

CREATE TABLE database_dumps (
    id uuid PRIMARY KEY,
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    object_key text NOT NULL,
    -- missing: it was stored, and the bucket does not have it as it was.
    state text NOT NULL CHECK (state IN ('running', 'stored', 'failed', 'missing', 'deleting', 'deleted')),
    engine text NOT NULL CHECK (engine IN ('postgres', 'pglite')),
    server_version text NOT NULL,
    -- The last one that it has.
    migration text NOT NULL,
    -- Of the keyring's key that it needs.
    key_id text NOT NULL CHECK (key_id ~ '^[0-9a-f]{8}$'),
    -- Of the object. NULL for one that was found in the bucket, until somebody reads it.
    size bigint CHECK (size > 0),
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    error_code text,
    -- Whoever makes it renews this.
    lease_token uuid,
    lease_expires_at timestamptz,
    -- Of one that failed: when it was seen that the bucket has nothing of it.
    cleaned_at timestamptz,
    UNIQUE (storage_provider_id, object_key),
    CHECK ((state = 'running') = (lease_token IS NOT NULL) AND (state = 'running') = (lease_expires_at IS NOT NULL)),
    CHECK ((state = 'running') = (ended_at IS NULL)),
    CHECK (state <> 'stored' OR size IS NOT NULL),
    CHECK ((state = 'failed') = (error_code IS NOT NULL))
);

-- One at a time.
CREATE UNIQUE INDEX database_dumps_running ON database_dumps (state) WHERE state = 'running';
CREATE INDEX database_dumps_stored ON database_dumps (started_at DESC) WHERE state = 'stored';
CREATE INDEX database_dumps_to_do ON database_dumps (state) WHERE state = 'deleting' OR state = 'failed' AND cleaned_at IS NULL;
