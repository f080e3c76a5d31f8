/** Lanes added at a time. */
const STEP = 2;
/** After a change, TCP needs this long to find its new rate, and new connections fill their send buffers. */
const SETTLE_MS = 1000;
const MEASURE_MS = 2000;
/** More lanes stay only where they carry this much more: on a link that is full they would only crowd out other traffic. */
const WORTHWHILE = 1.05;
/** How long a verdict holds before more lanes are tried again. */
const TRY_AGAIN_MS = 20_000;
/** Refusals within this time tell of one and the same trouble. */
const ONE_TROUBLE_MS = 2000;

/**
 * How many PUTs to have under way at once: two more while that makes the whole faster, half as many when the store says
 * that it is too much.
 */
export class LaneGovernor {
  readonly #most: number;
  #lanes: number;
  #window: { from: number; bytes: number } | null = null;
  /** The rate before the last increase, while that is on trial. */
  #rateBefore: number | null = null;
  #lanesBefore = 0;
  #restUntil = 0;
  #troubleAt = Number.NEGATIVE_INFINITY;
  #sentBytes = 0;

  constructor({ start, most }: { start: number; most: number }) {
    this.#most = most;
    this.#lanes = Math.min(start, most);
  }

  get lanes(): number {
    return this.#lanes;
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /**
   * To be told often.
   *
   * @param now Milliseconds.
   * @param isFull Whether every lane is used and more parts wait: the rate says nothing about lanes otherwise.
   * @returns Whether there are now more lanes.
   */
  observe(now: number, isFull: boolean): boolean {
    if (!isFull || (now < this.#restUntil && this.#rateBefore === null)) {
      this.#window = null;
      return false;
    }
    this.#window ??= { from: now + SETTLE_MS, bytes: this.#sentBytes };
    const { from, bytes } = this.#window;
    if (now <= from) {
      this.#window.bytes = this.#sentBytes;
      return false;
    }
    if (now < from + MEASURE_MS) return false;
    this.#window = null;
    return this.#judge(now, (this.#sentBytes - bytes) / (now - from));
  }

  /** The store refused because of too many requests, or a PUT stalled. */
  trouble(now: number): void {
    if (now - this.#troubleAt < ONE_TROUBLE_MS) return;
    this.#troubleAt = now;
    this.#lanes = Math.max(1, Math.floor(this.#lanes / 2));
    this.#rest(now);
  }

  #judge(now: number, rate: number): boolean {
    if (this.#rateBefore !== null && rate < this.#rateBefore * WORTHWHILE) {
      this.#lanes = this.#lanesBefore;
      this.#rest(now);
      return false;
    }
    if (this.#lanes >= this.#most) {
      this.#rest(now);
      return false;
    }
    this.#rateBefore = rate;
    this.#lanesBefore = this.#lanes;
    this.#lanes = Math.min(this.#lanes + STEP, this.#most);
    return true;
  }

  #rest(now: number): void {
    this.#rateBefore = null;
    this.#window = null;
    this.#restUntil = now + TRY_AGAIN_MS;
  }
}
