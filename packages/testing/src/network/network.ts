import type { Lane } from "./lane.ts";

/** The way from the browser to the companion and to the store. What the two say to each other does not take it. */
export class Network {
  readonly #companion: Lane;
  readonly #store: Lane;

  constructor({ companionLane, storeLane }: { companionLane: Lane; storeLane: Lane }) {
    this.#companion = companionLane;
    this.#store = storeLane;
  }

  /** What the browser sends to the store, over all connections together; `null` for as fast as it goes. */
  throttle(bytesPerSecond: number | null): void {
    this.#store.limit(bytesPerSecond);
  }

  /** Ends every connection and lets none through, until `mend`. The browser is not told that it is offline, as when a router restarts. */
  cut(): void {
    this.#companion.cut();
    this.#store.cut();
  }

  /**
   * The same at the very moment when that share of the file's bytes has left the browser for the store. To be called before the
   * upload begins; resolves when it is cut.
   */
  async cutAt({ size }: { size: number }, share: number): Promise<void> {
    await this.#store.cutAfter(size * share);
    this.#companion.cut();
  }

  mend(): void {
    this.#companion.mend();
    this.#store.mend();
  }

  /** As at the beginning: whole, and as fast as it goes. */
  reset(): void {
    this.throttle(null);
    this.mend();
  }
}
