import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";
import { MAX_PURGED, PURGE_TURN_MS } from "./cdn.ts";

/** A call that nobody came back from is made again after this long, one that failed ever later. */
const RETRY_AFTER_MS = 60_000;
const MAX_DOUBLINGS = 6;

export interface PurgeOutcome {
  purged: number;
  failure?: { id: string; code: string; message: string };
}

/**
 * One call to one CDN for the copies that wait longest, if it is time for one: the turns are kept in the provider's row, for all
 * servers together. Safe at any time.
 */
export async function purgeCopies(context: StorageContext): Promise<PurgeOutcome> {
  const { cdn, db } = context;
  if (cdn === undefined) return { purged: 0 };
  const claimed = await claimPurges(context);
  const [first] = claimed;
  if (first === undefined) return { purged: 0 };
  try {
    await cdn.purge(
      first.cdnId,
      claimed.map(({ key }) => key),
    );
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { purged: 0, failure: { id: first.providerId, code: "storage_unavailable", message } };
  }
  await db
    .deleteFrom("cdn_purges")
    .where(
      "id",
      "in",
      claimed.map(({ id }) => id),
    )
    .execute();
  return { purged: claimed.length };
}

async function claimPurges({ db, clock }: StorageContext) {
  const { rows } = await sql<{ id: string; key: string; providerId: string; cdnId: string }>`
    WITH turn AS (
      UPDATE storage_providers p SET cdn_purge_at = ${clock.in(PURGE_TURN_MS)}
      WHERE p.cdn_purge_at <= ${clock.now()} AND p.cdn_enabled AND p.cdn_id IS NOT NULL AND p.id = (
        SELECT c.storage_provider_id FROM cdn_purges c JOIN storage_providers o ON o.id = c.storage_provider_id
        WHERE c.due_at <= ${clock.now()} AND o.cdn_purge_at <= ${clock.now()} AND o.cdn_enabled AND o.cdn_id IS NOT NULL
        ORDER BY c.due_at LIMIT 1)
      RETURNING p.id, p.cdn_id
    ), due AS (
      SELECT c.id FROM cdn_purges c
      WHERE c.storage_provider_id IN (SELECT id FROM turn) AND c.due_at <= ${clock.now()}
      ORDER BY c.due_at LIMIT ${MAX_PURGED}
      FOR UPDATE SKIP LOCKED
    )
    UPDATE cdn_purges c
    SET attempts = c.attempts + 1,
      due_at = ${clock.now()} + ${RETRY_AFTER_MS / 1000} * interval '1 second' * power(2, least(c.attempts, ${MAX_DOUBLINGS}))
    FROM turn
    WHERE c.id IN (SELECT id FROM due)
    RETURNING c.id, c.storage_path AS key, turn.id AS "providerId", turn.cdn_id AS "cdnId"`.execute(db);
  return rows;
}
