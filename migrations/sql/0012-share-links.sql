-- Links by which a file is read without signing in, for a while. Whoever has one may; the database has their hashes alone.

-- Goes up when all links of a file are to end.
ALTER TABLE file_storage ADD COLUMN share_version integer NOT NULL DEFAULT 1;

CREATE TABLE share_links (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    file_storage_id uuid NOT NULL REFERENCES file_storage (id) ON DELETE CASCADE,
    token_sha256 text NOT NULL UNIQUE CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    -- Of the file when the link was made: good while it still is the same.
    share_version integer NOT NULL,
    created_by uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at AND expires_at <= created_at + interval '30 days'),
    -- NULL: any number. Where there is one it is exact; other uses are counted in batches.
    max_uses integer CHECK (max_uses > 0),
    use_count bigint NOT NULL DEFAULT 0 CHECK (use_count >= 0),
    last_used_at timestamptz,
    revoked_at timestamptz,
    CHECK (max_uses IS NULL OR use_count <= max_uses)
);
CREATE INDEX share_links_file ON share_links (file_storage_id, created_at DESC);
CREATE INDEX share_links_creator ON share_links (created_by);
CREATE INDEX share_links_expired ON share_links (expires_at);
