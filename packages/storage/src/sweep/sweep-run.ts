import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { mapConcurrently } from "../concurrency.ts";
import type { SweepReport } from "../storage.ts";
import type { StorageContext } from "../storage-context.ts";
import type { Step, Turn } from "./step.ts";
import { describeSweepFailure } from "./sweep-failure.ts";

/** A slow store leaves enough time to others by itself. */
const LONGEST_REST_MS = 40;
/** A store that asks to slow down keeps sweeps waiting for longer than this; the other kinds have other buckets. */
const LONGEST_TURN_MS = 5_000;

/** One sweep under way. */
export interface SweepRun {
  report: SweepReport;
  /** A turn of each at least, then of those with more to do, one after the other, while there is time. */
  takeTurns: (steps: readonly Step[]) => Promise<void>;
  /** Works, and then leaves the database and the processor to those who upload; what fails is reported under this id. */
  attempt: <T>(id: string, work: () => Promise<T>) => Promise<T | undefined>;
}

export async function startSweepRun(
  context: StorageContext,
  signal: AbortSignal | undefined,
): Promise<SweepRun> {
  const { sweepConcurrency, sweepMs, sweepRest } = context.settings;
  const { rows } = await sql<{ now: Date }>`SELECT ${context.clock.now()} AS now`.execute(context.db);
  const began = rows[0]?.now ?? new Date();
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

  async function thenRest<T>(work: () => Promise<T>): Promise<T> {
    const begunAt = performance.now();
    try {
      return await work();
    } finally {
      await delay(Math.min(sweepRest * (performance.now() - begunAt), LONGEST_REST_MS));
    }
  }
  async function attempt<T>(id: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await thenRest(work);
    } catch (error) {
      report.failures.push({ id, ...describeSweepFailure(error) });
      return undefined;
    }
  }
  /** For so long calls may wait for the store's budget. */
  function openWindow(): { isOver: AbortSignal; close: () => void } {
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), LONGEST_TURN_MS);
    const isOver = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
    return { isOver, close: () => clearTimeout(timer) };
  }
  async function takeTurn(step: Step): Promise<boolean> {
    let window = openWindow();
    const { stores } = context;
    const each: Turn["each"] = async (items, work) => {
      // However long it took to find them, some are worked on.
      window.close();
      window = openWindow();
      let begun = 0;
      const errors: unknown[] = [];
      await mapConcurrently(items, sweepConcurrency, async (item) => {
        if (window.isOver.aborted) return;
        begun++;
        await attempt(item.id, () =>
          work(item).catch((error: unknown) => {
            errors.push(error);
            throw error;
          }),
        );
      });
      return { begun, errors };
    };
    const of: typeof stores.of = (id, subject) => stores.forSweep(window.isOver).of(id, subject);
    const turn: Turn = { context: { ...context, stores: { ...stores, of } }, report, began, each };
    try {
      return (await attempt(step.id, () => step.turn(turn))) ?? false;
    } finally {
      window.close();
    }
  }

  return {
    report,
    attempt,
    takeTurns: async (steps) => {
      let left = steps;
      for (let isFirst = true; left.length > 0; isFirst = false) {
        const unfinished: Step[] = [];
        for (const step of left) {
          if (signal?.aborted || (!isFirst && performance.now() >= deadline)) return;
          const hasMore = await takeTurn(step);
          const isFed = unfinished.some(({ id }) => id === step.follows);
          if (hasMore || isFed) unfinished.push(step);
        }
        left = unfinished;
      }
    },
  };
}
