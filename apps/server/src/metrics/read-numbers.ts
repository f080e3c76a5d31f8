import { JOBS_SCHEMA } from "@audiotricks/migrations";
import { JOBS } from "../jobs/jobs.ts";
import type { DatabaseReader } from "./database-reader.ts";

/** What the database says at one moment: of each measure, its values by label. A measure without a label has one, `""`. */
export type Numbers = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Some have two labels: this stands between them. */
export const BETWEEN = "/";

/**
 * One statement, one snapshot. Each part reads an index that has what is under way or new, or the counters, which have a row per user:
 * what is over costs nothing, however many files there are. Files that their owner left to a workspace are in no user's counter.
 */
export const STORAGE_NUMBERS = `
SELECT 'uploads' AS measure, status AS label, count(*)::float8 AS value
FROM multipart_uploads WHERE status IN ('creating', 'active', 'completing', 'aborting') GROUP BY status
UNION ALL
SELECT 'stuck', 'expired', count(*) FROM multipart_uploads
WHERE status IN ('creating', 'active', 'completing') AND expires_at < now() - interval '10 minutes'
UNION ALL
SELECT 'stuck', 'completing', count(*) FROM multipart_uploads
WHERE status = 'completing' AND lease_expires_at < now() - interval '10 minutes'
UNION ALL
SELECT 'stuck', 'aborting', count(*) FROM multipart_uploads
WHERE status = 'aborting' AND updated_at < now() - interval '10 minutes'
UNION ALL
SELECT 'recent', status, count(*) FROM file_storage
WHERE status IN ('uploading', 'stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling', 'deleting', 'deleted', 'failed')
    AND created_at > now() - interval '1 hour' GROUP BY status
UNION ALL
SELECT 'deleting', '', count(*) FROM file_storage WHERE status = 'deleting'
UNION ALL
SELECT u.measure, '', u.value FROM (
    SELECT (SELECT coalesce(sum(file_size), 0) FROM file_storage WHERE user_id IS NULL AND is_counted_file(status)) AS bytes,
        (SELECT count(*) FROM file_storage WHERE user_id IS NULL AND is_counted_file(status)) AS files,
        (SELECT coalesce(sum(total_file_size), 0) FROM multipart_uploads WHERE user_id IS NULL AND is_open_session(status)) AS reserved
) o
CROSS JOIN (
    SELECT coalesce(sum(used_bytes), 0) AS bytes, coalesce(sum(used_files), 0) AS files, coalesce(sum(reserved_bytes), 0) AS reserved
    FROM storage_counters WHERE scope = 'user'
) c
CROSS JOIN LATERAL (VALUES
    ('stored_bytes', (c.bytes + o.bytes)::float8), ('stored_files', (c.files + o.files)::float8),
    ('reserved_bytes', (c.reserved + o.reserved)::float8)) u (measure, value)
UNION ALL
SELECT 'outbox', 'waiting', count(*) FROM outbox_events WHERE status = 'pending'
UNION ALL
SELECT 'outbox', 'dead', count(*) FROM outbox_events WHERE status = 'dead'
UNION ALL
SELECT 'outbox_age', '', coalesce(extract(epoch FROM now() - min(occurred_at)), 0) FROM outbox_events WHERE status = 'pending'
UNION ALL
SELECT 'expiry_held', '', count(*) FROM expiry_watch WHERE only_row AND hold_id IS NOT NULL
UNION ALL
SELECT 'checks', kind, count(*) FROM file_checks GROUP BY kind
UNION ALL
SELECT 'check_age', kind, extract(epoch FROM now() - min(created_at)) FROM file_checks GROUP BY kind
UNION ALL
SELECT 'held_back', scan_state, count(*) FROM file_storage
WHERE (status = 'quarantined' OR scan_state = 'held') AND is_counted_file(status) GROUP BY scan_state
UNION ALL
SELECT 'buckets_down', '', count(*) FROM provider_health h JOIN storage_providers p ON p.id = h.storage_provider_id
WHERE p.is_active AND is_down(p.id)
UNION ALL
SELECT v.measure, v.label, v.value FROM (
    SELECT count(*) AS backups, extract(epoch FROM now() - min(recovery_point)) AS age, bool_and(recovery_point IS NOT NULL) AS is_known
    FROM backup_progress
) p CROSS JOIN (
    SELECT coalesce(sum(pending), 0) AS pending, coalesce(sum(copying), 0) AS copying, coalesce(sum(failed), 0) AS failed,
        coalesce(sum(waiting_bytes), 0) AS bytes
    FROM (SELECT DISTINCT ON (backup_provider_id) * FROM backup_progress ORDER BY backup_provider_id) d
) s
CROSS JOIN LATERAL (VALUES
    ('backups', '', p.backups::float8), ('backup_files', 'pending', s.pending::float8), ('backup_files', 'copying', s.copying::float8),
    ('backup_files', 'failed', s.failed::float8), ('backup_bytes', '', s.bytes::float8),
    ('backup_age', '', CASE WHEN p.is_known THEN p.age::float8 END)) v (measure, label, value)
WHERE v.value IS NOT NULL
UNION ALL
SELECT 'exports', status, count(*) FROM storage_exports WHERE status IN ('queued', 'running') GROUP BY status
UNION ALL
SELECT 'export_age', '', greatest(coalesce(extract(epoch FROM now() - min(due_at)), 0), 0)
FROM storage_exports WHERE status IN ('queued', 'running')
UNION ALL
SELECT 'moves', kind || '${BETWEEN}' || state, count(*) FROM file_moves
WHERE due_at IS NOT NULL AND state IN ('pending', 'copying', 'failed') GROUP BY kind, state
UNION ALL
SELECT 'dump_age', engine, extract(epoch FROM now() - max(started_at)) FROM database_dumps WHERE state = 'stored' GROUP BY engine
UNION ALL
SELECT 'findings', '', count(*) FROM reconcile_findings`;

const QUEUES = JOBS.map(({ name }) => `'${name}'`).join(", ");

/** The queue keeps what is over for a day. */
const QUEUE = `
SELECT 'jobs' AS measure, name || '${BETWEEN}' || state::text AS label, count(*)::float8 AS value
FROM ${JOBS_SCHEMA}.job WHERE name IN (${QUEUES}) GROUP BY name, state
UNION ALL
SELECT 'job_age', q.name, coalesce(extract(epoch FROM now() - min(j.start_after)), 0)
FROM ${JOBS_SCHEMA}.queue q
LEFT JOIN ${JOBS_SCHEMA}.job j ON j.name = q.name AND j.state IN ('created', 'retry') AND j.start_after <= now()
WHERE q.name IN (${QUEUES}) GROUP BY q.name
UNION ALL
SELECT 'job_' || state::text, name, extract(epoch FROM max(completed_on))
FROM ${JOBS_SCHEMA}.job WHERE name IN (${QUEUES}) AND state IN ('completed', 'failed') GROUP BY name, state`;

/** The queue has no tables until the first worker made them. */
export function createNumbersReader(reader: DatabaseReader): () => Promise<Numbers> {
  let hasQueue = false;
  return async () => {
    const found = await reader.rows<Row>(STORAGE_NUMBERS);
    hasQueue ||= await isTable(reader, `${JOBS_SCHEMA}.job`);
    return byMeasure(hasQueue ? [...found, ...(await reader.rows<Row>(QUEUE))] : found);
  };
}

interface Row {
  measure: string;
  label: string;
  value: number;
}

async function isTable(reader: DatabaseReader, name: string): Promise<boolean> {
  const [row] = await reader.rows<{ there: boolean }>(`SELECT to_regclass('${name}') IS NOT NULL AS there`);
  return row?.there === true;
}

function byMeasure(rows: readonly Row[]): Numbers {
  const numbers = new Map<string, Map<string, number>>();
  for (const { measure, label, value } of rows)
    numbers.set(measure, (numbers.get(measure) ?? new Map<string, number>()).set(label, value));
  return numbers;
}
