-- The tables of the specification, by its names. "chunk" is its word for a part and stays in SQL.

-- Whoever ran the specification's own SQL has its functions, which could never work, and an empty storage_usage. Beside
-- them ours would be ambiguous.
DROP FUNCTION IF EXISTS setup_digitalocean_spaces(varchar, varchar, varchar, varchar, text, varchar);
DROP FUNCTION IF EXISTS initiate_file_storage(varchar, bigint, varchar, varchar, uuid, uuid, boolean);
DROP FUNCTION IF EXISTS get_multipart_upload_urls(varchar, integer[]);
DROP FUNCTION IF EXISTS cleanup_expired_files();
DO $$
BEGIN
    IF to_regclass('storage_usage') IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM storage_usage) THEN
            DROP TABLE storage_usage;
        END IF;
    END IF;
END
$$;

-- An envelope made by the application (`enc:v1:…`), or `env:`: the credentials come from the process environment.
CREATE FUNCTION is_sealed_secret(secret text)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT secret ~ '^(env:|enc:v1:[A-Za-z0-9+/=:_.-]{40,})$' $$;

-- One bucket at one provider.
CREATE TABLE storage_providers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    provider_name text NOT NULL CHECK (provider_name IN ('digitalocean_spaces', 's3', 'gcs', 'azure_blob')),
    provider_type text NOT NULL DEFAULT 'object_storage',
    endpoint_url text NOT NULL,
    region text NOT NULL,
    bucket_name text NOT NULL,
    cdn_endpoint text,
    cdn_enabled boolean NOT NULL DEFAULT false,
    access_key_id text NOT NULL,
    secret_access_key_encrypted text NOT NULL CHECK (is_sealed_secret(secret_access_key_encrypted)),
    is_primary boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    -- 5 GB as the specification has it; a provider row may allow up to S3's 5 TB.
    max_file_size bigint NOT NULL DEFAULT 5368709120 CHECK (max_file_size BETWEEN 1 AND 5000000000000),
    -- Extensions of audio, lower case, without dot.
    allowed_file_types text[] NOT NULL DEFAULT ARRAY['mp3', 'wav', 'm4a', 'flac', 'ogg', 'opus']
        CHECK (allowed_file_types::text ~ '^[{][a-z0-9]{1,10}(,[a-z0-9]{1,10})*[}]$'),
    preferred_part_size bigint NOT NULL DEFAULT 10485760 CHECK (preferred_part_size > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (NOT is_primary OR is_active),
    UNIQUE (endpoint_url, bucket_name)
);

CREATE UNIQUE INDEX storage_providers_one_primary ON storage_providers (is_primary) WHERE is_primary;

-- Before the CHECK, whose error would print the whole row, and the secret with it.
CREATE FUNCTION refuse_plain_secret() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_sealed_secret(NEW.secret_access_key_encrypted) THEN
        RAISE EXCEPTION 'The secret of a storage provider must be sealed by the application, or env:'
            USING ERRCODE = 'AT014';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER storage_providers_secret BEFORE INSERT OR UPDATE OF secret_access_key_encrypted ON storage_providers
    FOR EACH ROW EXECUTE FUNCTION refuse_plain_secret();

CREATE TABLE file_storage (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    original_filename text NOT NULL
        CHECK (length(original_filename) BETWEEN 1 AND 500 AND original_filename !~ '[\u0001-\u001f\u007f-\u009f]'),
    stored_filename text NOT NULL,
    file_extension text,
    mime_type text,
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    storage_path text NOT NULL,
    -- Stable path `/v1/files/:id/content`, never a signed URL.
    storage_url text NOT NULL,
    -- Only while the file is public.
    cdn_url text,
    file_size bigint NOT NULL CHECK (file_size > 0),
    checksum_md5 text CHECK (checksum_md5 ~ '^[0-9a-f]{32}$'),
    checksum_sha256 text CHECK (checksum_sha256 ~ '^[0-9a-f]{64}$'),
    -- ETag of the final object, unquoted.
    etag text,
    upload_method text NOT NULL DEFAULT 'direct' CHECK (upload_method IN ('direct', 'multipart', 'resumable')),
    upload_session_id text,
    status text NOT NULL DEFAULT 'uploading' CHECK (status IN (
        'uploading', 'stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling',
        'deleting', 'deleted', 'failed')),
    content_type text NOT NULL CHECK (content_type IN ('audio_file', 'export_file', 'avatar', 'document', 'backup')),
    content_category text,
    metadata jsonb NOT NULL DEFAULT '{}',
    user_id uuid REFERENCES users (id) ON DELETE SET NULL,
    workspace_id uuid REFERENCES workspaces (id) ON DELETE SET NULL,
    -- Who owned it when the row was born; kept when the user or workspace goes.
    former_user_id uuid,
    former_workspace_id uuid,
    access_level text NOT NULL DEFAULT 'private' CHECK (access_level IN ('private', 'workspace', 'public')),
    is_public boolean GENERATED ALWAYS AS (access_level = 'public') STORED,
    expires_at timestamptz,
    stored_at timestamptz,
    archived_at timestamptz,
    deleted_at timestamptz,
    download_count bigint NOT NULL DEFAULT 0,
    last_accessed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (storage_provider_id, storage_path),
    CHECK (cdn_url IS NULL OR (access_level = 'public' AND status NOT IN ('deleting', 'deleted'))),
    CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);

CREATE INDEX file_storage_user_workspace ON file_storage (user_id, workspace_id, status);
CREATE INDEX file_storage_content_type ON file_storage (content_type, created_at);
CREATE INDEX file_storage_status_created ON file_storage (status, created_at);
-- The library page: newest first, by workspace or by owner.
CREATE INDEX file_storage_workspace_newest ON file_storage (workspace_id, created_at DESC, id DESC);
CREATE INDEX file_storage_user_newest ON file_storage (user_id, created_at DESC, id DESC);
CREATE INDEX file_storage_expires ON file_storage (expires_at)
    WHERE status IN ('stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling');
CREATE INDEX file_storage_deleting ON file_storage (updated_at) WHERE status = 'deleting';

-- One upload session; a single signed PUT has one too. Open (creating, active, completing) means: its size is reserved.
CREATE TABLE multipart_uploads (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    upload_session_id text GENERATED ALWAYS AS (id::text) STORED UNIQUE,
    file_storage_id uuid NOT NULL REFERENCES file_storage (id) ON DELETE CASCADE,
    upload_method text NOT NULL CHECK (upload_method IN ('put', 'multipart')),
    -- Which door it came in by: our HTTP interface, Uppy Companion's routes, or SQL.
    origin text NOT NULL DEFAULT 'sql' CHECK (origin IN ('v1', 's3', 'sql')),
    -- The store's id; NULL while creating, and always for a single PUT.
    spaces_upload_id text,
    -- Where a single PUT lands before its bytes are acknowledged.
    temp_path text,
    -- ETag of the temporary object, written once: the copy to the final key is made of these bytes or not at all.
    put_etag text,
    original_filename text NOT NULL,
    -- While `size_known` is false (Uppy Companion's routes send none) this is the reserved ceiling.
    total_file_size bigint NOT NULL CHECK (total_file_size > 0),
    size_known boolean NOT NULL DEFAULT true,
    chunk_size bigint NOT NULL CHECK (chunk_size > 0),
    total_chunks integer NOT NULL CHECK (total_chunks BETWEEN 1 AND 10000),
    completed_chunks integer NOT NULL DEFAULT 0 CHECK (completed_chunks >= 0),
    uploaded_bytes bigint NOT NULL DEFAULT 0 CHECK (uploaded_bytes >= 0),
    status text NOT NULL DEFAULT 'creating' CHECK (status IN (
        'creating', 'active', 'completing', 'completed', 'aborting', 'aborted', 'failed')),
    -- Who works on creating, completing or aborting right now; whoever finds it past may take over.
    lease_token uuid,
    lease_expires_at timestamptz,
    -- Set before CompleteMultipartUpload goes out: from then on Abort is forbidden until reconciled.
    complete_sent_at timestamptz,
    user_id uuid REFERENCES users (id) ON DELETE SET NULL,
    workspace_id uuid REFERENCES workspaces (id) ON DELETE SET NULL,
    former_user_id uuid,
    former_workspace_id uuid,
    idempotency_key text,
    client_id text,
    request_hash text,
    client_summary jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    completed_at timestamptz,
    error_code text,
    error_message text,
    retry_count integer NOT NULL DEFAULT 0,
    CHECK ((status = 'completed') = (completed_at IS NOT NULL)),
    CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CHECK (upload_method = 'multipart' OR (spaces_upload_id IS NULL AND temp_path IS NOT NULL AND total_chunks = 1))
);

CREATE UNIQUE INDEX multipart_uploads_idempotency ON multipart_uploads (former_user_id, idempotency_key, client_id)
    WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX multipart_uploads_one_open_per_file ON multipart_uploads (file_storage_id)
    WHERE status IN ('creating', 'active', 'completing');
CREATE INDEX multipart_uploads_open_by_user ON multipart_uploads (user_id, created_at DESC)
    WHERE status IN ('creating', 'active', 'completing');
CREATE INDEX multipart_uploads_user ON multipart_uploads (user_id);
CREATE INDEX multipart_uploads_workspace ON multipart_uploads (workspace_id);
CREATE INDEX multipart_uploads_file ON multipart_uploads (file_storage_id);
CREATE INDEX multipart_uploads_expiring ON multipart_uploads (expires_at)
    WHERE status IN ('creating', 'active', 'completing', 'aborting');

-- What is known about parts without asking the store: for live progress and the record. The truth is ListParts.
CREATE TABLE upload_chunks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    multipart_upload_id uuid NOT NULL REFERENCES multipart_uploads (id) ON DELETE CASCADE,
    chunk_number integer NOT NULL CHECK (chunk_number BETWEEN 1 AND 10000),
    spaces_etag text,
    chunk_size bigint NOT NULL CHECK (chunk_size > 0),
    start_byte bigint NOT NULL CHECK (start_byte >= 0),
    end_byte bigint NOT NULL,
    checksum_md5 text CHECK (checksum_md5 ~ '^[0-9a-f]{32}$'),
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'uploading', 'completed', 'failed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    uploaded_at timestamptz,
    error_message text,
    retry_count integer NOT NULL DEFAULT 0,
    max_retries integer NOT NULL DEFAULT 3,
    UNIQUE (multipart_upload_id, chunk_number),
    CHECK (end_byte = start_byte + chunk_size - 1)
);

-- History by period, for people and reports; the live numbers are in storage_counters.
CREATE TABLE storage_usage (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid REFERENCES workspaces (id) ON DELETE CASCADE,
    total_files integer NOT NULL DEFAULT 0,
    total_size_bytes bigint NOT NULL DEFAULT 0,
    audio_files_count integer NOT NULL DEFAULT 0,
    audio_files_size bigint NOT NULL DEFAULT 0,
    export_files_count integer NOT NULL DEFAULT 0,
    export_files_size bigint NOT NULL DEFAULT 0,
    spaces_files_count integer NOT NULL DEFAULT 0,
    spaces_size_bytes bigint NOT NULL DEFAULT 0,
    storage_quota_bytes bigint,
    file_count_quota integer,
    period_start date NOT NULL,
    period_end date NOT NULL CHECK (period_end >= period_start),
    is_current_period boolean NOT NULL DEFAULT true,
    calculated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (user_id, workspace_id, period_start, period_end)
);
CREATE INDEX storage_usage_workspace ON storage_usage (workspace_id);

CREATE INDEX storage_usage_current ON storage_usage (user_id, workspace_id, is_current_period);

-- Limits of one user or of one workspace; NULL is no limit, no row is the default of the deployment.
CREATE TABLE storage_quotas (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid UNIQUE REFERENCES workspaces (id) ON DELETE CASCADE,
    max_storage_bytes bigint CHECK (max_storage_bytes >= 0),
    max_file_count integer CHECK (max_file_count >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(user_id, workspace_id) = 1)
);

-- The deployment's defaults; the server writes them at start. NULL is no limit.
CREATE TABLE storage_settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    default_user_max_bytes bigint CHECK (default_user_max_bytes >= 0),
    default_user_max_files integer CHECK (default_user_max_files >= 0),
    default_workspace_max_bytes bigint CHECK (default_workspace_max_bytes >= 0),
    default_workspace_max_files integer CHECK (default_workspace_max_files >= 0),
    -- Of one user.
    max_open_sessions integer NOT NULL DEFAULT 1000 CHECK (max_open_sessions > 0),
    -- Files up to this size go as one signed PUT unless the caller asks otherwise.
    single_put_max_size bigint NOT NULL DEFAULT 10485760 CHECK (single_put_max_size BETWEEN 1 AND 5000000000),
    -- What the dashboard multiplies with: storage alone, without base fee, allowance and egress.
    storage_price_usd_per_gib double precision NOT NULL DEFAULT 0.02 CHECK (storage_price_usd_per_gib >= 0)
);

INSERT INTO storage_settings DEFAULT VALUES;

-- The live usage: one row per user or workspace, changed in the same transaction as the file or session it counts.
-- Locked user first, then workspace. used = files whose bytes are promised; reserved = open sessions.
CREATE TABLE storage_counters (
    scope text NOT NULL CHECK (scope IN ('user', 'workspace')),
    scope_id uuid NOT NULL,
    used_bytes bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    reserved_bytes bigint NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0),
    used_files integer NOT NULL DEFAULT 0 CHECK (used_files >= 0),
    reserved_files integer NOT NULL DEFAULT 0 CHECK (reserved_files >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, scope_id)
) WITH (fillfactor = 70);

-- Headers are an allow-list made by the application; this is the second lock: no name that carries a credential.
CREATE FUNCTION has_no_credentials(headers jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT headers IS NULL OR jsonb_typeof(headers) = 'object' AND NOT EXISTS (
        SELECT 1 FROM jsonb_object_keys(headers) AS k (name)
        WHERE k.name ~* '(authorization|cookie|token|secret|signature|credential|password|customer-key)')
$$;

-- Every call to the store, by month.
CREATE TABLE spaces_operations (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    operation_type text NOT NULL CHECK (operation_type IN ('upload', 'download', 'delete', 'copy', 'list', 'head')),
    operation_id text,
    file_storage_id uuid,
    storage_path text,
    http_method text,
    -- Never with a query: that is where a signature would be.
    endpoint_url text CHECK (endpoint_url !~ '[?]'),
    request_headers jsonb CHECK (has_no_credentials(request_headers)),
    response_headers jsonb CHECK (has_no_credentials(response_headers)),
    request_size bigint,
    response_size bigint,
    duration_ms integer CHECK (duration_ms >= 0),
    status_code integer,
    success boolean,
    error_message text,
    user_id uuid,
    workspace_id uuid,
    started_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    PRIMARY KEY (id, started_at)
) PARTITION BY RANGE (started_at);

CREATE INDEX spaces_operations_file ON spaces_operations (file_storage_id, operation_type, started_at);

-- Rows outside every monthly partition land here rather than fail.
CREATE TABLE spaces_operations_default PARTITION OF spaces_operations DEFAULT;

-- Tokens for Uppy Companion's routes, which can send no header: good for /s3 only, hashed, revocable.
CREATE TABLE s3_tokens (
    token_sha256 text PRIMARY KEY CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid REFERENCES workspaces (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL CHECK (expires_at <= created_at + interval '24 hours'),
    revoked_at timestamptz
);
CREATE INDEX s3_tokens_user ON s3_tokens (user_id);

ALTER TABLE audio_history ADD COLUMN IF NOT EXISTS file_storage_id uuid REFERENCES file_storage (id) ON DELETE SET NULL;
ALTER TABLE audio_history ADD COLUMN IF NOT EXISTS cdn_url text;
ALTER TABLE audio_history ADD COLUMN IF NOT EXISTS audio_url text;
ALTER TABLE audio_history ADD COLUMN IF NOT EXISTS file_size_bytes bigint;
CREATE INDEX IF NOT EXISTS idx_audio_history_file_storage ON audio_history (file_storage_id);

ALTER TABLE audio_uploads ADD COLUMN IF NOT EXISTS file_storage_id uuid REFERENCES file_storage (id) ON DELETE SET NULL;
ALTER TABLE audio_uploads ADD COLUMN IF NOT EXISTS multipart_session_id text;
ALTER TABLE audio_uploads ADD COLUMN IF NOT EXISTS storage_path text;
ALTER TABLE audio_uploads ADD COLUMN IF NOT EXISTS storage_url text;
CREATE INDEX IF NOT EXISTS idx_audio_uploads_file_storage ON audio_uploads (file_storage_id);
