import type { Clock } from "./clock.ts";
import type { PutAnswer, PutPart } from "./put-part.ts";
import type { Attempt } from "./upload-machine.ts";

const NETWORK_CHANGED = new DOMException("The network changed", "NetworkError");
const LET_GO = new DOMException("No longer wanted", "AbortError");

interface Put {
  attempt: number;
  origin: string;
  controller: AbortController;
  movedAt: number;
}

/** The PUTs of one file that are under way. */
export class PartPuts {
  readonly #put: PutPart;
  readonly #clock: Clock;
  readonly #stallTimeoutMs: number;
  readonly #running = new Map<number, Put>();

  constructor(options: { put: PutPart; clock: Clock; stallTimeoutMs: number }) {
    this.#put = options.put;
    this.#clock = options.clock;
    this.#stallTimeoutMs = options.stallTimeoutMs;
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
      body: Blob | ArrayBuffer;
      onTaken: (tookMs: number) => void;
    },
    onProgress: (sentBytes: number) => void,
  ): Promise<PutAnswer | null> {
    const { partNumber, attempt, url, origin, headers, body, onTaken } = part;
    const current: Put = { attempt, origin, controller: new AbortController(), movedAt: this.#clock.now() };
    this.#running.set(partNumber, current);
    try {
      return await this.#put({
        url,
        headers,
        body,
        onTaken,
        onProgress: (sentBytes) => {
          current.movedAt = this.#clock.now();
          onProgress(sentBytes);
        },
        signal: current.controller.signal,
        stallTimeoutMs: this.#stallTimeoutMs,
        clock: this.#clock,
      });
    } catch (reason) {
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

  /** Fails what has not moved since: it hangs on a connection that no longer exists. */
  failDead(since: number): void {
    for (const { controller, movedAt } of this.#running.values()) {
      if (movedAt <= since) controller.abort(NETWORK_CHANGED);
    }
  }
}
