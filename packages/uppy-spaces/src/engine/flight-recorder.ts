import { partAt } from "@audiotricks/protocol";
import type { Clock } from "./clock.ts";
import type { PutFailure } from "./failure-remedy.ts";
import { isSettled, transferOf, type UploadState } from "./upload-machine.ts";

const VERSION = 1;
/** Events kept for one upload; the oldest give way. Sums are kept apart and lose nothing. */
const MOST_EVENTS = 2000;
/** Uploads remembered after they are over. */
const MOST_RECORDS = 200;

/** What an upload does, or waits for, at a moment: always exactly one of these. */
export type FlightPhase =
  | "queued"
  /** The companion begins the session. */
  | "session"
  /** An earlier page's parts are read again. */
  | "checking"
  | "signature"
  | "hashing"
  /** Other files have the lanes. */
  | "lane"
  | "network"
  /** All that is under way is sent, and the store or the companion has not answered. */
  | "store"
  | "retrying"
  | "paused"
  | "offline"
  | "over";

export type FlightCause = "network" | "stalled" | "companion" | `http-${number}`;

/** Something that happened, `atMs` after the upload was added. `phase`: what it is in from then on. */
export interface FlightEvent {
  atMs: number;
  kind:
    | UploadState["status"]
    | ("paused" | "resumed" | "offline" | "online" | "waiting" | "lanes")
    | ("signing" | "signed" | "hashing" | "hashed")
    | ("sent" | "first-byte" | "handed-over" | "stored" | "let-go" | "refused");
  phase: FlightPhase;
  part?: number;
  /** How long what has ended took, or how long the wait is going to be. */
  ms?: number;
  bytes?: number;
  lanes?: number;
  cause?: FlightCause;
}

/** One upload's history, fit for JSON: numbers and words of ours, no address, no name and no token. */
export interface FlightRecord {
  version: typeof VERSION;
  fileBytes: number;
  /** Milliseconds since it was added. */
  nowMs: number;
  phase: FlightPhase;
  phases: Partial<Record<FlightPhase, number>>;
  /** Bytes handed to the network, whatever became of them. */
  sentBytes: number;
  /** Of those, in PUTs that ended without the part being stored. */
  lostBytes: number;
  /** Refused or failed requests by cause. */
  causes: Partial<Record<FlightCause, number>>;
  droppedEvents: number;
  events: FlightEvent[];
}

export interface FlightRecorder {
  begin: (id: string, fileBytes: number) => void;
  changed: (id: string, before: UploadState, after: UploadState) => void;
  /** Hands `work` through, and notes when it began and ended. */
  during: <T>(id: string, what: "signing" | "hashing", work: Promise<T>) => Promise<T>;
  /** A PUT of `partNumber`, or with `null` a call to the companion, failed. */
  refused: (id: string, partNumber: number | null, failure: PutFailure | null) => void;
  lanes: (count: number) => void;
  find: (id: string) => FlightRecord | undefined;
}

/** Notes what every upload was doing when, so that "slow" has a reason. */
export function createFlightRecorder(clock: Clock): FlightRecorder {
  const flights = new Map<string, Flight>();
  /** Those that are over, the oldest first. */
  const over = new Set<string>();
  let lanes = 0;

  const remember = (id: string, flight: Flight) => {
    over.delete(id);
    if (flight.phase === "over") over.add(id);
    const [oldest] = over;
    if (over.size <= MOST_RECORDS || oldest === undefined) return;
    over.delete(oldest);
    flights.delete(oldest);
  };

  return {
    begin: (id, fileBytes) => {
      over.delete(id);
      flights.set(id, new Flight(clock, fileBytes));
    },
    changed: (id, before, after) => {
      const flight = flights.get(id);
      flight?.changed(before, after);
      if (flight !== undefined && before.status !== after.status) remember(id, flight);
    },
    during: async (id, what, work) => {
      const flight = flights.get(id);
      const beganAt = clock.now();
      flight?.working(what, 1);
      try {
        return await work;
      } finally {
        flight?.working(what, -1, clock.now() - beganAt);
      }
    },
    refused: (id, partNumber, failure) => {
      const cause = failure === null ? "companion" : causeOf(failure);
      flights.get(id)?.refused(partNumber, cause);
    },
    lanes: (count) => {
      if (count === lanes) return;
      lanes = count;
      for (const flight of flights.values()) if (flight.phase !== "over") flight.note("lanes", { lanes });
    },
    find: (id) => flights.get(id)?.record(),
  };
}

function causeOf(failure: PutFailure): FlightCause {
  return failure.kind === "http" ? `http-${failure.status}` : failure.kind;
}

class Flight {
  readonly #clock: Clock;
  readonly #beganAt: number;
  readonly #fileBytes: number;
  #state: UploadState | null = null;
  #phase: FlightPhase = "queued";
  #phaseAt: number;
  readonly #phases = new Map<FlightPhase, number>();
  readonly #causes = new Map<FlightCause, number>();
  /** `held`: something failed, and nothing has been begun since. */
  readonly #working = { signing: 0, hashing: 0, held: 0 };
  /** When each attempt under way was begun. */
  readonly #puts = new Map<number, number>();
  #sentBytes = 0;
  #lostBytes = 0;
  #ring: FlightEvent[] = [];
  #count = 0;

  constructor(clock: Clock, fileBytes: number) {
    this.#clock = clock;
    this.#beganAt = clock.now();
    this.#phaseAt = this.#beganAt;
    this.#fileBytes = fileBytes;
    this.note("queued");
  }

  get phase(): FlightPhase {
    return this.#phase;
  }

  changed(before: UploadState, after: UploadState): void {
    this.#state = after;
    this.#putsChanged(before, after);
    if (before.status !== after.status) this.note(after.status);
    const isPaused = "isPaused" in after && after.isPaused;
    if (isPaused !== ("isPaused" in before && before.isPaused)) this.note(isPaused ? "paused" : "resumed");
    const wait = "wait" in after ? after.wait : null;
    const waited = "wait" in before ? before.wait : null;
    if (wait?.reason !== waited?.reason && waited?.reason === "offline") this.note("online");
    if (wait !== null && (wait.reason !== waited?.reason || wait.retryAt !== waited.retryAt)) {
      const ms = wait.retryAt === null ? {} : { ms: Math.round(wait.retryAt - this.#clock.now()) };
      this.note(wait.reason === "offline" ? "offline" : "waiting", ms);
    }
    this.#enter();
  }

  working(what: "signing" | "hashing", by: 1 | -1, tookMs?: number): void {
    this.#working[what] += by;
    if (by === 1) this.#working.held = 0;
    if (tookMs === undefined) this.note(what);
    else this.note(what === "signing" ? "signed" : "hashed", { ms: Math.round(tookMs) });
  }

  refused(part: number | null, cause: FlightCause): void {
    this.#working.held = 1;
    this.#causes.set(cause, (this.#causes.get(cause) ?? 0) + 1);
    this.note("refused", part === null ? { cause } : { part, cause });
  }

  note(kind: FlightEvent["kind"], what: Omit<FlightEvent, "atMs" | "kind" | "phase"> = {}): void {
    this.#enter();
    const atMs = Math.round(this.#clock.now() - this.#beganAt);
    this.#ring[this.#count % MOST_EVENTS] = { atMs, kind, phase: this.#phase, ...what };
    this.#count += 1;
  }

  record(): FlightRecord {
    const now = this.#clock.now();
    const phases = new Map(this.#phases);
    if (this.#phase !== "over") phases.set(this.#phase, (phases.get(this.#phase) ?? 0) + now - this.#phaseAt);
    const first = this.#count % MOST_EVENTS;
    const isRound = this.#count > MOST_EVENTS;
    return {
      version: VERSION,
      fileBytes: this.#fileBytes,
      nowMs: Math.round((this.#phase === "over" ? this.#phaseAt : now) - this.#beganAt),
      phase: this.#phase,
      phases: Object.fromEntries([...phases].map(([phase, ms]) => [phase, Math.round(ms)])),
      sentBytes: this.#sentBytes,
      lostBytes: this.#lostBytes,
      causes: Object.fromEntries(this.#causes),
      droppedEvents: Math.max(0, this.#count - MOST_EVENTS),
      events: isRound ? [...this.#ring.slice(first), ...this.#ring.slice(0, first)] : [...this.#ring],
    };
  }

  #putsChanged(before: UploadState, after: UploadState): void {
    const old = transferOf(before);
    const transfer = transferOf(after);
    const now = this.#clock.now();
    for (const [part, put] of old?.inFlight ?? []) {
      if (transfer?.inFlight.get(part)?.attempt === put.attempt) continue;
      const ms = Math.round(now - (this.#puts.get(put.attempt) ?? now));
      this.#puts.delete(put.attempt);
      const isStored =
        transfer?.plan.sessionId === old?.plan.sessionId && transfer?.stored.has(part) === true;
      // The last progress may have been kept back: what is stored was sent whole.
      const bytes = isStored && old !== null ? partAt({ ...old.plan, partNumber: part }).size : put.sentBytes;
      if (isStored) this.#sentBytes += bytes - put.sentBytes;
      else this.#lostBytes += bytes;
      this.note(isStored ? "stored" : "let-go", { part, ms, bytes });
    }
    for (const [part, { attempt, sentBytes }] of transfer?.inFlight ?? []) {
      const put = old?.inFlight.get(part);
      if (put?.attempt !== attempt) {
        this.#puts.set(attempt, now);
        this.#working.held = 0;
        this.note("sent", { part });
      } else if (transfer !== null && sentBytes > put.sentBytes) {
        this.#sentBytes += sentBytes - put.sentBytes;
        const ms = Math.round(now - (this.#puts.get(attempt) ?? now));
        if (put.sentBytes === 0) this.note("first-byte", { part, ms });
        if (sentBytes >= partAt({ ...transfer.plan, partNumber: part }).size)
          this.note("handed-over", { part, ms });
      }
    }
  }

  #enter(): void {
    const phase = phaseOf(this.#state, this.#working);
    if (phase === this.#phase) return;
    const now = this.#clock.now();
    // A failed one that is tried again: the time between belongs to nobody.
    if (this.#phase !== "over")
      this.#phases.set(this.#phase, (this.#phases.get(this.#phase) ?? 0) + now - this.#phaseAt);
    this.#phase = phase;
    this.#phaseAt = now;
  }
}

function phaseOf(
  state: UploadState | null,
  working: { signing: number; hashing: number; held: number },
): FlightPhase {
  if (state === null) return "queued";
  if (isSettled(state)) return "over";
  if ("isPaused" in state && state.isPaused && state.status !== "finalizing") return "paused";
  if ("wait" in state && state.wait?.reason === "offline") return "offline";
  switch (state.status) {
    case "queued":
      return "queued";
    case "creating":
      return state.wait === null ? "session" : "retrying";
    case "checking":
      return "checking";
    case "finalizing":
      return state.wait === null ? "store" : "retrying";
    case "sending": {
      const { plan, inFlight } = state.transfer;
      for (const [partNumber, { sentBytes }] of inFlight)
        if (sentBytes < partAt({ ...plan, partNumber }).size) return "network";
      if (inFlight.size > 0) return "store";
      if (state.wait !== null) return "retrying";
      if (working.signing > 0) return "signature";
      if (working.held > 0) return "retrying";
      return working.hashing > 0 ? "hashing" : "lane";
    }
    default:
      return "over";
  }
}
