import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import type { Ledger } from "./ledger.ts";

/** Files whose bytes are promised, and sessions whose bytes are reserved: invariant 4, word for word. */
export const COUNTED = ["stored", "processing", "processed", "quarantined", "archived", "recalling"];
const OPEN = ["creating", "active", "completing"];

interface Row {
  scope: string;
  id: string;
  used: string;
  reserved: string;
  counted: string;
  real: string;
  max_bytes: string | null;
  max_files: number | null;
  files: number;
}

/** In one statement, so of one moment. */
const SUMS = `
  SELECT c.scope, c.scope_id AS id, c.used_bytes AS used, c.reserved_bytes AS reserved,
    c.used_files + c.reserved_files AS files,
    c.used_bytes || '/' || c.used_files || ' used, ' || c.reserved_bytes || '/' || c.reserved_files || ' reserved' AS counted,
    f.bytes || '/' || f.files || ' used, ' || s.bytes || '/' || s.files || ' reserved' AS real,
    q.max_storage_bytes AS max_bytes, q.max_file_count AS max_files
  FROM storage_counters c
  LEFT JOIN storage_quotas q ON c.scope_id = CASE c.scope WHEN 'user' THEN q.user_id ELSE q.workspace_id END
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(f.file_size), 0) AS bytes, count(*) AS files FROM file_storage f
    WHERE f.status = ANY ($1) AND c.scope_id = CASE c.scope WHEN 'user' THEN f.user_id ELSE f.workspace_id END) f
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(m.total_file_size), 0) AS bytes, count(*) AS files FROM multipart_uploads m
    WHERE m.status = ANY ($2) AND c.scope_id = CASE c.scope WHEN 'user' THEN m.user_id ELSE m.workspace_id END) s`;

/** Counters are the sums of their rows, and no limit is passed: at this moment, whoever is at work. */
export async function checkCounters(pool: Pool, ledger: Ledger): Promise<Row[]> {
  const { rows } = await pool.query<Row>(SUMS, [COUNTED, OPEN]);
  for (const { scope, id, used, reserved, counted, real, max_bytes, max_files, files } of rows) {
    const bytes = Number(used) + Number(reserved);
    if (counted !== real) ledger.wrong(`4: ${scope} ${id} is counted as ${counted}, and is ${real}`);
    if (max_bytes !== null && bytes > Number(max_bytes))
      ledger.wrong(`3: ${scope} ${id} has ${bytes} bytes of ${max_bytes}`);
    if (max_files !== null && files > max_files)
      ledger.wrong(`3: ${scope} ${id} has ${files} files of ${max_files}`);
  }
  return rows;
}

/** Again and again while things go wrong; a database that is away is asked later. */
export async function watchCounters(pool: Pool, ledger: Ledger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isSeen = await checkCounters(pool, ledger).then(
      () => true,
      () => false,
    );
    if (isSeen) ledger.count("looks at the counters");
    await delay(700, undefined, { signal }).catch(() => undefined);
  }
}
