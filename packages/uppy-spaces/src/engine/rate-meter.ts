/** Samples older than this no longer count; a stall shows as 0 after as long. */
const WINDOW_MS = 5000;
/** One sample per this long is enough to tell a rate from. */
const SAMPLE_MS = 200;

/** Bytes per second over the last few seconds. */
export class RateMeter {
  readonly #samples: { at: number; bytes: number }[] = [];

  /** @param bytes Total moved so far; may fall when a part failed, which then counts as nothing moved. */
  record(at: number, bytes: number): void {
    const last = this.#samples.at(-1);
    const beforeLast = this.#samples.at(-2);
    if (last !== undefined && bytes < last.bytes) this.reset();
    else if (last !== undefined && beforeLast !== undefined && at - beforeLast.at < SAMPLE_MS) {
      last.at = at;
      last.bytes = bytes;
      return;
    }
    this.#samples.push({ at, bytes });
    this.#dropBefore(at - WINDOW_MS);
  }

  bytesPerSecond(now: number): number {
    this.#dropBefore(now - WINDOW_MS);
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.bytes === first.bytes) return 0;
    // Up to now and not up to the last sample: the rate must fall while nothing arrives.
    return Math.round(((last.bytes - first.bytes) * 1000) / Math.max(now - first.at, SAMPLE_MS));
  }

  reset(): void {
    this.#samples.length = 0;
  }

  /** Keeps one sample before the window: the rate is measured from it. */
  #dropBefore(oldest: number): void {
    while ((this.#samples[1]?.at ?? Number.POSITIVE_INFINITY) <= oldest) this.#samples.shift();
    const only = this.#samples[0];
    if (this.#samples.length === 1 && only !== undefined && only.at < oldest) only.at = oldest;
  }
}
