import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";
import { findMinimums, MINIMUM_OBJECT_SIZE } from "./find-minimums.ts";

/** Files of one statement: some tens of milliseconds. */
const SLICE = 10_000;
/** As long as a statement took, so that those who upload have at least half of the time. */
const LONGEST_REST_MS = 200;
/** What was seen in a bucket longer ago than this is not known any more. */
const INVISIBLE_DAYS = 3;

export interface SampleReport {
  /** That were brought to their end. */
  hours: number;
  /** Rows that were looked at, also of files that are gone. */
  files: number;
}

/**
 * Counts what lies in each bucket in this hour, by workspace, and adds it to the day. Each hour is counted once, whoever calls and however
 * often; one that was cut off is gone on with first. To be called at least once an hour: an hour in which nobody did stays unknown.
 */
export async function sampleStorage(
  context: StorageContext,
  { signal, slice = SLICE }: { signal?: AbortSignal; slice?: number } = {},
): Promise<SampleReport> {
  const { db, clock } = context;
  const minimums = await findMinimums(context);
  const report: SampleReport = { hours: 0, files: 0 };
  await beginHour(context);
  while (signal?.aborted !== true) {
    const begunAt = performance.now();
    const { rows } = await sql<{ files: number; isFinished: boolean }>`
      WITH turn AS (
        SELECT hour, after_id FROM storage_sample_hours WHERE finished_at IS NULL
        ORDER BY hour LIMIT 1 FOR UPDATE SKIP LOCKED
      ), slice AS MATERIALIZED (
        SELECT f.id, f.status, f.storage_provider_id, coalesce(f.workspace_id, f.former_workspace_id) AS workspace_id, f.file_size
        FROM file_storage f WHERE f.id > (SELECT after_id FROM turn)
        ORDER BY f.id LIMIT ${slice}
      ), minimums AS (
        SELECT * FROM jsonb_to_recordset(${JSON.stringify(minimums)}::jsonb) AS m (id uuid, size bigint)
      ), added AS (
        INSERT INTO storage_bytes_days AS d
          (day, storage_provider_id, workspace_id, kind, storage_class, byte_hours, billed_byte_hours)
        SELECT (t.hour AT TIME ZONE 'UTC')::date, s.storage_provider_id, s.workspace_id, 'files',
          CASE WHEN s.status IN ('archived', 'recalling') THEN 'cold' ELSE 'standard' END,
          sum(s.file_size), sum(greatest(s.file_size, coalesce(m.size, ${MINIMUM_OBJECT_SIZE})))
        FROM turn t CROSS JOIN slice s LEFT JOIN minimums m ON m.id = s.storage_provider_id
        WHERE is_counted_file(s.status) OR s.status = 'deleting'
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 3, 5
        ON CONFLICT (day, storage_provider_id, workspace_id, kind, storage_class) DO UPDATE SET
          byte_hours = d.byte_hours + excluded.byte_hours,
          billed_byte_hours = d.billed_byte_hours + excluded.billed_byte_hours
      )
      UPDATE storage_sample_hours h
      SET after_id = coalesce((SELECT id FROM slice ORDER BY id DESC LIMIT 1), h.after_id),
        files = h.files + (SELECT count(*) FROM slice),
        finished_at = CASE WHEN (SELECT count(*) FROM slice) < ${slice}::integer THEN ${clock.now()} END
      FROM turn WHERE h.hour = turn.hour
      RETURNING (SELECT count(*)::integer FROM slice) AS files, h.finished_at IS NOT NULL AS "isFinished"`.execute(
      db,
    );
    const [row] = rows;
    // All are counted, or somebody else is at it.
    if (row === undefined) break;
    report.files += row.files;
    report.hours += row.isFinished ? 1 : 0;
    await delay(Math.min(performance.now() - begunAt, LONGEST_REST_MS));
  }
  return report;
}

/** Whoever writes the hour down adds what is no file's, as it was last seen: once. */
async function beginHour({ db, clock }: StorageContext): Promise<void> {
  await sql`
    WITH begun AS (
      INSERT INTO storage_sample_hours (hour) VALUES (date_trunc('hour', ${clock.now()}, 'UTC'))
      ON CONFLICT DO NOTHING RETURNING hour
    )
    INSERT INTO storage_bytes_days AS d
      (day, storage_provider_id, workspace_id, kind, storage_class, byte_hours, billed_byte_hours)
    SELECT (b.hour AT TIME ZONE 'UTC')::date, i.storage_provider_id, NULL, i.kind, 'standard', i.bytes, i.billed_bytes
    FROM begun b CROSS JOIN storage_invisible_bytes i
    WHERE i.measured_at > ${clock.in(-INVISIBLE_DAYS * 86_400_000)}
    ORDER BY 2, 4
    ON CONFLICT (day, storage_provider_id, workspace_id, kind, storage_class) DO UPDATE SET
      byte_hours = d.byte_hours + excluded.byte_hours,
      billed_byte_hours = d.billed_byte_hours + excluded.billed_byte_hours`.execute(db);
}
