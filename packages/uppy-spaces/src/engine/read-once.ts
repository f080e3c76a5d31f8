const MiB = 1024 * 1024;
/** A second reading of so little costs less than anything else about the request. */
const ALWAYS_BELOW = 64 * 1024;
/** Larger parts would hold too much of the memory. */
const MAX_PART_SIZE = 16 * MiB;
/** Most bytes kept over all files. */
const MAX_KEPT = 192 * MiB;
/** On slower links the processor has nothing better to do than to read twice, and the memory is better left alone. */
const WORTH_BYTES_PER_MS = (40 * MiB) / 1000;
const MEASURE_MS = 250;
/** Copying takes a busy browser 4 to 11 ms a MiB. One whose requests are watched from outside, by a test driver say, takes 80 and more. */
const DEAR_MS_PER_MIB = 40;
/** Once may have been another program's fault. */
const DEAR_TIMES = 2;

/**
 * Whether parts are read once, hashed and sent from memory, or read a second time by the browser while it sends them. The second
 * reading takes about as much of the processor as sending: it is what a fast link waits for.
 */
export class ReadOnce {
  #isFast = false;
  #dearTimes = 0;
  #from: number | null = null;
  #bytes = 0;
  #kept = 0;

  /** Whether the processor is what limits the rate. */
  get isFast(): boolean {
    return this.#isFast;
  }

  /** Bytes went out. */
  sent(bytes: number, now: number): void {
    this.#from ??= now;
    this.#bytes += bytes;
    const ms = now - this.#from;
    if (ms < MEASURE_MS) return;
    this.#isFast = this.#bytes / ms > WORTH_BYTES_PER_MS;
    this.#from = now;
    this.#bytes = 0;
  }

  /** Whether to keep the bytes of a part of this size; where so, they count until they are given back. */
  take(size: number): boolean {
    if (this.#dearTimes >= DEAR_TIMES) return false;
    const isWorthIt = this.#isFast && size <= MAX_PART_SIZE && this.#kept + size <= MAX_KEPT;
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
