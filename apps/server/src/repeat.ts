import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "./logger.ts";

/** Between rounds, while what they need is away. */
const LONGEST_PAUSE_MS = 30_000;

/** Something that goes on until it is told to stop. */
export interface Repetition {
  stop(): Promise<void>;
}

/**
 * Does something again and again, for as long as the server runs; at longer and longer intervals while it fails.
 *
 * @param round Says whether all went well.
 * @param options.failed What the log says where it throws.
 */
export function repeat(
  round: (signal: AbortSignal) => Promise<boolean>,
  { everyMs, failed, log }: { everyMs: number; failed: string; log: Logger },
): Repetition {
  const controller = new AbortController();
  const { signal } = controller;
  const running = go();

  async function go(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const isFine = await round(signal).catch((err: unknown) => {
        // Told to stop, it may not have been able to put back what it was at: that comes round by itself.
        if (!signal.aborted) log.error({ err }, failed);
        return false;
      });
      failures = isFine ? 0 : failures + 1;
      const pauseMs = Math.min(everyMs * 2 ** failures, Math.max(LONGEST_PAUSE_MS, everyMs));
      // Apart by chance, so that many servers do not ask in step.
      await delay(pauseMs * (0.9 + Math.random() * 0.2), undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
