/** Lanes added or taken away at a time. */
const STEP = 2;
/** After a change, TCP needs this long to find its new rate, and new connections fill their send buffers. */
const SETTLE_MS = 1000;
const MEASURE_MS = 2000;
/** More lanes stay only where they carry so much more: on a link that is full they only crowd out other traffic. */
const GAIN_OF_MORE = 1.05;
/** Fewer lanes stay where they carry as good as the same. */
const COST_OF_FEWER = 0.97;
/** Slow start makes the first seconds of every upload look alike. */
const FIRST_TRIAL_MS = 15_000;
const NEXT_TRIAL_MS = 30_000;
/** Refusals within this time tell of one and the same trouble. */
const ONE_TROUBLE_MS = 2000;

/** A change of lanes on trial: `rate` and `lanes` are those before it. */
interface Trial {
  lanes: number;
  rate: number;
}

/**
 * How many PUTs to have under way at once. Begins with all there may be, since most uploads are over before anything could be
 * learnt; then finds out by trial whether fewer would carry the same, and leaves the rest of the link to others. When the store
 * says that it is too much, half as many, and later a few more at a time.
 */
export class LaneGovernor {
  readonly #fewest: number;
  readonly #most: number;
  #lanes: number;
  #direction: "up" | "down" = "down";
  #trial: Trial | null = null;
  #window: { from: number; bytes: number } | null = null;
  #restUntil: number | null = null;
  #troubleAt = Number.NEGATIVE_INFINITY;
  #sentBytes = 0;

  /** @param options.fewest Trials go no lower; only trouble does. */
  constructor({ fewest, most }: { fewest: number; most: number }) {
    this.#fewest = Math.min(fewest, most);
    this.#most = most;
    this.#lanes = most;
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
   * @param isFull Whether parts wait for a lane: the rate says nothing about lanes otherwise.
   * @returns Whether there are now more lanes.
   */
  observe(now: number, isFull: boolean): boolean {
    this.#restUntil ??= now + FIRST_TRIAL_MS;
    if (!isFull || (this.#trial === null && now < this.#restUntil)) {
      this.#window = null;
      return false;
    }
    const settled = this.#trial === null ? now : now + SETTLE_MS;
    this.#window ??= { from: settled, bytes: this.#sentBytes };
    const { from, bytes } = this.#window;
    if (now <= from) this.#window.bytes = this.#sentBytes;
    if (now < from + MEASURE_MS) return false;
    this.#window = null;
    const before = this.#lanes;
    this.#judge(now, (this.#sentBytes - bytes) / (now - from));
    return this.#lanes > before;
  }

  /** The store refused because of too many requests, or a PUT stalled. */
  trouble(now: number): void {
    if (now - this.#troubleAt < ONE_TROUBLE_MS) return;
    this.#troubleAt = now;
    this.#lanes = Math.max(1, Math.floor(this.#lanes / 2));
    this.#direction = "up";
    this.#rest(now);
  }

  #judge(now: number, rate: number): void {
    const trial = this.#trial;
    const isWorse =
      trial !== null && rate < trial.rate * (this.#direction === "up" ? GAIN_OF_MORE : COST_OF_FEWER);
    if (isWorse) this.#lanes = trial.lanes;
    const wanted = this.#direction === "up" ? this.#lanes + STEP : this.#lanes - STEP;
    const next = Math.min(Math.max(wanted, Math.min(this.#fewest, this.#lanes)), this.#most);
    if (isWorse || next === this.#lanes) {
      this.#direction = this.#lanes < this.#most && this.#direction === "down" ? "up" : "down";
      if (this.#lanes <= this.#fewest) this.#direction = "up";
      this.#rest(now);
      return;
    }
    this.#trial = { lanes: this.#lanes, rate };
    this.#lanes = next;
  }

  #rest(now: number): void {
    this.#trial = null;
    this.#window = null;
    this.#restUntil = now + NEXT_TRIAL_MS;
  }
}
