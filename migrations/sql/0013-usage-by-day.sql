-- What a user or a workspace held, by day (UTC): weeks, months and years are made of days. `storage_usage` keeps what it is by the
-- specification, this month by user and workspace. Written by the recount, once a night; a row of today is written anew by each.
CREATE TABLE storage_usage_days (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid REFERENCES workspaces (id) ON DELETE CASCADE,
    day date NOT NULL,
    used_bytes bigint NOT NULL CHECK (used_bytes >= 0),
    used_files integer NOT NULL CHECK (used_files >= 0),
    -- NULL: no limit at the time.
    limit_bytes bigint,
    limit_files integer,
    counted_at timestamptz NOT NULL DEFAULT now(),
    CHECK (num_nonnulls(user_id, workspace_id) = 1),
    UNIQUE NULLS NOT DISTINCT (user_id, workspace_id, day)
);
CREATE INDEX storage_usage_days_workspace ON storage_usage_days (workspace_id, day);

-- Writes today's rows of some users, or of some workspaces, as the live counters have them now. Who is gone has no history.
CREATE FUNCTION write_usage_day(p_scope text, p_scope_ids uuid[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO storage_usage_days AS d (user_id, workspace_id, day, used_bytes, used_files, limit_bytes, limit_files)
    SELECT u.id, w.id, (now() AT TIME ZONE 'UTC')::date, c.used_bytes, c.used_files, l.max_bytes, l.max_files
    FROM storage_counters c
    LEFT JOIN users u ON c.scope = 'user' AND u.id = c.scope_id
    LEFT JOIN workspaces w ON c.scope = 'workspace' AND w.id = c.scope_id
    CROSS JOIN LATERAL quota_limits(c.scope, c.scope_id) l
    WHERE c.scope = p_scope AND c.scope_id = ANY (p_scope_ids) AND num_nonnulls(u.id, w.id) = 1
    ORDER BY c.scope_id
    ON CONFLICT (user_id, workspace_id, day) DO UPDATE SET
        used_bytes = excluded.used_bytes, used_files = excluded.used_files,
        limit_bytes = excluded.limit_bytes, limit_files = excluded.limit_files, counted_at = excluded.counted_at
$$;

-- What was written until now is the end of each month, at the time of its last recount.
INSERT INTO storage_usage_days (user_id, day, used_bytes, used_files, limit_bytes, limit_files, counted_at)
SELECT u.user_id, (max(u.calculated_at) AT TIME ZONE 'UTC')::date, sum(u.total_size_bytes), sum(u.total_files),
    min(u.storage_quota_bytes) FILTER (WHERE u.workspace_id IS NULL),
    min(u.file_count_quota) FILTER (WHERE u.workspace_id IS NULL), max(u.calculated_at)
FROM storage_usage u
WHERE u.user_id IS NOT NULL
GROUP BY u.user_id, u.period_start, u.period_end
ON CONFLICT DO NOTHING;
INSERT INTO storage_usage_days (workspace_id, day, used_bytes, used_files, limit_bytes, limit_files, counted_at)
SELECT u.workspace_id, (max(u.calculated_at) AT TIME ZONE 'UTC')::date, sum(u.total_size_bytes), sum(u.total_files),
    min(u.storage_quota_bytes), min(u.file_count_quota), max(u.calculated_at)
FROM storage_usage u
WHERE u.workspace_id IS NOT NULL
GROUP BY u.workspace_id, u.period_start, u.period_end
ON CONFLICT DO NOTHING;
