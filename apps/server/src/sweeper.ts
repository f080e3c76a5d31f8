import { setTimeout as delay } from "node:timers/promises";
import type { Storage } from "@audiotricks/storage";
import type { Logger } from "./logger.ts";

/** Sweeps again and again, never two at once; stops when told to, in the middle of a sweep too. */
export function startSweeper(
  storage: Pick<Storage, "sweep">,
  options: { intervalMs: number; log: Logger },
): { stop(): Promise<void> } {
  const controller = new AbortController();
  const { signal } = controller;
  const running = run();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const report = await storage.sweep({ signal });
        for (const failure of report.failures) options.log.warn(failure, "left for the next sweep");
        const { failures: _failures, ...done } = report;
        if (Object.values(done).some((number) => number > 0)) options.log.info(done, "swept");
      } catch (err) {
        if (!signal.aborted) options.log.error({ err }, "the sweep failed; trying again");
      }
      // Apart by chance, so that many servers on one database do not sweep in step.
      await delay(options.intervalMs * (0.9 + Math.random() * 0.2), undefined, { signal }).catch(
        () => undefined,
      );
    }
  }

  return {
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
