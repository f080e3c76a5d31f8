import type { HealthChange, Storage } from "@audiotricks/storage";
import type { Logger } from "./logger.ts";
import { type Repetition, repeat } from "./repeat.ts";

const LOOK_AGAIN_MS = 5_000;

/** Looks whether the buckets answer; of many servers each looks at those whose turn it is. */
export function startBucketHealth(storage: Pick<Storage, "lookAtBuckets">, log: Logger): Repetition {
  function tell({ state, ...bucket }: HealthChange): void {
    if (state === "down")
      log.error(
        bucket,
        "a bucket does not answer: new uploads go elsewhere where they may, and its files cannot be read",
      );
    else log.info(bucket, "a bucket answers again");
  }
  return repeat(
    async () => {
      for (const change of await storage.lookAtBuckets()) tell(change);
      return true;
    },
    { everyMs: LOOK_AGAIN_MS, failed: "could not look whether the buckets answer; trying again", log },
  );
}
