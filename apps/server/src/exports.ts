import type { ExportsReport, Storage } from "@audiotricks/storage";
import type { Logger } from "./logger.ts";
import { type Repetition, repeat } from "./repeat.ts";

const LOOK_AGAIN_MS = 2_000;

/** Makes archives that somebody asked for: one at a time in this process, beside those of other servers. */
export function startExports(storage: { exports: Pick<Storage["exports"], "run"> }, log: Logger): Repetition {
  function tell({ done, failures }: ExportsReport): boolean {
    for (const made of done) log.info(made, "made an export");
    for (const failure of failures)
      log.warn(failure, "an export could not be made; it says whether it is tried again");
    return true;
  }
  return repeat(async (signal) => tell(await storage.exports.run({ signal })), {
    everyMs: LOOK_AGAIN_MS,
    failed: "could not make exports; trying again",
    log,
  });
}
