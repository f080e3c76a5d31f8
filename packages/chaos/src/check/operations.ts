import type { Evidence } from "../open-site.ts";

/** The log of calls to the store agrees with the rows that it speaks of. What a killed server had not written yet is not in it. */
export async function checkOperations({ pool, ledger }: Evidence): Promise<void> {
  const { rows: strange } = await pool.query<{ path: string; type: string }>(
    `SELECT DISTINCT o.storage_path AS path, o.operation_type AS type FROM spaces_operations o
     WHERE o.storage_path <> '' AND o.operation_type <> 'list'
       AND NOT EXISTS (SELECT FROM file_storage f WHERE f.storage_path = o.storage_path)
       AND NOT EXISTS (SELECT FROM multipart_uploads m WHERE 'temp/uploads/' || m.id = o.storage_path)`,
  );
  for (const { path, type } of strange) ledger.wrong(`operations: ${type} of ${path}, which no row knows`);
  const { rows: untrue } = await pool.query<{ what: string }>(
    `SELECT concat_ws(' ', operation_type, reported_by, status_code, success, error_message, duration_ms, started_at, completed_at) AS what
     FROM spaces_operations
     WHERE duration_ms < 0 OR completed_at < started_at OR success IS NULL
       OR (reported_by = 'server' AND success AND (error_message IS NOT NULL OR status_code NOT BETWEEN 200 AND 499))`,
  );
  for (const { what } of untrue) ledger.wrong(`operations: one contradicts itself: ${what}`);
  const { rows: twice } = await pool.query<{ id: string }>(
    `SELECT file_storage_id AS id FROM spaces_operations WHERE reported_by = 'client'
     GROUP BY file_storage_id HAVING count(*) > 1`,
  );
  for (const { id } of twice) ledger.wrong(`operations: the browser's account of ${id} is there twice`);
  const { rows } = await pool.query<{ all: string; failed: string }>(
    'SELECT count(*) AS "all", count(*) FILTER (WHERE NOT success) AS failed FROM spaces_operations',
  );
  ledger.count("operations logged", Number(rows[0]?.all));
  ledger.count("operations logged as failed", Number(rows[0]?.failed));
}
