import type { StoreOperation } from "../s3/s3-connection.ts";

/** What this process has seen of one bucket in the last minute: it may answer whoever looks whether it is there, and nobody else. */
export interface RecentCalls {
  count(operation: Pick<StoreOperation, "name" | "status">): void;
  /** Why most of its calls have failed of late; `undefined` where they have not, or were too few to say. */
  findTrouble(): string | undefined;
}

const WINDOW_MS = 60_000;
const SLICES = 6;
const FEWEST_CALLS = 10;
const TROUBLE_SHARE = 0.5;

interface Slice {
  number: number;
  calls: number;
  failed: number;
}

/** @param now Milliseconds of a clock that only goes forward. */
export function createRecentCalls(now = () => performance.now()): RecentCalls {
  let slices: Slice[] = [];
  const current = () => Math.floor(now() / (WINDOW_MS / SLICES));

  return {
    count: (operation) => {
      // Its own looks are counted one by one.
      if (operation.name === "HeadBucket") return;
      const number = current();
      let slice = slices.at(-1);
      if (slice?.number !== number) {
        slice = { number, calls: 0, failed: 0 };
        slices = [...slices.slice(1 - SLICES), slice];
      }
      slice.calls += 1;
      if (isTrouble(operation.status)) slice.failed += 1;
    },
    findTrouble: () => {
      const number = current();
      let calls = 0;
      let failed = 0;
      for (const slice of slices) {
        if (slice.number <= number - SLICES) continue;
        calls += slice.calls;
        failed += slice.failed;
      }
      if (calls < FEWEST_CALLS || failed / calls < TROUBLE_SHARE) return undefined;
      return `${failed} of ${calls} calls of the last minute failed`;
    },
  };
}

/** The store's fault, not the caller's. One that asks for fewer calls is well, and one without such a call says so. */
function isTrouble(status: number | undefined): boolean {
  return status === undefined || (status >= 500 && status !== 501 && status !== 503);
}
