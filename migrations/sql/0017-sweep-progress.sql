-- How far the sweep is in looking through a bucket for what nobody owns any more: a sweep that ran out of time is gone on
-- with by the next one, on whatever server.
CREATE TABLE sweep_progress (
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id) ON DELETE CASCADE,
    -- Objects where single PUTs land, or multipart uploads under way.
    kind text NOT NULL CHECK (kind IN ('temporary', 'uploads')),
    -- All up to this one is done; empty: from the first.
    after_key text NOT NULL DEFAULT '',
    after_upload_id text NOT NULL DEFAULT '',
    -- When a bucket that takes no uploads any more is looked through next.
    due_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (storage_provider_id, kind)
);
