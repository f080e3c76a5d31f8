import type { LinkSpeed } from "./link-speed.ts";

const MiB = 1024 * 1024;
/** A second reading of so little costs less than anything else about the request. */
const ALWAYS_BELOW = 64 * 1024;
/** Larger parts would hold too much of the memory. */
const MAX_PART_SIZE = 16 * MiB;
/** Most bytes kept over all files. */
const MAX_KEPT = 192 * MiB;
/** Copying takes a busy browser 4 to 11 ms a MiB. One whose requests are watched from outside, by a test driver say, takes 80 and more. */
const DEAR_MS_PER_MIB = 40;
/** Once may have been another program's fault. */
const DEAR_TIMES = 2;

/**
 * Whether parts are read once, hashed and sent from memory, or read a second time by the browser while it sends them. The second
 * reading takes about as much of the processor as sending: it is what a fast link waits for. On slower ones the processor has nothing
 * better to do, and the memory is left alone.
 */
export class ReadOnce {
  readonly #speed: Pick<LinkSpeed, "verdict">;
  #dearTimes = 0;
  #kept = 0;

  constructor({ speed }: { speed: Pick<LinkSpeed, "verdict"> }) {
    this.#speed = speed;
  }

  /** Whether to keep the bytes of a part of this size; where so, they count until they are given back. */
  take(size: number): boolean {
    if (this.#dearTimes >= DEAR_TIMES) return false;
    const isWorthIt =
      this.#speed.verdict === "fast" && size <= MAX_PART_SIZE && this.#kept + size <= MAX_KEPT;
    if (size > ALWAYS_BELOW && !isWorthIt) return false;
    this.#kept += size;
    return true;
  }

  giveBack(size: number): void {
    this.#kept -= size;
  }

  /** The browser took so long to take bytes for sending: where that is dear again and again, they are not kept any more. */
  taken(size: number, tookMs: number): void {
    if (size <= ALWAYS_BELOW || this.#dearTimes >= DEAR_TIMES) return;
    this.#dearTimes = tookMs > (size / MiB) * DEAR_MS_PER_MIB ? this.#dearTimes + 1 : 0;
  }
}
