import { UploadError } from "@audiotricks/protocol";
import { createAwayStores } from "../checks/away-stores.ts";
import type { StorageContext } from "../storage-context.ts";
import { describeSweepFailure } from "../sweep/sweep-failure.ts";
import { blame } from "./blame-store.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { type ClaimedCopy, claimCopy } from "./claim-copy.ts";
import { CopyFailure } from "./copy-failure.ts";
import { copyFile } from "./copy-file.ts";
import { keepCopyFinding } from "./keep-copy-finding.ts";
import { dropCopy, letCopyGo, letCopyWait, putOffCopy } from "./settle-copy.ts";

/** As many failures in a row that are neither a file's nor a store's say that it is this machine. */
const WE_ARE_AWAY_AFTER = 8;
/** Of buckets that are away, as many files wait in one round without being tried; and as many others fail: the next one goes on. */
const MOST_WAITING = 200;
const MOST_FAILURES = 200;

/** What one round of copying came to. */
export interface CopyReport {
  /** Files whose copy is now proved. */
  copied: number;
  /** Bytes that arrived at backups, of files that are not finished too. */
  bytes: number;
  /** By file: these are tried again. */
  failures: { id: string; code: string; message: string }[];
}

/**
 * Copies what is to be copied: one round, until nothing is due but what a store that is away is to take or to give, the time is over, or
 * `signal` says to stop. Any number may run; what a worker was at when it was killed another takes up where it was.
 */
export async function copyFiles(
  given: StorageContext,
  memory: ByteBudget,
  { signal, untilMs }: { signal: AbortSignal; untilMs: number },
): Promise<CopyReport> {
  const context = { ...given, stores: given.stores.forSweep(signal) };
  const report: CopyReport = { copied: 0, bytes: 0, failures: [] };
  const away = createAwayStores();
  let [failedInARow, waiting] = [0, 0];

  async function lane(first?: ClaimedCopy): Promise<void> {
    for (let copy = first ?? (await next()); copy !== undefined; copy = await next()) await attempt(copy);
  }
  function next(): Promise<ClaimedCopy | undefined> {
    const isEnough =
      failedInARow >= WE_ARE_AWAY_AFTER || waiting >= MOST_WAITING || report.failures.length >= MOST_FAILURES;
    const isOver = signal.aborted || isEnough || performance.now() >= untilMs;
    return isOver ? Promise.resolve(undefined) : claimCopy(context, away.list());
  }
  async function attempt(copy: ClaimedCopy): Promise<void> {
    if (!copy.isStored) return await dropCopy(context, copy);
    const places = { fromId: copy.providerId, toId: copy.backupId };
    if (away.isAway(places.fromId)) {
      waiting++;
      return await letCopyWait(context, copy);
    }
    try {
      await copyFile(context, copy, { memory, moved: (bytes) => (report.bytes += bytes) });
      report.copied++;
      failedInARow = 0;
      for (const id of Object.values(places)) away.answered(id);
    } catch (error) {
      if (error instanceof CopyFailure && error.code === "too_late") return;
      const isCompleting = error instanceof CopyFailure && error.code === "completing";
      if (signal.aborted && !isCompleting) return await letCopyGo(context, copy);
      if (blame(error, away, places) === "nobody") failedInARow++;
      const failure = describeCopyFailure(error);
      report.failures.push({ id: copy.fileId, ...failure });
      // Two Completes of one upload at a time have lost objects on Ceph.
      const leastWaitMs = isCompleting ? COMPLETION_WAIT_MS : 0;
      await putOffCopy(context, copy, { ...failure, leastWaitMs });
      await keepCopyFinding(context, copy, failure.code);
    }
  }

  // Mostly there is nothing to do: that is one question, not one for each lane.
  const first = await next();
  if (first === undefined) return report;
  const lanes = Array.from({ length: context.settings.backupLanes - 1 }, () => lane());
  const failed = (await Promise.allSettled([lane(first), ...lanes])).find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return report;
}

/** As long as a store may work on a Complete, and a little. */
const COMPLETION_WAIT_MS = 615_000;

/** Nothing secret, and no byte of a file. */
export function describeCopyFailure(error: unknown): { code: string; message: string } {
  if (error instanceof CopyFailure || error instanceof UploadError)
    return { code: error.code, message: error.message };
  const { code, message } = describeSweepFailure(error);
  return { code, message };
}
