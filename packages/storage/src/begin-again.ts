import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";

/** Together a second or so, and a deadlock takes PostgreSQL one more to see: then the caller is to wait, not we. */
const MAX_ATTEMPTS = 8;
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 400;

/**
 * Does again what the database has undone because others were in the way: a whole transaction, or one statement outside
 * any. A host deletes users and workspaces as it likes, and of two that wait in a circle we are the ones who can repeat.
 *
 * @throws {UploadError} `database_unavailable`, with `details.retryAfterMs`, if they stay in the way.
 */
export async function beginAgain<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isInTheWay(error)) throw error;
      if (attempt === MAX_ATTEMPTS) throw databaseBusy(error);
      // At random, or two of us would meet again.
      await delay(Math.random() * Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS));
    }
  }
}

/**
 * SQLSTATE: deadlock, serialization failure, a row that somebody is deleting at this moment; or a statement that was prepared
 * before a migration changed its columns, which `preparing` sends anew the next time.
 */
function isInTheWay(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error)) return false;
  if (error.code === "0A000") return "routine" in error && error.routine === "RevalidateCachedQuery";
  return /^(?:40P01|40001|55P03)$/.test(String(error.code));
}

export function databaseBusy(cause: unknown): UploadError {
  return new UploadError("database_unavailable", "The database is busy with the same rows. Try again.", {
    details: { retryAfterMs: 1_000 },
    cause,
  });
}
