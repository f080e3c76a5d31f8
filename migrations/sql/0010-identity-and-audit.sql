-- Who somebody is who signs in elsewhere, how often they may ask, and what they did.

-- Users of an issuer whose subjects are not ids of ours.
CREATE TABLE user_identities (
    issuer text NOT NULL CHECK (length(issuer) BETWEEN 1 AND 2000),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_identities_user ON user_identities (user_id);

-- Whether `users` still is the minimal one that 0001 makes where a host has none: only then do we ever add a row to it.
CREATE FUNCTION owns_users()
RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(a.attname::text || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attname::text COLLATE "C")
        = ARRAY['created_at timestamp with time zone', 'email text', 'id uuid', 'name text'], false)
    FROM pg_attribute a
    WHERE a.attrelid = 'users'::regclass AND a.attnum > 0 AND NOT a.attisdropped
$$;

-- Our user for a subject; NULL for one who is unknown. `p_creates`: one who is not known yet is made, if `users` is ours. Of any
-- number of first sign-ins at once one makes the user.
CREATE FUNCTION user_of_subject(p_issuer text, p_subject text, p_creates boolean DEFAULT false)
RETURNS uuid
LANGUAGE plpgsql AS $$
DECLARE
    v_user uuid;
BEGIN
    SELECT i.user_id INTO v_user FROM user_identities i WHERE i.issuer = p_issuer AND i.subject = p_subject;
    IF FOUND OR NOT p_creates OR NOT owns_users() THEN
        RETURN v_user;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('audiotricks identity'), hashtext(p_issuer || ' ' || p_subject));
    SELECT i.user_id INTO v_user FROM user_identities i WHERE i.issuer = p_issuer AND i.subject = p_subject;
    IF NOT FOUND THEN
        INSERT INTO users DEFAULT VALUES RETURNING id INTO v_user;
        INSERT INTO user_identities (issuer, subject, user_id) VALUES (p_issuer, p_subject, v_user);
    END IF;
    RETURN v_user;
END
$$;

-- rate-limiter-flexible's own table, by its column names; times are milliseconds since 1970. Not worth a log: after a crash everybody
-- begins anew.
CREATE UNLOGGED TABLE rate_limits (
    key varchar(255) PRIMARY KEY,
    points integer NOT NULL DEFAULT 0,
    expire bigint
) WITH (fillfactor = 70);
CREATE INDEX rate_limits_expire ON rate_limits (expire);

-- Who did what to which resource, from where, with what outcome. The host's audit_logs has what became of files; this has who asked,
-- also in vain. Rows are only ever added; whole months go by drop_old_audit, and in no other way.
CREATE TABLE storage_audit (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    at timestamptz NOT NULL DEFAULT now(),
    -- Of a user, who stays named when the row in users goes.
    user_id uuid,
    service text,
    is_operator boolean NOT NULL DEFAULT false,
    -- By the names of the access table.
    action text NOT NULL,
    resource text NOT NULL CHECK (resource IN ('nothing', 'self', 'workspace', 'file', 'upload', 'token', 'audit')),
    -- NULL where no one resource was meant, or what was asked for was no id.
    resource_id uuid,
    -- `done`, or the code of the error that was answered.
    outcome text NOT NULL CHECK (outcome ~ '^[a-z0-9_]{1,40}$'),
    address inet,
    request_id text CHECK (length(request_id) <= 100),
    -- The same by the same within a moment is one row.
    times integer NOT NULL DEFAULT 1 CHECK (times > 0),
    CHECK (user_id IS NULL OR service IS NULL),
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);

CREATE INDEX storage_audit_newest ON storage_audit (at DESC, id DESC);
CREATE INDEX storage_audit_user ON storage_audit (user_id, at DESC) WHERE user_id IS NOT NULL;
CREATE INDEX storage_audit_resource ON storage_audit (resource_id, at DESC) WHERE resource_id IS NOT NULL;

CREATE FUNCTION refuse_audit_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is only ever added to; whole months go by drop_old_audit().' USING ERRCODE = 'AT015';
END
$$;
-- Rows of every partition, present and to come; TRUNCATE has no rows, and each partition gets its own trigger with itself.
CREATE TRIGGER storage_audit_append_only BEFORE UPDATE OR DELETE ON storage_audit
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER storage_audit_keep BEFORE TRUNCATE ON storage_audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- Makes the partitions of this month and the next ones (UTC). To be called at every start and once a day; whoever finds none for what
-- they write calls it as well. Returns how many it made.
CREATE FUNCTION ensure_audit_partitions(months_ahead integer DEFAULT 3)
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_month timestamp;
    v_name text;
    v_made integer := 0;
BEGIN
    FOR v_month IN
        SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n)
        FROM generate_series(0, months_ahead) AS g (n)
    LOOP
        v_name := 'storage_audit_' || to_char(v_month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        -- Whoever waited here finds the work done. Nobody who writes waits, as they would for CREATE … PARTITION OF.
        LOCK TABLE storage_audit IN SHARE UPDATE EXCLUSIVE MODE;
        CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE storage_audit INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_name);
        EXECUTE format('ALTER TABLE storage_audit ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            v_name, v_month AT TIME ZONE 'UTC', (v_month + interval '1 month') AT TIME ZONE 'UTC');
        EXECUTE format('CREATE TRIGGER storage_audit_keep BEFORE TRUNCATE ON %I
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', v_name);
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END
$$;

-- Retention: drops whole months that ended longer ago than `keep`. Returns how many.
CREATE FUNCTION drop_old_audit(keep interval DEFAULT interval '13 months')
RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_name text;
    v_dropped integer := 0;
BEGIN
    FOR v_name IN
        SELECT c.relname
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'storage_audit'::regclass AND c.relname ~ '^storage_audit_[0-9]{4}_[0-9]{2}$'
            AND (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC' <= now() - keep
        ORDER BY c.relname
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I', v_name);
        v_dropped := v_dropped + 1;
    END LOOP;
    RETURN v_dropped;
END
$$;

SELECT ensure_audit_partitions();
