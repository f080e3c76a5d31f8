import type { Clock } from "./clock.ts";
import { LET_GO } from "./let-go.ts";
import type { PutAnswer, PutPart } from "./put-part.ts";
import type { Attempt } from "./upload-machine.ts";

const NETWORK_CHANGED = new DOMException("The network changed", "NetworkError");

/**
 * How long a part rests whose PUT was cut off. Ceph clears away what a broken PUT had written, in steps, and one of the same part
 * that begins between two of them can lose bytes to it: its issue 63642. It takes a gateway milliseconds; other parts go meanwhile.
 */
const REST_MS = 2000;

interface Put {
  attempt: number;
  origin: string;
  controller: AbortController;
  movedAt: number;
  hasSent: boolean;
}

/** The PUTs of one file that are under way. */
export class PartPuts {
  readonly #put: PutPart;
  readonly #clock: Clock;
  readonly #stallTimeoutMs: number;
  readonly #running = new Map<number, Put>();
  readonly #resting = new Set<number>();
  readonly #onRested: () => void;

  /** @param options.schedule Called when parts have rested. */
  constructor(options: { put: PutPart; clock: Clock; stallTimeoutMs: number; schedule: () => void }) {
    this.#put = options.put;
    this.#clock = options.clock;
    this.#stallTimeoutMs = options.stallTimeoutMs;
    this.#onRested = options.schedule;
  }

  /** Whether a part is not to be sent yet: the store may still be busy with a PUT of it that was cut off. */
  isResting(partNumber: number): boolean {
    return this.#resting.has(partNumber);
  }

  get size(): number {
    return this.#running.size;
  }

  /** Adds to `counts` how many go to which host. */
  countHosts(counts: Map<string, number>): void {
    for (const { origin } of this.#running.values()) counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }

  /** Resolves with the store's answer, or with `null` once let go of. */
  async send(
    part: {
      partNumber: number;
      attempt: number;
      url: string;
      origin: string;
      headers: Record<string, string>;
      body: Blob | Uint8Array<ArrayBuffer>;
    },
    onProgress: (sentBytes: number) => void,
  ): Promise<PutAnswer | null> {
    const { partNumber, attempt, url, origin, headers, body } = part;
    const controller = new AbortController();
    const current: Put = { attempt, origin, controller, movedAt: this.#clock.now(), hasSent: false };
    this.#running.set(partNumber, current);
    try {
      const answer = await this.#put({
        url,
        headers,
        body,
        onProgress: (sentBytes) => {
          current.movedAt = this.#clock.now();
          current.hasSent = true;
          onProgress(sentBytes);
        },
        signal: controller.signal,
        stallTimeoutMs: this.#stallTimeoutMs,
        clock: this.#clock,
      });
      if (!answer.ok && answer.failure.kind !== "http") this.#rest(partNumber, current);
      return answer;
    } catch (reason) {
      this.#rest(partNumber, current);
      return reason === NETWORK_CHANGED ? { ok: false, failure: { kind: "network" } } : null;
    } finally {
      if (this.#running.get(partNumber) === current) this.#running.delete(partNumber);
    }
  }

  /** Lets go of every attempt that the state no longer has in flight. */
  keepOnly(inFlight: ReadonlyMap<number, Attempt> | undefined): void {
    for (const [partNumber, { attempt, controller }] of this.#running) {
      if (inFlight?.get(partNumber)?.attempt === attempt) continue;
      this.#running.delete(partNumber);
      controller.abort(LET_GO);
    }
  }

  #rest(partNumber: number, { hasSent }: Put): void {
    if (!hasSent) return;
    this.#resting.add(partNumber);
    this.#clock.after(REST_MS, () => {
      this.#resting.delete(partNumber);
      this.#onRested();
    });
  }

  /** Fails what has not moved since: it hangs on a connection that no longer exists. */
  failDead(since: number): void {
    for (const { controller, movedAt } of this.#running.values()) {
      if (movedAt <= since) controller.abort(NETWORK_CHANGED);
    }
  }
}
