import { type Kysely, sql } from "kysely";
import { type Clock, createClock } from "../clock.ts";
import type { Database } from "../database.ts";
import { OperatorError } from "../operator/operator-error.ts";
import type { ExpiryHold, HeldFile } from "../storage.ts";

interface Asked {
  db: Kysely<Database>;
  clock: Clock;
}

/** Of `file_storage f`: it may have been born before what this database has forgotten. */
const isHeld = sql<boolean>`f.created_at <= (SELECT expiry_held_until())`;

/** Of `file_storage f`: its time may be looked at. */
export const isNotHeld = sql<boolean>`f.created_at > (SELECT expiry_held_until())`;

/** Writes down that somebody looks, and finds a gap if there was one. */
export async function watchExpiry(db: Kysely<Database>): Promise<void> {
  await sql`SELECT watch_expiry()`.execute(db);
}

/** What is held back at this moment; `undefined`: everything expires at its time. Changes nothing. */
export function readExpiryHold(db: Kysely<Database>): Promise<ExpiryHold | undefined> {
  return findExpiryHold({ db, clock: createClock() });
}

export async function findExpiryHold({ db, clock }: Asked): Promise<ExpiryHold | undefined> {
  // Of a row; nothing is counted unless something is held.
  const { rows } = await sql<{ id: string | null; unknown_from: Date; unknown_until: Date }>`
    SELECT CASE WHEN w.unknown_until = h.until THEN w.hold_id END AS id, coalesce(w.unknown_from, w.seen_at) AS unknown_from,
      h.until AS unknown_until
    FROM expiry_watch w CROSS JOIN (SELECT expiry_held_until() AS until) h WHERE isfinite(h.until)`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { files, filesLater } = await countHeld({ db, clock });
  if (files + filesLater === 0) return undefined;
  return { id: row.id, unknownFrom: row.unknown_from, unknownUntil: row.unknown_until, files, filesLater };
}

async function countHeld({ db, clock }: Asked): Promise<{ files: number; filesLater: number }> {
  // Each by an index that has few of all files.
  const { rows } = await sql<Record<"files" | "filesLater", number | string>>`
    SELECT s.due AS files, s.later + u.count AS "filesLater"
    FROM (
      SELECT count(*) FILTER (WHERE f.expires_at <= ${clock.now()}) AS due,
        count(*) FILTER (WHERE f.expires_at > ${clock.now()}) AS later
      FROM file_storage f WHERE f.expires_at < 'infinity' AND is_counted_file(f.status) AND ${isHeld}) s
    CROSS JOIN (
      SELECT count(*) FROM file_storage f
      WHERE f.status = 'uploading' AND f.expires_at < 'infinity' AND ${isHeld}) u`.execute(db);
  return { files: Number(rows[0]?.files), filesLater: Number(rows[0]?.filesLater) };
}

/** Of those to be listed: how many there are is told beside them. */
const MOST_LISTED = 1_000;

/** Those whose time is over, the first ones first, and no more than can be read. */
export async function listHeldFiles({ db, clock }: Asked): Promise<HeldFile[]> {
  const rows = await db
    .selectFrom("file_storage as f")
    .select(["f.id", "f.storage_path", "f.expires_at", "f.user_id", "f.workspace_id"])
    .where("f.expires_at", "<=", clock.now())
    .where(sql<boolean>`is_counted_file(f.status)`)
    .where(isHeld)
    .orderBy("f.expires_at")
    .orderBy("f.id")
    .limit(MOST_LISTED)
    .execute();
  return rows.flatMap(({ id, storage_path: key, expires_at: expiresAt, user_id, workspace_id }) =>
    expiresAt === null ? [] : { id, key, expiresAt, userId: user_id, workspaceId: workspace_id },
  );
}

/** @throws {OperatorError} `hold_not_found`: it was answered before, or another gap has come since. */
export async function endExpiryHold(db: Kysely<Database>, holdId: string): Promise<void> {
  const { rows } = await sql<{ isEnded: boolean }>`
    SELECT end_expiry_hold(${holdId}::uuid) AS "isEnded"`.execute(db);
  if (rows[0]?.isEnded !== true)
    throw new OperatorError(
      "hold_not_found",
      "Nothing is held back under this id: somebody has answered already, or the database was restored again since. sweep --dry-run says what is held back now.",
    );
}
