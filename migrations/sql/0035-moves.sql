-- The files of a workspace go to another bucket: copied, compared, then the row, and later the old object. Decisions/043.

CREATE TABLE storage_moves (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- Kept when the workspace goes: what has begun is brought to its end.
    workspace_id uuid NOT NULL,
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'cancelled')),
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CHECK ((state = 'running') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX storage_moves_running ON storage_moves (workspace_id) WHERE state = 'running';

-- One file on its way. pending → copying → moved (its row names the new bucket; readers of before still have the old one) → cleared;
-- or → dropping → dropped, where it is not to move any more: what is at the new bucket goes.
CREATE TABLE file_moves (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    file_storage_id uuid NOT NULL,
    -- move: with its workspace. archive: to a cold bucket. recall: back from there.
    kind text NOT NULL DEFAULT 'move' CHECK (kind IN ('move', 'archive', 'recall')),
    move_id uuid REFERENCES storage_moves (id) ON DELETE CASCADE,
    from_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    to_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    object_key text NOT NULL,
    state text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'copying', 'failed', 'moved', 'cleared', 'dropping', 'dropped')),
    file_size bigint NOT NULL,
    was_public boolean NOT NULL DEFAULT false,
    -- What is to be done next; of what somebody is at, when they have been silent for too long.
    due_at timestamptz DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_token uuid,
    -- At the new bucket, while the copy is made in parts.
    upload_id text,
    -- Of the copy.
    etag text,
    moved_at timestamptz,
    error_code text,
    error_message text,
    CHECK ((kind = 'move') = (move_id IS NOT NULL)),
    CHECK (from_provider_id <> to_provider_id),
    CHECK (state <> 'moved' OR (etag IS NOT NULL AND moved_at IS NOT NULL)),
    CHECK ((due_at IS NULL) = (state IN ('cleared', 'dropped')))
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX file_moves_one ON file_moves (file_storage_id) WHERE state NOT IN ('cleared', 'dropped');
CREATE INDEX file_moves_due ON file_moves (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX file_moves_move ON file_moves (move_id, state) WHERE move_id IS NOT NULL;
CREATE INDEX file_moves_file ON file_moves (file_storage_id);
-- Objects that no row of a file names at this moment.
CREATE INDEX file_moves_from ON file_moves (from_provider_id, object_key) WHERE state = 'moved';
CREATE INDEX file_moves_to ON file_moves (to_provider_id, object_key) WHERE state IN ('copying', 'failed', 'dropping');

-- What is deleted moves no more; and of what has moved, the old object goes as well, at once.
CREATE FUNCTION end_file_moves() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE file_moves m
    SET state = CASE m.state WHEN 'moved' THEN 'moved' ELSE 'dropping' END,
        -- Whoever is copying may have sent Complete, and finds out at its next step.
        due_at = now() + CASE m.state WHEN 'copying' THEN interval '15 minutes' ELSE interval '0' END,
        attempts = 0, lease_token = NULL, error_code = NULL, error_message = NULL
    WHERE m.file_storage_id = NEW.id AND m.state IN ('pending', 'copying', 'failed', 'moved');
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_moves_over AFTER UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (is_counted_file(OLD.status) AND NOT is_counted_file(NEW.status))
    EXECUTE FUNCTION end_file_moves();

CREATE VIEW move_progress AS
SELECT m.id, m.workspace_id, m.storage_provider_id, m.state, m.created_at, m.ended_at,
    count(f.*) FILTER (WHERE f.state IN ('pending', 'copying')) AS waiting,
    count(f.*) FILTER (WHERE f.state = 'failed') AS failed,
    count(f.*) FILTER (WHERE f.state IN ('moved', 'cleared')) AS moved,
    count(f.*) FILTER (WHERE f.state IN ('moved', 'dropping')) AS to_clear,
    coalesce(sum(f.file_size) FILTER (WHERE f.state IN ('moved', 'cleared')), 0)::bigint AS moved_bytes,
    min(f.error_code) FILTER (WHERE f.state = 'failed') AS error_code,
    min(f.error_message) FILTER (WHERE f.state = 'failed') AS error_message
FROM storage_moves m
LEFT JOIN file_moves f ON f.move_id = m.id
GROUP BY m.id;
