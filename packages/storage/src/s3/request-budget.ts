import { UploadError } from "@audiotricks/protocol";

/** Who waits for a call: a user, or nobody. A user's goes first. */
export type Cause = "request" | "sweep";

/** So many calls a second, shared by all that one process asks of one bucket. */
export interface RequestBudget {
  /**
   * Resolves when the call may go out; in order, users' before sweeps'.
   *
   * @throws {UploadError} `storage_unavailable` if `signal` aborts first.
   */
  take(cause: Cause, signal?: AbortSignal): Promise<void>;
  /** Of each attempt: one that repeats a call has asked nobody and counts, and a store that asks to slow down is listened to. */
  settle(attempt: { isRepeat: boolean; isSlowDown: boolean }): void;
}

/** Tokens gather for this long at most: a burst of that size goes out at once. */
const BURST_SECONDS = 1;
/** Of a full burst; the rest is kept for users who may come at any moment. */
const LEFT_FOR_USERS = 0.5;
/** After SlowDown the rate is halved, and is whole again after this long without another. */
const RECOVERY_MS = 30_000;
const LEAST_SHARE = 1 / 16;
/** Sweeps stay away for 1 s, 2 s, 4 s … after each, by chance up to half less. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** What is refused together counts as one. */
const SAME_REFUSAL_MS = 500;

interface Waiting {
  go: () => void;
}

/**
 * A bucket of tokens that fills at a fixed rate.
 *
 * @param perSecond Infinity where no limit is known: then only SlowDown holds sweeps back.
 * @param random For tests: from 0 to 1.
 */
export function createRequestBudget(perSecond: number, random: () => number = Math.random): RequestBudget {
  const queues: Record<Cause, Waiting[]> = { request: [], sweep: [] };
  const capacity = Math.max(perSecond * BURST_SECONDS, 1);
  let tokens = capacity;
  let filledAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let refusals = 0;
  let refusedAt = Number.NEGATIVE_INFINITY;
  let shareThen = 1;
  let sweepsFrom = Number.NEGATIVE_INFINITY;

  /** Of the rate, now. */
  function share(now: number): number {
    return Math.min(1, shareThen + (now - refusedAt) / RECOVERY_MS);
  }
  function fill(now: number): void {
    if (perSecond !== Number.POSITIVE_INFINITY)
      tokens = Math.min(capacity, tokens + ((now - filledAt) / 1000) * perSecond * share(now));
    filledAt = now;
  }
  function needOf(cause: Cause): number {
    return cause === "request" || capacity === Number.POSITIVE_INFINITY
      ? 1
      : Math.max(1, capacity * LEFT_FOR_USERS);
  }
  /** Milliseconds until the next of a kind may go; 0 is now. */
  function waitOf(cause: Cause, now: number): number {
    const paused = cause === "sweep" ? Math.max(0, sweepsFrom - now) : 0;
    const missing = needOf(cause) - tokens;
    return Math.max(paused, missing <= 0 ? 0 : (missing / (perSecond * share(now))) * 1000);
  }
  function pump(): void {
    clearTimeout(timer);
    timer = undefined;
    const now = performance.now();
    fill(now);
    for (const cause of ["request", "sweep"] as const) {
      while (queues[cause].length > 0) {
        const wait = waitOf(cause, now);
        if (wait > 0) {
          timer = setTimeout(pump, Math.ceil(wait));
          return;
        }
        tokens--;
        queues[cause].shift()?.go();
      }
    }
  }

  return {
    take: (cause, signal) =>
      new Promise((resolve, reject) => {
        const waiting: Waiting = {
          go: () => {
            signal?.removeEventListener("abort", leave);
            resolve();
          },
        };
        const leave = (): void => {
          queues[cause] = queues[cause].filter((other) => other !== waiting);
          reject(new UploadError("storage_unavailable", "Stopped before the store was asked."));
        };
        if (signal?.aborted) {
          leave();
          return;
        }
        signal?.addEventListener("abort", leave, { once: true });
        queues[cause].push(waiting);
        pump();
      }),
    settle: ({ isRepeat, isSlowDown }) => {
      if (isRepeat) tokens--;
      if (!isSlowDown) return;
      const now = performance.now();
      if (now - refusedAt >= SAME_REFUSAL_MS) {
        fill(now);
        refusals = now - refusedAt > RECOVERY_MS ? 1 : refusals + 1;
        shareThen = Math.max(LEAST_SHARE, share(now) / 2);
        refusedAt = now;
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (refusals - 1), LONGEST_PAUSE_MS);
      sweepsFrom = now + pause * (0.5 + random() / 2);
    },
  };
}

/** One after the other: the bucket's, then that of our own address, which all buckets at a store share. */
export function bothBudgets(bucket: RequestBudget, client: RequestBudget): RequestBudget {
  return {
    take: async (cause, signal) => {
      await bucket.take(cause, signal);
      await client.take(cause, signal);
    },
    settle: (attempt) => {
      bucket.settle(attempt);
      client.settle({ ...attempt, isSlowDown: false });
    },
  };
}
