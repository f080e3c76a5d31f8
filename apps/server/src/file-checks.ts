import { setTimeout as delay } from "node:timers/promises";
import type { CheckReport, Storage } from "@audiotricks/storage";
import type { Logger } from "./logger.ts";

const LOOK_AGAIN_MS = 1_000;
/** Between rounds, while the store, the scanner or the database is away. */
const LONGEST_PAUSE_MS = 30_000;

/** Looks into files as they are stored. */
export function startFileChecks(
  storage: Pick<Storage, "checkFiles">,
  log: Logger,
): { stop(): Promise<void> } {
  const controller = new AbortController();
  const { signal } = controller;
  const running = look();

  async function look(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const isFine = await storage.checkFiles({ signal }).then(tell, (err: unknown) => {
        // Told to stop, it may not have been able to put back what it was at: that comes round by itself.
        if (!signal.aborted) log.error({ err }, "could not look into files; trying again");
        return false;
      });
      failures = isFine ? 0 : failures + 1;
      const pauseMs = Math.min(LOOK_AGAIN_MS * 2 ** failures, LONGEST_PAUSE_MS);
      // Apart by chance, so that many servers do not ask in step.
      await delay(pauseMs * (0.9 + Math.random() * 0.2), undefined, { signal }).catch(() => undefined);
    }
  }
  function tell({ inspected, scanned, quarantined, failures }: CheckReport): boolean {
    for (const file of quarantined) log.warn(file, "a file went into quarantine");
    for (const failure of failures) log.warn(failure, "a file could not be looked into; it is tried again");
    if (inspected + scanned > 0) log.info({ inspected, scanned }, "looked into files");
    return failures.length === 0;
  }

  return {
    stop: async () => {
      controller.abort();
      await running;
    },
  };
}
