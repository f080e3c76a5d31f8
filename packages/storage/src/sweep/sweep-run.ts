import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import { sql } from "kysely";
import { mapConcurrently } from "../concurrency.ts";
import type { SweepReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";

/** A slow store leaves enough time to others by itself. */
const LONGEST_REST_MS = 40;

/** One sweep under way. */
export interface SweepRun {
  context: StorageContext;
  report: SweepReport;
  /** By the clock that leases are decided by. */
  began: Date;
  /** Whether to begin another batch. */
  hasTime: () => boolean;
  /** Works, and then leaves the database and the processor to those who upload. */
  thenRest: <T>(work: () => Promise<T>) => Promise<T>;
  /** Works on each, several at once, each with its rest; what fails is reported under its id and does not stop the others. */
  each: (ids: readonly string[], work: (id: string) => Promise<void>) => Promise<void>;
}

export async function startSweepRun(
  context: StorageContext,
  signal: AbortSignal | undefined,
): Promise<SweepRun> {
  const { sweepConcurrency, sweepMs, sweepRest } = context.settings;
  const { rows } = await sql<{ now: Date }>`SELECT ${context.clock.now()} AS now`.execute(context.db);
  const deadline = performance.now() + sweepMs;
  const report: SweepReport = {
    expired: 0,
    sessionsAborted: 0,
    sessionsCompleted: 0,
    filesDeleted: 0,
    accessSettled: 0,
    copiesPurged: 0,
    uploadsAborted: 0,
    temporaryDeleted: 0,
    failures: [],
  };
  const thenRest: SweepRun["thenRest"] = async (work) => {
    const begunAt = performance.now();
    try {
      return await work();
    } finally {
      await delay(Math.min(sweepRest * (performance.now() - begunAt), LONGEST_REST_MS));
    }
  };
  return {
    context,
    report,
    began: rows[0]?.now ?? new Date(),
    hasTime: () => signal?.aborted !== true && performance.now() < deadline,
    thenRest,
    each: async (ids, work) => {
      await mapConcurrently(ids, sweepConcurrency, async (id) => {
        if (signal?.aborted) return;
        try {
          await thenRest(() => work(id));
        } catch (error) {
          report.failures.push({ id, ...describeSweepFailure(error) });
        }
      });
    },
  };
}

export function describeSweepFailure(error: unknown): { code: string; message: string } {
  if (error instanceof UploadError) return { code: error.code, message: error.message };
  return { code: "internal", message: String(error) };
}
