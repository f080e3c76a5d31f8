const MiB = 1024 * 1024;
/** Links that carry more are not what uploads wait for: the processor is. */
const FAST_BYTES_PER_MS = (40 * MiB) / 1000;
const MEASURE_MS = 250;

/** Whether sending leaves the processor time for more than sending. */
export class LinkSpeed {
  #verdict: "unknown" | "fast" | "slow" = "unknown";
  #from: number | null = null;
  #bytes = 0;

  get verdict(): "unknown" | "fast" | "slow" {
    return this.#verdict;
  }

  /**
   * Bytes went out.
   *
   * @param now Milliseconds.
   * @returns Whether the verdict is another than before.
   */
  sent(bytes: number, now: number): boolean {
    this.#from ??= now;
    this.#bytes += bytes;
    const ms = now - this.#from;
    if (ms < MEASURE_MS) return false;
    const before = this.#verdict;
    this.#verdict = this.#bytes / ms > FAST_BYTES_PER_MS ? "fast" : "slow";
    this.#from = now;
    this.#bytes = 0;
    return this.#verdict !== before;
  }
}
