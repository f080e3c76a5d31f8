-- Files that nobody has read for long go to a cold bucket, and come back when somebody asks for them. Decisions/044.

ALTER TABLE storage_providers DROP CONSTRAINT storage_providers_purpose_check;
ALTER TABLE storage_providers ADD CONSTRAINT storage_providers_purpose_check CHECK (purpose IN ('files', 'backup', 'cold'));

-- What it is again when it comes back.
ALTER TABLE file_storage ADD COLUMN archived_from text CHECK (archived_from IN ('stored', 'processed'));

CREATE TABLE archive_rules (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- The cold bucket.
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    -- NULL: of all, also of users who are in none.
    workspace_id uuid REFERENCES workspaces (id) ON DELETE CASCADE,
    -- Both hold: since it was stored, and since it was last asked for.
    older_than_days integer NOT NULL CHECK (older_than_days >= 1),
    unused_for_days integer NOT NULL CHECK (unused_for_days >= 1),
    -- NULL: of any kind.
    content_types text[],
    -- Small ones cost more to fetch back than to keep.
    least_size bigint NOT NULL DEFAULT 131072 CHECK (least_size >= 0),
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- How far the pass over all files is, oldest first; and when the next one begins.
    after_created_at timestamptz NOT NULL DEFAULT '-infinity',
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    due_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX archive_rules_due ON archive_rules (due_at) WHERE is_active;
CREATE INDEX file_storage_recalling ON file_storage (id) WHERE status = 'recalling';
CREATE INDEX file_storage_archivable ON file_storage (created_at, id) WHERE status IN ('stored', 'processed');
