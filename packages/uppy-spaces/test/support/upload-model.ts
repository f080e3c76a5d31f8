import {
  isSettled,
  nextUploadState,
  transferOf,
  type UploadEvent,
  type UploadState,
} from "../../src/engine/upload-machine.ts";

export const PART_SIZE = 10;
export const PROVABLE_ETAG = "0".repeat(32);

/**
 * What an upload's state has to be, kept as plain sets and judged after every event: a second, slower account of the same rules,
 * so that the machine and this one have to be wrong in the same way for a mistake to pass.
 */
export class UploadModel {
  readonly partCount: number;
  readonly fileSize: number;
  phase: UploadState["status"] = "queued";
  isPaused = false;
  /** Another tab works on the file: this one has to keep still. */
  isElsewhere = false;
  sessionId: string | null = null;
  readonly stored = new Set<number>();
  readonly unproven = new Set<number>();
  readonly inFlight = new Map<number, { attempt: number; sentBytes: number }>();
  /** How often each part of the session was begun, and how often there was a reason to begin it again. */
  readonly #begun = new Map<number, number>();
  readonly #reasons = new Map<number, number>();
  #mayResume = true;
  #mayGoOn = false;
  #shown = 0;

  constructor(partCount: number) {
    this.partCount = partCount;
    this.fileSize = partCount * PART_SIZE - PART_SIZE / 2;
  }

  /** Puts one event to the machine. @throws {Error} Where what it does is not what has to be done. */
  check(before: UploadState, event: UploadEvent): UploadState {
    const after = nextUploadState(before, event);
    this.#apply(event);
    this.#compare(after);
    if (isSettled(before) && after !== before) {
      const mayLeave = before.status === "failed" && (event.type === "retry" || event.type === "cancel");
      must(mayLeave, `${event.type} ended an end, ${before.status}`);
    }
    return after;
  }

  sizeOf(partNumber: number): number {
    return partNumber === this.partCount ? PART_SIZE / 2 : PART_SIZE;
  }

  #apply(event: UploadEvent): void {
    const isOpen = this.phase === "checking" || this.phase === "sending" || this.phase === "finalizing";
    const isOurs = "sessionId" in event && event.sessionId === this.sessionId;
    switch (event.type) {
      case "begin":
        if (this.phase === "queued" && !this.isPaused) this.#create(true);
        return;
      case "pause":
        if (this.phase === "finalizing" || isEnd(this.phase)) return;
        this.isPaused = true;
        this.#lapse();
        return;
      case "resume":
        this.isPaused = false;
        return;
      case "cancel":
        if (this.phase !== "done") this.phase = "cancelled";
        return;
      case "retry":
        if (this.phase !== "failed") return;
        this.isPaused = false;
        if (this.#mayGoOn) this.#place();
        else this.#create(true);
        return;
      case "elsewhere":
        if (this.phase === "creating" && this.#mayResume) this.isElsewhere = event.elsewhere !== null;
        return;
      case "created":
        if (this.phase === "creating") this.#created(event);
        return;
      case "part-proven":
        if (this.phase !== "checking" || !this.unproven.delete(event.partNumber)) return;
        this.stored.add(event.partNumber);
        this.#place();
        return;
      case "other-file":
        if (this.phase === "checking") this.#create(false);
        return;
      case "part-started":
        this.#started(event);
        return;
      case "part-progress": {
        const put = this.#current(event);
        if (put === null) return;
        put.sentBytes = Math.max(put.sentBytes, Math.min(event.sentBytes, this.sizeOf(event.partNumber)));
        return;
      }
      case "part-stored":
        if (this.#current(event) === null) return;
        this.inFlight.delete(event.partNumber);
        this.stored.add(event.partNumber);
        this.#place();
        return;
      case "part-failed":
        if (this.#current(event) === null) return;
        this.inFlight.delete(event.partNumber);
        this.#excuse(event.partNumber);
        return;
      case "session-lost":
        if (isOpen && isOurs) this.#create(false);
        return;
      case "session-completed":
        if (!isOurs || (this.phase !== "checking" && this.phase !== "sending")) return;
        this.#lapse();
        this.phase = "finalizing";
        return;
      case "parts-missing":
        if (!isOurs || this.phase !== "finalizing") return;
        for (const partNumber of event.partNumbers) {
          if (this.stored.delete(partNumber)) this.#excuse(partNumber);
        }
        this.#place();
        return;
      case "wait":
        return;
      case "completed":
        if (isOurs && this.phase === "finalizing") this.phase = "done";
        return;
      case "fail":
        if (isEnd(this.phase)) return;
        this.#mayGoOn = isOpen && !event.isSessionOver;
        this.#lapse();
        this.phase = "failed";
        return;
      default:
        event satisfies never;
    }
  }

  #create(mayResume: boolean): void {
    this.phase = "creating";
    this.isElsewhere = false;
    this.#mayResume = mayResume;
    this.sessionId = null;
    this.stored.clear();
    this.unproven.clear();
    this.inFlight.clear();
    this.#begun.clear();
    this.#reasons.clear();
  }

  #created({ plan, storedParts }: Extract<UploadEvent, { type: "created" }>): void {
    this.sessionId = plan.sessionId;
    for (const { partNumber, size, etag } of this.#mayResume ? storedParts : []) {
      if (size === this.sizeOf(partNumber) && etag === PROVABLE_ETAG) this.unproven.add(partNumber);
    }
    this.#place();
  }

  #started({ partNumber, attempt }: Extract<UploadEvent, { type: "part-started" }>): void {
    const isPlanned = partNumber >= 1 && partNumber <= this.partCount;
    if (this.phase !== "sending" || this.isPaused || !isPlanned) return;
    if (this.stored.has(partNumber) || this.inFlight.has(partNumber)) return;
    this.inFlight.set(partNumber, { attempt, sentBytes: 0 });
    const begun = this.#begun.get(partNumber) ?? 0;
    must(begun <= (this.#reasons.get(partNumber) ?? 0), `part ${partNumber} is sent again for no reason`);
    this.#begun.set(partNumber, begun + 1);
  }

  #current({ partNumber, attempt }: { partNumber: number; attempt: number }) {
    const put = this.inFlight.get(partNumber);
    return this.phase === "sending" && put?.attempt === attempt ? put : null;
  }

  #lapse(): void {
    for (const partNumber of this.inFlight.keys()) this.#excuse(partNumber);
    this.inFlight.clear();
  }

  #excuse(partNumber: number): void {
    this.#reasons.set(partNumber, (this.#reasons.get(partNumber) ?? 0) + 1);
  }

  #place(): void {
    if (this.unproven.size > 0) this.phase = "checking";
    else this.phase = this.stored.size === this.partCount ? "finalizing" : "sending";
  }

  #compare(state: UploadState): void {
    must(state.status === this.phase, `it is ${state.status} and ought to be ${this.phase}`);
    if ("isPaused" in state) {
      must(state.isPaused === this.isPaused, `paused: ${state.isPaused}, ought to be ${this.isPaused}`);
      must(!state.isPaused || !("wait" in state) || state.wait === null, "it waits while it is paused");
    }
    if (state.status === "creating") {
      must((state.elsewhere !== null) === this.isElsewhere, `elsewhere: ought to be ${this.isElsewhere}`);
      must(state.elsewhere === null || state.wait === null, "it waits for itself while another tab has it");
    }
    const transfer = transferOf(state);
    let bytes = 0;
    if (transfer !== null) {
      must(transfer.plan.sessionId === this.sessionId, "it is in another session");
      must(transfer.stored.size === this.stored.size, "it counts other parts as stored");
      must(transfer.inFlight.size === this.inFlight.size, "it has other parts in flight");
      must(transfer.unproven.size === this.unproven.size, "it has other parts to prove");
      for (const partNumber of this.stored) {
        bytes += this.sizeOf(partNumber);
        must(transfer.stored.has(partNumber), `part ${partNumber} is lost`);
      }
      must(transfer.storedBytes === bytes, `${transfer.storedBytes} bytes stored, ought to be ${bytes}`);
      for (const [partNumber, { attempt, sentBytes }] of this.inFlight) {
        bytes += sentBytes;
        const put = transfer.inFlight.get(partNumber);
        must(put?.attempt === attempt && put.sentBytes === sentBytes, `part ${partNumber} is another PUT`);
      }
      for (const part of this.unproven) must(transfer.unproven.has(part), `part ${part} needs no proof`);
    } else must(!(this.phase === "failed" && this.#mayGoOn), "a retry cannot go on with the session");
    if (!("shownBytes" in state)) return;
    must(state.shownBytes >= this.#shown, `${state.shownBytes} bytes are shown after ${this.#shown}`);
    must(state.shownBytes >= bytes && state.shownBytes <= this.fileSize, `${state.shownBytes} are shown`);
    this.#shown = state.shownBytes;
  }
}

function isEnd(phase: UploadState["status"]): boolean {
  return phase === "done" || phase === "failed" || phase === "cancelled";
}

export function must(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) throw new Error(otherwise);
}
