import type { Clock } from "./clock.ts";
import { type RetryOptions, RetryPacer } from "./retry-pacer.ts";

/** One kind of request of one file that must not be made again before some moment. */
export class HoldOff {
  readonly #clock: Clock;
  readonly #pacer: RetryPacer;
  readonly #onOver: () => void;
  #until: number | null = null;
  #stopTimer = () => {};

  /** @param options.schedule Called when it may be made again. */
  constructor(options: { clock: Clock; retry: RetryOptions; random: () => number; schedule: () => void }) {
    this.#clock = options.clock;
    this.#pacer = new RetryPacer(options.retry, options.random);
    this.#onOver = options.schedule;
  }

  get isActive(): boolean {
    return this.#until !== null;
  }

  /**
   * Counts a failure; failures that land while a hold-off is running are the same incident.
   *
   * @returns When to try again, or `null` once the budget is spent.
   */
  fail(failure: Parameters<RetryPacer["afterFailure"]>[0]): number | null {
    if (this.#until !== null) return this.#until;
    const delayMs = this.#pacer.afterFailure(failure);
    return delayMs === null ? null : this.pause(delayMs);
  }

  /** Waits without a failure: the server asked for it. */
  pause(delayMs: number): number {
    this.#stopTimer();
    const until = this.#clock.now() + delayMs;
    this.#until = until;
    this.#stopTimer = this.#clock.after(delayMs, () => this.wake());
    return until;
  }

  succeeded(): void {
    this.#pacer.succeeded();
  }

  /** As new, with a whole budget. */
  reset(): void {
    this.#close();
    this.#pacer.succeeded();
  }

  wake(): void {
    if (this.#until === null) return;
    this.#close();
    this.#onOver();
  }

  #close(): void {
    this.#stopTimer();
    this.#until = null;
  }
}
