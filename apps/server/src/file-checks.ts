import type { CheckReport, Storage } from "@audiotricks/storage";
import type { Logger } from "./logger.ts";
import { type Repetition, repeat } from "./repeat.ts";

const LOOK_AGAIN_MS = 1_000;
/** Failures of one file or store: those wait by themselves, and others are not to wait for them. */
const OF_ONE = new Set(["storage_unavailable", "no_provider", "provider_unsupported", "inspection_failed"]);

/** Looks into files as they are stored. */
export function startFileChecks(storage: Pick<Storage, "checkFiles">, log: Logger): Repetition {
  function tell({ inspected, scanned, quarantined, failures }: CheckReport): boolean {
    for (const file of quarantined) log.warn(file, "a file went into quarantine");
    for (const failure of failures) log.warn(failure, "a file could not be looked into; it is tried again");
    if (inspected + scanned > 0) log.info({ inspected, scanned }, "looked into files");
    return failures.every(({ code }) => OF_ONE.has(code));
  }
  return repeat(async (signal) => tell(await storage.checkFiles({ signal })), {
    everyMs: LOOK_AGAIN_MS,
    failed: "could not look into files; trying again",
    log,
  });
}
