import { sql } from "kysely";
import { queueForArchive } from "../archive/queue-for-archive.ts";
import { queueRecalls } from "../archive/queue-recalls.ts";
import { blame } from "../backup/blame-store.ts";
import type { ByteBudget } from "../backup/byte-budget.ts";
import { CopyFailure } from "../backup/copy-failure.ts";
import { describeCopyFailure } from "../backup/copy-files.ts";
import { createAwayStores } from "../checks/away-stores.ts";
import type { StorageContext } from "../storage-context.ts";
import { type ClaimedMove, claimMove } from "./claim-move.ts";
import { clearOld, dropCopyOf, moveFile } from "./move-file.ts";
import { letMoveGo, putOffMove } from "./settle-move.ts";

/** What one round came to. */
export interface MoveReport {
  /** Files that have begun to wait for their move. */
  queued: number;
  /** Files whose row names the new bucket now. */
  moved: number;
  /** Bytes that arrived there, of files that are not finished too. */
  bytes: number;
  /** Old objects, and copies that were not wanted any more, that are gone. */
  cleared: number;
  /** Workspaces of which nothing is left to move. */
  finished: string[];
  /** By file: these are tried again. */
  failures: { id: string; code: string; message: string }[];
}

/** As many failures in a row that are neither a file's nor a store's say that it is this machine. */
const WE_ARE_AWAY_AFTER = 8;
/** As many fail in one round at most: the next one goes on. */
const MOST_FAILURES = 200;
/** How often it is looked, in the middle of a round, whether somebody has called a file back: they wait for it. */
const RECALLS_EVERY_MS = 1_000;
const QUEUE_AT_ONCE = 200;
/** As long as a store may work on a Complete, and a little: two of them at a time have lost objects on Ceph. */
const COMPLETION_WAIT_MS = 615_000;

/**
 * Moves what is to be moved: one round, until nothing is due but what a store that is away is to take or to give, the time is over, or
 * `signal` says to stop. Any number may run; what a worker was at when it was killed another takes up where it was. At no moment is a file unreadable.
 */
export async function moveFiles(
  given: StorageContext,
  memory: ByteBudget,
  { signal, untilMs }: { signal: AbortSignal; untilMs: number },
): Promise<MoveReport> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  const report: MoveReport = { queued: 0, moved: 0, bytes: 0, cleared: 0, finished: [], failures: [] };
  const away = createAwayStores();
  let failedInARow = 0;
  let recallsAt = performance.now();
  const isEnough = () => failedInARow >= WE_ARE_AWAY_AFTER || report.failures.length >= MOST_FAILURES;
  const isOver = () => signal.aborted || isEnough() || performance.now() >= untilMs;

  async function lane(first?: ClaimedMove): Promise<void> {
    for (let move = first ?? (await next()); move !== undefined; move = await next()) await attempt(move);
  }
  async function next(): Promise<ClaimedMove | undefined> {
    if (isOver()) return undefined;
    if (performance.now() - recallsAt >= RECALLS_EVERY_MS) {
      recallsAt = performance.now();
      report.queued += await queueRecalls(context);
    }
    return claimMove(context, away.list());
  }
  async function attempt(move: ClaimedMove): Promise<void> {
    try {
      await work(move);
      failedInARow = 0;
      for (const id of [move.fromId, move.toId]) away.answered(id);
    } catch (error) {
      if (error instanceof CopyFailure && error.code === "too_late") return;
      const isCompleting = error instanceof CopyFailure && error.code === "completing";
      if (signal.aborted && !isCompleting) return await letMoveGo(context, move);
      if (blame(error, away, move) === "nobody") failedInARow++;
      const failure = describeCopyFailure(error);
      report.failures.push({ id: move.fileId, ...failure });
      await putOffMove(context, move, { ...failure, leastWaitMs: isCompleting ? COMPLETION_WAIT_MS : 0 });
    }
  }
  async function work(move: ClaimedMove): Promise<void> {
    switch (move.work) {
      case "copy": {
        const carrying = { memory, moved: (bytes: number) => (report.bytes += bytes) };
        if (await moveFile(context, move, carrying)) report.moved++;
        return;
      }
      case "clear":
        await clearOld(context, move);
        report.cleared++;
        return;
      case "drop":
        await dropCopyOf(context, move);
        report.cleared++;
        return;
      default:
        move.work satisfies never;
    }
  }

  report.queued = (await queue(context)) + (await queueRecalls(context)) + (await queueForArchive(context));
  // Mostly there is nothing to do: that is one question, not one for each lane.
  const first = await next();
  if (first !== undefined) {
    const others = Array.from({ length: context.settings.backupLanes - 1 }, () => lane());
    const ends = await Promise.allSettled([lane(first), ...others]);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
  report.finished = await finish(context);
  return report;
}

/** Also what was stored elsewhere since the last round. */
async function queue({ db }: StorageContext): Promise<number> {
  const { rows } = await sql`
    INSERT INTO file_moves (file_storage_id, move_id, from_provider_id, to_provider_id, object_key, file_size)
    SELECT f.id, m.id, f.storage_provider_id, m.storage_provider_id, f.storage_path, f.file_size
    FROM storage_moves m
    CROSS JOIN LATERAL (
      SELECT f.id, f.storage_provider_id, f.storage_path, f.file_size FROM file_storage f
      WHERE f.workspace_id = m.workspace_id AND f.storage_provider_id <> m.storage_provider_id AND is_counted_file(f.status)
        AND f.status NOT IN ('archived', 'recalling')
        AND NOT EXISTS (SELECT FROM file_moves x
          WHERE x.file_storage_id = f.id AND (x.move_id = m.id OR x.state NOT IN ('cleared', 'dropped')))
      LIMIT ${QUEUE_AT_ONCE}) f
    WHERE m.state = 'running'
    ON CONFLICT DO NOTHING
    RETURNING file_storage_id`.execute(db);
  return rows.length;
}

/** Old objects may still wait to be cleared: for those who upload and read, it is over. */
async function finish({ db, clock }: StorageContext): Promise<string[]> {
  const { rows } = await sql<{ workspace_id: string }>`
    UPDATE storage_moves m SET state = 'done', ended_at = ${clock.now()}
    WHERE m.state = 'running'
      AND NOT EXISTS (SELECT FROM file_moves x WHERE x.move_id = m.id AND x.state IN ('pending', 'copying', 'failed'))
      AND NOT EXISTS (SELECT FROM file_storage f
        WHERE f.workspace_id = m.workspace_id AND f.storage_provider_id <> m.storage_provider_id
          AND (is_counted_file(f.status) AND f.status NOT IN ('archived', 'recalling') OR f.status = 'uploading'))
    RETURNING m.workspace_id`.execute(db);
  return rows.map(({ workspace_id }) => workspace_id);
}
