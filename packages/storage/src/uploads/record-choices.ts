import { sql } from "kysely";
import type { StorageContext } from "../storage-context.ts";
import type { Lease } from "./lease.ts";

/** Which bytes a single PUT is published as. */
export interface Choice {
  lease: Lease;
  md5: string;
}

/**
 * Writes down the bytes that were chosen, once and for good: from here on nobody aborts, and a worker that wakes late
 * cannot publish others.
 *
 * @returns Of each, whether it was still its caller's to choose.
 */
export async function recordChoices(
  { db, clock }: Pick<StorageContext, "db" | "clock">,
  choices: readonly Choice[],
): Promise<boolean[]> {
  const rows = choices.map(({ lease, md5 }) => ({ id: lease.sessionId, token: lease.token, md5 }));
  const { rows: changed } = await sql<{ id: string }>`
    WITH choices AS MATERIALIZED (
      SELECT u.id, c.md5
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS c (id uuid, token uuid, md5 text)
      JOIN multipart_uploads u ON u.id = c.id AND u.lease_token = c.token
      WHERE u.status = 'completing' AND u.put_etag IS NULL
      ORDER BY u.id
      -- As where outcomes are recorded: what somebody is deleting is not waited for while others are held.
      FOR UPDATE OF u ${choices.length === 1 ? sql`` : sql`NOWAIT`}
    )
    UPDATE multipart_uploads u SET put_etag = c.md5, complete_sent_at = ${clock.now()}
    FROM choices c WHERE u.id = c.id
    RETURNING u.id`.execute(db);
  const ids = new Set(changed.map(({ id }) => id));
  return choices.map(({ lease }) => ids.has(lease.sessionId));
}
