import type { Clock } from "./clock.ts";

/** Waits between attempts that all end at once when the network is back. */
export class BackoffWaits {
  readonly #clock: Clock;
  readonly #ends = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `delayMs` or when woken; rejects with the signal's reason as soon as it is aborted. */
  sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const end = () => {
        leave();
        resolve();
      };
      const onAbort = () => {
        leave();
        reject(signal.reason);
      };
      const stopTimer = this.#clock.after(delayMs, end);
      const leave = () => {
        stopTimer();
        this.#ends.delete(end);
        signal.removeEventListener("abort", onAbort);
      };
      this.#ends.add(end);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  wake(): void {
    for (const end of this.#ends) end();
  }
}
