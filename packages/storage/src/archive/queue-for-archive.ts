import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";

/** Rows that one statement looks at. */
const LOOK_AT = 1_000;
const PAUSE_MS = 3_600_000;

/**
 * Looks at the next files, the oldest first, by the rule that is due; those that the rule means wait to be archived. A pass that has come
 * to its end begins anew an hour later.
 *
 * @returns How many wait from now on.
 */
export async function queueForArchive({ db, clock }: Pick<StorageContext, "db" | "clock">): Promise<number> {
  const { rows } = await sql<{ queued: number }>`
    WITH rule AS (
      SELECT r.*, p.is_active AND p.purpose = 'cold' AS is_open FROM archive_rules r
      JOIN storage_providers p ON p.id = r.storage_provider_id
      WHERE r.is_active AND r.due_at <= ${clock.now()}
      ORDER BY r.due_at, r.id
      LIMIT 1
      FOR UPDATE OF r SKIP LOCKED
    ), page AS (
      SELECT f.* FROM rule r CROSS JOIN LATERAL (
        SELECT f.* FROM file_storage f
        WHERE f.status IN ('stored', 'processed') AND (f.created_at, f.id) > (r.after_created_at, r.after_id)
          AND f.created_at < ${clock.now()} - make_interval(days => r.older_than_days)
        ORDER BY f.created_at, f.id
        LIMIT ${LOOK_AT}) f
      WHERE r.is_open
    ), queued AS (
      INSERT INTO file_moves (file_storage_id, kind, from_provider_id, to_provider_id, object_key, file_size)
      SELECT f.id, 'archive', f.storage_provider_id, r.storage_provider_id, f.storage_path, f.file_size
      FROM page f CROSS JOIN rule r
      WHERE f.storage_provider_id <> r.storage_provider_id AND f.file_size >= r.least_size
        AND (r.workspace_id IS NULL OR f.workspace_id = r.workspace_id)
        AND (r.content_types IS NULL OR f.content_type = ANY (r.content_types))
        AND coalesce(f.stored_at, f.created_at) < ${clock.now()} - make_interval(days => r.older_than_days)
        AND coalesce(f.last_accessed_at, f.stored_at, f.created_at) < ${clock.now()} - make_interval(days => r.unused_for_days)
        -- Whoever is told that it is public reads it without asking us.
        AND f.access_level <> 'public' AND f.store_access = 'private' AND f.scan_state <> 'held'
        -- What goes soon is not worth the way.
        AND (f.expires_at IS NULL OR f.expires_at > ${clock.now()} + interval '60 days')
      ON CONFLICT DO NOTHING
      RETURNING file_storage_id
    ), last AS (
      SELECT created_at, id FROM page ORDER BY created_at DESC, id DESC LIMIT 1
    ), moved_on AS (
      UPDATE archive_rules r SET
        after_created_at = CASE WHEN c.n < ${LOOK_AT} THEN '-infinity' ELSE l.created_at END,
        after_id = CASE WHEN c.n < ${LOOK_AT} THEN '00000000-0000-0000-0000-000000000000' ELSE l.id END,
        due_at = CASE WHEN c.n < ${LOOK_AT} THEN ${clock.in(PAUSE_MS)} ELSE ${clock.now()} END
      FROM (SELECT count(*) AS n FROM page) c LEFT JOIN last l ON true
      WHERE r.id = (SELECT id FROM rule)
    )
    SELECT count(*)::integer AS queued FROM queued`.execute(db);
  return rows[0]?.queued ?? 0;
}
