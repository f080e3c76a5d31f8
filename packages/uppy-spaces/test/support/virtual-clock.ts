import type { Clock } from "../../src/engine/clock.ts";

/** Time that stands still until it is moved. */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((it) => it !== timer);
    };
  }

  get hasTimers(): boolean {
    return this.#timers.length > 0;
  }

  /** Runs what is due until then, in order, letting promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const end = this.#now + byMs;
    await settled();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      await this.#run(next);
    }
    this.#now = end;
  }

  /** Goes on to the next timer. */
  async step(): Promise<void> {
    await settled();
    const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
    if (next !== undefined) await this.#run(next);
  }

  async #run(timer: { at: number; run: () => void }): Promise<void> {
    this.#timers = this.#timers.filter((it) => it !== timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.run();
    await settled();
  }
}

/** Every promise that waits for nothing but other promises is through by then. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
