export interface RetryOptions {
  /** First delay is drawn from 0 to this many milliseconds; it doubles with each failure in a row. */
  baseDelayMs: number;
  /** Longest delay, unless the server asks for more. */
  maxDelayMs: number;
  /** How long trying may go on without any success. Time offline does not count. */
  budgetMs: number;
}

export const DEFAULT_RETRY: RetryOptions = { baseDelayMs: 500, maxDelayMs: 15_000, budgetMs: 3_600_000 };

/** A server that asks for a day off is not obeyed for a day. */
const LONGEST_RETRY_AFTER_MS = 300_000;

/**
 * Says how long to wait after each failure in a row: exponential, with full jitter, so that thousands of browsers do not
 * come back to a restarted server in step. `null` once the budget is spent.
 *
 * The budget counts the delays asked for and the time the failed attempts took as the caller reports it, not the wall clock: a
 * laptop that slept for a night has spent nothing.
 */
export class RetryPacer {
  readonly #options: RetryOptions;
  readonly #random: () => number;
  #failures = 0;
  #spentMs = 0;

  constructor(options: RetryOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait before the next attempt, or `null`. */
  afterFailure(failure: { retryAfterMs?: number | null; tookMs?: number; isFree?: boolean }): number | null {
    const { baseDelayMs, maxDelayMs, budgetMs } = this.#options;
    this.#failures += 1;
    const ceiling = Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(this.#failures - 1, 30));
    const jitter = Math.round(this.#random() * ceiling);
    // Jitter comes on top of Retry-After: everybody was told the same number.
    const asked = Math.min(Math.max(failure.retryAfterMs ?? 0, 0), LONGEST_RETRY_AFTER_MS);
    const delayMs = asked > 0 ? asked + Math.min(jitter, baseDelayMs) : jitter;
    if (failure.isFree !== true) {
      this.#spentMs += delayMs + Math.max(failure.tookMs ?? 0, 0);
      if (this.#spentMs > budgetMs) return null;
    }
    return delayMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#spentMs = 0;
  }
}
