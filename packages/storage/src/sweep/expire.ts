import { UploadError } from "@audiotricks/protocol";
import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Database } from "../database.ts";
import type { StorageContext } from "../storage-context.ts";
import { completeSession } from "../uploads/complete-upload.ts";
import { findSession } from "../uploads/session.ts";
import { isNotHeld, watchExpiry } from "./expiry-hold.ts";
import { type RowWork, sweepRows } from "./rows.ts";
import type { Step, Turn } from "./step.ts";

/** Of `multipart_uploads m`, as `cleanup_expired_files` has it. */
export function isExpiredSession(now: RawBuilder<Date>): RawBuilder<boolean> {
  return sql`(m.status IN ('creating', 'active', 'completing') AND m.expires_at <= ${now}
    AND NOT m.complete_asked AND m.put_etag IS NULL AND (m.status = 'active' OR (m.complete_sent_at IS NULL
      AND (m.lease_expires_at IS NULL OR m.lease_expires_at <= ${now}))))`;
}

/** The same of `file_storage f`. */
export function isExpiredFile(now: RawBuilder<Date>): RawBuilder<boolean> {
  return sql`(f.expires_at <= ${now} AND ${isNotHeld} AND is_counted_file(f.status))`;
}

/**
 * Ends sessions and files whose time is up. Forms come first, each by itself: nobody calls Complete for one, and what it has
 * brought is not thrown away at the last moment.
 */
export function expire(): Step {
  const forms: string[] = [];
  let isWatched = false;
  return sweepRows({
    id: "expire",
    batch: async (turn) => {
      const { db, clock, settings } = turn.context;
      // By itself: where a row makes the claims fail, somebody has looked all the same.
      if (!isWatched) await watchExpiry(db);
      isWatched = true;
      const found = await findForms(turn.context, forms);
      const { begun } = await turn.each(found, ({ id }) => end(turn, id));
      forms.push(...found.slice(0, begun).map(({ id }) => id));
      if (found.length > 0) return found.length;
      // Short statements: whoever starts an upload waits for the counters that one of them has locked.
      const { rows } = await sql<{
        claimed: number;
      }>`SELECT cleanup_expired_files(${settings.sweepBatch}::integer, ${clock.now()}) AS claimed`.execute(
        db,
      );
      const claimed = rows[0]?.claimed ?? 0;
      turn.report.expired += claimed;
      return claimed;
    },
    find: findExpired,
    one: end,
  });
}

const findExpired: RowWork["find"] = async ({ context: { db, clock, settings } }, { tried }) => {
  const { rows } = await sql<{ id: string }>`
    SELECT e.id FROM (
      SELECT m.id FROM multipart_uploads m WHERE ${isExpiredSession(clock.now())}
      UNION ALL
      SELECT f.id FROM file_storage f WHERE ${isExpiredFile(clock.now())}) e
    WHERE e.id <> ALL (${tried}::uuid[])
    ORDER BY random()
    LIMIT ${settings.sweepBatch}`.execute(db);
  return rows.map(({ id }) => id);
};

async function findForms(
  { db, clock, settings }: StorageContext,
  tried: readonly string[],
): Promise<{ id: string }[]> {
  return db
    .selectFrom("multipart_uploads")
    .select("id")
    .where("origin", "=", "s3")
    .where("upload_method", "=", "put")
    .where("status", "=", "active")
    .where("expires_at", "<=", clock.now())
    .where(sql<boolean>`id <> ALL (${tried}::uuid[])`)
    .orderBy("expires_at")
    .limit(settings.sweepBatch)
    .execute();
}

/** One session or file, by itself. */
async function end(turn: Turn, id: string): Promise<void> {
  const { db, clock } = turn.context;
  await completeForm(turn, id);
  const isOver = await db
    .transaction()
    .execute(async (trx) => (await endSession(trx, id, clock.now())) || endFile(trx, id, clock.now()));
  if (isOver) turn.report.expired++;
}

async function completeForm({ context, report }: Turn, id: string): Promise<void> {
  const session = await findSession(context, id);
  if (session?.origin !== "s3" || session.target.method !== "put" || session.state !== "active") return;
  try {
    const { state } = await completeSession(context, session, { request: {}, waitMs: 0 });
    if (state === "completed") report.sessionsCompleted++;
  } catch (error) {
    // Nothing came, or not what was announced.
    if (!(error instanceof UploadError) || error.retryable) throw error;
  }
}

type Trx = Transaction<Database>;

/** Locks in the order of `cleanup_expired_files`: the row, then its owners' counters. */
async function endSession(trx: Trx, id: string, now: RawBuilder<Date>): Promise<boolean> {
  const { rows } = await sql<Owners>`
    SELECT m.user_id, m.workspace_id FROM multipart_uploads m WHERE m.id = ${id} AND ${isExpiredSession(now)}
    FOR UPDATE SKIP LOCKED`.execute(trx);
  const [owners] = rows;
  if (owners === undefined) return false;
  await lockCounters(trx, owners);
  await sql`SELECT abort_sessions(ARRAY[${id}::uuid])`.execute(trx);
  return true;
}

async function endFile(trx: Trx, id: string, now: RawBuilder<Date>): Promise<boolean> {
  const { rows } = await sql<Owners>`
    SELECT f.user_id, f.workspace_id FROM file_storage f WHERE f.id = ${id} AND ${isExpiredFile(now)}
    FOR UPDATE SKIP LOCKED`.execute(trx);
  const [owners] = rows;
  if (owners === undefined) return false;
  await lockCounters(trx, owners);
  await trx
    .updateTable("file_storage")
    .set({ status: "deleting", cdn_url: null })
    .where("id", "=", id)
    .execute();
  return true;
}

interface Owners {
  user_id: string | null;
  workspace_id: string | null;
}

async function lockCounters(trx: Trx, { user_id, workspace_id }: Owners): Promise<void> {
  await sql`SELECT lock_counters(ARRAY[${user_id}::uuid], ARRAY[${workspace_id}::uuid])`.execute(trx);
}
