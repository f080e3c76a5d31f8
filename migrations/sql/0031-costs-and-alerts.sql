-- What storing costs, and what a person should look at.

-- Prices go by whole months; a row goes before the list that the release brings, for its months. Millionths of a dollar, and bytes.
CREATE TABLE storage_prices (
    provider_name text NOT NULL CHECK (provider_name IN ('digitalocean_spaces', 's3', 'gcs', 'azure_blob')),
    region text NOT NULL CHECK (region ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    from_month date NOT NULL CHECK (extract(day FROM from_month) = 1),
    -- The first that it is not for any more.
    until_month date CHECK (extract(day FROM until_month) = 1 AND until_month > from_month),
    source text NOT NULL CHECK (source ~ '^https://' AND length(source) <= 2000),
    checked_on date,
    base_fee bigint NOT NULL CHECK (base_fee >= 0),
    storage_allowance bigint NOT NULL CHECK (storage_allowance >= 0),
    egress_allowance bigint NOT NULL CHECK (egress_allowance >= 0),
    storage_per_gib bigint NOT NULL CHECK (storage_per_gib >= 0),
    egress_per_gib bigint NOT NULL CHECK (egress_per_gib >= 0),
    cold_per_gib bigint CHECK (cold_per_gib >= 0),
    cold_retrieval_per_gib bigint CHECK (cold_retrieval_per_gib >= 0),
    cold_minimum_days integer CHECK (cold_minimum_days >= 0),
    minimum_object_size bigint NOT NULL CHECK (minimum_object_size >= 0),
    reads_per_million bigint NOT NULL CHECK (reads_per_million >= 0),
    writes_per_million bigint NOT NULL CHECK (writes_per_million >= 0),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(cold_per_gib, cold_retrieval_per_gib, cold_minimum_days) IN (0, 3)),
    PRIMARY KEY (provider_name, region, from_month)
);

-- Each hour (UTC) that was counted, or is being: files by files in the order of their ids, so that no statement is long and a worker that is
-- killed is gone on for. An hour without a row here was not looked at; it is not an hour with nothing.
CREATE TABLE storage_sample_hours (
    hour timestamptz PRIMARY KEY CHECK (extract(epoch FROM hour)::bigint % 3600 = 0),
    -- All up to this one are counted.
    after_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    files bigint NOT NULL DEFAULT 0 CHECK (files >= 0),
    began_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
CREATE INDEX storage_sample_hours_open ON storage_sample_hours (hour) WHERE finished_at IS NULL;

-- Bytes times the hours that they were there, of the hours of a day that were counted.
CREATE TABLE storage_bytes_days (
    day date NOT NULL,
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    -- Whoever it was, also where that workspace is gone. NULL: of none.
    workspace_id uuid,
    -- Files, or what is on a bill without one: incomplete_parts, old_versions, orphans.
    kind text NOT NULL CHECK (kind IN ('files', 'incomplete_parts', 'old_versions', 'orphans')),
    storage_class text NOT NULL CHECK (storage_class IN ('standard', 'cold')),
    byte_hours numeric(40, 0) NOT NULL CHECK (byte_hours >= 0),
    -- The same with each object as large at least as the vendor has it.
    billed_byte_hours numeric(40, 0) NOT NULL CHECK (billed_byte_hours >= byte_hours),
    UNIQUE NULLS NOT DISTINCT (day, storage_provider_id, workspace_id, kind, storage_class)
);

-- What went out, as far as we know: URLs that were issued, times the size of their files. What became of them only the store knows.
CREATE TABLE storage_traffic_days (
    day date NOT NULL,
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    workspace_id uuid,
    urls_issued bigint NOT NULL CHECK (urls_issued >= 0),
    issued_bytes numeric(40, 0) NOT NULL CHECK (issued_bytes >= 0),
    -- Of files that were cold.
    issued_cold_bytes numeric(40, 0) NOT NULL CHECK (issued_cold_bytes >= 0),
    UNIQUE NULLS NOT DISTINCT (day, storage_provider_id, workspace_id)
);

-- What a look through the bucket found last that is no file's: each hour of the samples has it.
CREATE TABLE storage_invisible_bytes (
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('incomplete_parts', 'old_versions', 'orphans')),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    billed_bytes bigint NOT NULL CHECK (billed_bytes >= bytes),
    objects bigint NOT NULL CHECK (objects >= 0),
    measured_at timestamptz NOT NULL,
    PRIMARY KEY (storage_provider_id, kind)
);

-- How far the look through a bucket is that is under way, and what it has found so far.
CREATE TABLE storage_invisible_progress (
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('incomplete_parts', 'old_versions')),
    -- All up to this one is done: a key, and of one key an upload or a version.
    after_key text NOT NULL DEFAULT '',
    after_id text NOT NULL DEFAULT '',
    bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0),
    billed_bytes bigint NOT NULL DEFAULT 0 CHECK (billed_bytes >= bytes),
    objects bigint NOT NULL DEFAULT 0 CHECK (objects >= 0),
    began_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (storage_provider_id, kind)
);

-- Reconciliation sees objects that no row knows; its passes go on where one ended.
ALTER TABLE reconcile_progress ADD COLUMN orphan_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE reconcile_progress ADD COLUMN orphan_billed_bytes bigint NOT NULL DEFAULT 0;
ALTER TABLE reconcile_progress ADD COLUMN orphans bigint NOT NULL DEFAULT 0;

-- What the vendor's own bill says of a month, to compare.
CREATE TABLE storage_cost_actuals (
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    provider_name text NOT NULL CHECK (provider_name IN ('digitalocean_spaces', 's3', 'gcs', 'azure_blob')),
    total bigint CHECK (total >= 0),
    egress_bytes bigint CHECK (egress_bytes >= 0),
    entered_at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(total, egress_bytes) > 0),
    PRIMARY KEY (month, provider_name)
);

-- Files that are cold no more, deleted or fetched back: what goes before its time is paid for until then.
CREATE TABLE storage_cold_ends (
    file_storage_id uuid NOT NULL,
    storage_provider_id uuid NOT NULL REFERENCES storage_providers (id),
    workspace_id uuid,
    file_size bigint NOT NULL,
    archived_at timestamptz NOT NULL,
    left_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (left_at, file_storage_id)
);
CREATE FUNCTION write_cold_end() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storage_cold_ends (file_storage_id, storage_provider_id, workspace_id, file_size, archived_at)
    VALUES (OLD.id, OLD.storage_provider_id, coalesce(OLD.workspace_id, OLD.former_workspace_id), OLD.file_size, OLD.archived_at)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER file_storage_cold_end AFTER UPDATE OF status ON file_storage FOR EACH ROW
    WHEN (OLD.status IN ('archived', 'recalling') AND NEW.status NOT IN ('archived', 'recalling') AND OLD.archived_at IS NOT NULL)
    EXECUTE FUNCTION write_cold_end();

-- When a person is to be told. What a release does not know of it leaves alone.
CREATE TABLE alert_rules (
    kind text PRIMARY KEY CHECK (kind ~ '^[a-z]+(_[a-z]+)*$'),
    -- In the unit of its kind.
    threshold bigint NOT NULL CHECK (threshold >= 0),
    -- Between two alerts of one kind about the same.
    cooldown_seconds integer NOT NULL CHECK (cooldown_seconds >= 0),
    is_enabled boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO alert_rules (kind, threshold, cooldown_seconds, is_enabled) VALUES
    -- Per cent that a bucket grows in a day.
    ('growth', 25, 86400, true),
    -- Bytes that go out of a bucket in a day.
    ('egress', 107374182400, 86400, true),
    -- Times its usual growth of a day, of a user or a workspace.
    ('unusual_use', 10, 86400, true),
    -- Per cent of a limit.
    ('quota_pressure', 90, 86400, true),
    -- Millionths of a dollar that this month will cost by the forecast; 0 is no budget yet.
    ('budget', 0, 86400, false),
    -- Buckets that hold more than so many bytes in a region without a price.
    ('price_missing', 0, 604800, true);

CREATE TABLE alerts (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    -- `deployment`, or `provider:<id>`, `workspace:<id>`, `user:<id>`.
    subject text NOT NULL CHECK (subject ~ '^(deployment|[a-z]+:[0-9a-f-]{36})$'),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'acknowledged', 'cleared')),
    -- Both as they were when it was last looked at; in the unit of the kind.
    value bigint NOT NULL,
    threshold bigint NOT NULL,
    message text NOT NULL CHECK (length(message) BETWEEN 1 AND 1000),
    raised_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    acknowledged_at timestamptz,
    -- A user's id, or `cli:USER@HOST`.
    acknowledged_by text CHECK (length(acknowledged_by) <= 304),
    cleared_at timestamptz,
    CHECK ((state = 'cleared') = (cleared_at IS NOT NULL)),
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
    CHECK (state <> 'acknowledged' OR acknowledged_at IS NOT NULL)
);
CREATE UNIQUE INDEX alerts_one_open ON alerts (kind, subject) WHERE state <> 'cleared';
CREATE INDEX alerts_of_subject ON alerts (kind, subject, raised_at DESC);
CREATE INDEX alerts_newest ON alerts (raised_at DESC, id DESC);

CREATE FUNCTION write_alert_event() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox_events (event_type, ordering_key, data)
    VALUES (
        CASE NEW.state WHEN 'cleared' THEN 'alert.cleared' ELSE 'alert.raised' END,
        'alert:' || NEW.kind || ':' || NEW.subject,
        jsonb_build_object(
            'id', NEW.id, 'kind', NEW.kind, 'subject', NEW.subject, 'value', NEW.value, 'threshold', NEW.threshold,
            'message', NEW.message, 'raisedAt', to_char(NEW.raised_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')));
    RETURN NULL;
END
$$;
CREATE TRIGGER alerts_event_new AFTER INSERT ON alerts FOR EACH ROW
    EXECUTE FUNCTION write_alert_event();
CREATE TRIGGER alerts_event_cleared AFTER UPDATE OF state ON alerts FOR EACH ROW
    WHEN (NEW.state = 'cleared' AND OLD.state <> 'cleared')
    EXECUTE FUNCTION write_alert_event();
