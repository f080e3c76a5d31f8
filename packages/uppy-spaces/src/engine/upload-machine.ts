import { partAt, type UploadErrorBody } from "@audiotricks/protocol";
import type { FileRecord, StoredPart, UploadMethod } from "@audiotricks/protocol/messages";
import { PartSet } from "./part-set.ts";

/** What the server decided about a session and never changes again. Sizes are bytes. */
export interface SessionPlan {
  sessionId: string;
  method: UploadMethod;
  fileSize: number;
  partSize: number;
  partCount: number;
}

/** One PUT under way. `attempt` is never used twice, so an answer of an abandoned PUT is told from a current one. */
export interface Attempt {
  attempt: number;
  sentBytes: number;
}

/** The parts of one session. Every part is in exactly one of: `stored`, `unproven`, `inFlight`, or still to be sent. */
export interface Transfer {
  plan: SessionPlan;
  stored: PartSet;
  storedBytes: number;
  /** At the store by an earlier page's account, with the ETag to prove them by. */
  unproven: ReadonlyMap<number, string>;
  inFlight: ReadonlyMap<number, Attempt>;
}

/** Nothing moves, and it goes on by itself. `retryAt` is on the engine's clock, in milliseconds. */
export interface Wait {
  reason: "offline" | "retrying";
  retryAt: number | null;
}

/** Another tab works on this very file, and how far it is there. */
export interface Elsewhere {
  state: "moving" | "paused" | "stopped";
  sentBytes: number;
  bytesPerSecond: number;
}

interface Running {
  isPaused: boolean;
  wait: Wait | null;
  /** Most bytes ever shown to a person: what is shown never goes backwards, though a failed part does. */
  shownBytes: number;
}

export type UploadState =
  /** `shownBytes`: what was shown of it when another engine had it, that is gone. */
  | { status: "queued"; isPaused: boolean; shownBytes: number }
  /** `mayResume`: whether a session begun earlier may be gone on with. `elsewhere`: nothing is asked for while another tab has the file. */
  | ({ status: "creating"; mayResume: boolean; elsewhere: Elsewhere | null } & Running)
  /** Parts of an earlier page are proved before one byte is added to them. */
  | ({ status: "checking"; transfer: Transfer } & Running)
  | ({ status: "sending"; transfer: Transfer } & Running)
  | ({ status: "finalizing"; transfer: Transfer } & Running)
  | { status: "done"; file: FileRecord }
  /** `transfer` is kept where a retry can go on with the session. */
  | { status: "failed"; error: UploadErrorBody; transfer: Transfer | null; shownBytes: number }
  | { status: "cancelled" };

export type UploadEvent =
  | { type: "begin" }
  | { type: "pause" }
  | { type: "resume" }
  | { type: "cancel" }
  | { type: "retry" }
  /** `null`: the other tab let go of it, and it is this one's turn. */
  | { type: "elsewhere"; elsewhere: Elsewhere | null }
  | { type: "created"; plan: SessionPlan; storedParts: readonly StoredPart[] }
  | { type: "part-proven"; partNumber: number }
  /** The stored parts belong to other bytes than those of the picked file. */
  | { type: "other-file" }
  | { type: "part-started"; partNumber: number; attempt: number }
  | { type: "part-progress"; partNumber: number; attempt: number; sentBytes: number }
  | { type: "part-stored"; partNumber: number; attempt: number }
  | { type: "part-failed"; partNumber: number; attempt: number }
  /** The companion no longer knows the session, or it was ended: begin anew. */
  | { type: "session-lost"; sessionId: string }
  /** The companion says all parts are there and published already. */
  | { type: "session-completed"; sessionId: string }
  | { type: "parts-missing"; sessionId: string; partNumbers: readonly number[] }
  | { type: "wait"; wait: Wait }
  | { type: "completed"; sessionId: string; file: FileRecord }
  | { type: "fail"; error: UploadErrorBody; isSessionOver: boolean };

export const INITIAL_STATE: UploadState = { status: "queued", isPaused: false, shownBytes: 0 };

/** States that no event leaves, except that a failed upload can be retried or cancelled. */
export function isSettled(state: UploadState): boolean {
  return state.status === "done" || state.status === "failed" || state.status === "cancelled";
}

/** Another tab works on the file: this one keeps still. */
export function isElsewhere(state: UploadState): boolean {
  return state.status === "creating" && state.elsewhere !== null;
}

export function transferOf(state: UploadState): Transfer | null {
  return "transfer" in state ? state.transfer : null;
}

/** Parts nobody is sending and the store does not have, in order. */
export function* todoParts(transfer: Transfer): Generator<number> {
  for (const partNumber of transfer.stored.missing()) {
    if (!transfer.inFlight.has(partNumber) && !transfer.unproven.has(partNumber)) yield partNumber;
  }
}

/**
 * The only writer of an upload's state. Returns the same object for an event the state does not expect, so an answer that
 * lands after `cancel` does nothing, and a caller sees by identity whether anything happened.
 */
export function nextUploadState(state: UploadState, event: UploadEvent): UploadState {
  switch (event.type) {
    case "begin":
      return state.status === "queued" && !state.isPaused
        ? creating({ mayResume: true, isPaused: false, shownBytes: state.shownBytes })
        : state;
    case "pause":
      return pause(state);
    case "resume":
      return "isPaused" in state && state.isPaused ? { ...state, isPaused: false } : state;
    case "cancel":
      return state.status === "done" || state.status === "cancelled" ? state : { status: "cancelled" };
    case "retry":
      return retry(state);
    case "elsewhere":
      return elsewhere(state, event.elsewhere);
    case "created":
      return created(state, event);
    case "part-proven":
      return partProven(state, event.partNumber);
    case "other-file":
      return state.status === "checking" ? creating({ ...state, mayResume: false }) : state;
    case "part-started":
      return partStarted(state, event);
    case "part-progress":
      return partProgress(state, event);
    case "part-stored":
      return partStored(state, event);
    case "part-failed":
      return partFailed(state, event);
    case "session-lost":
      return hasOpenTransfer(state) && state.transfer.plan.sessionId === event.sessionId
        ? creating({ ...state, mayResume: false })
        : state;
    case "session-completed":
      return (state.status === "checking" || state.status === "sending") &&
        state.transfer.plan.sessionId === event.sessionId
        ? { ...state, status: "finalizing", wait: null, transfer: { ...state.transfer, inFlight: NONE } }
        : state;
    case "parts-missing":
      return partsMissing(state, event);
    case "wait":
      return wait(state, event.wait);
    case "completed":
      return state.status === "finalizing" && state.transfer.plan.sessionId === event.sessionId
        ? { status: "done", file: event.file }
        : state;
    case "fail":
      return fail(state, event);
    default:
      return event satisfies never;
  }
}

const NONE: ReadonlyMap<number, Attempt> = new Map();

type OpenTransfer = Extract<UploadState, { status: "checking" | "sending" | "finalizing" }>;

function hasOpenTransfer(state: UploadState): state is OpenTransfer {
  return state.status === "checking" || state.status === "sending" || state.status === "finalizing";
}

function creating(from: { mayResume: boolean; isPaused: boolean; shownBytes: number }): UploadState {
  const { mayResume, isPaused, shownBytes } = from;
  return { status: "creating", mayResume, elsewhere: null, isPaused, wait: null, shownBytes };
}

function sizeOf(plan: SessionPlan, partNumber: number): number {
  return partAt({ ...plan, partNumber }).size;
}

/** The state that follows from which parts are where; also brings `shownBytes` up to date. */
function settle(running: Running, transfer: Transfer): UploadState {
  let bytes = transfer.storedBytes;
  for (const { sentBytes } of transfer.inFlight.values()) bytes += sentBytes;
  const base = { ...running, transfer, shownBytes: Math.max(running.shownBytes, bytes) };
  if (transfer.unproven.size > 0) return { ...base, status: "checking" };
  if (transfer.stored.isFull) return { ...base, status: "finalizing" };
  return { ...base, status: "sending" };
}

function runningOf(state: Extract<UploadState, Running>, change: Partial<Running> = {}): Running {
  return { isPaused: state.isPaused, wait: state.wait, shownBytes: state.shownBytes, ...change };
}

function pause(state: UploadState): UploadState {
  switch (state.status) {
    case "queued":
      return state.isPaused ? state : { ...state, isPaused: true };
    case "creating":
    case "checking":
      return state.isPaused ? state : { ...state, isPaused: true, wait: null };
    case "sending":
      // What was in flight is sent again later; the engine aborts it when it sees that it is no longer listed here.
      return state.isPaused
        ? state
        : { ...state, isPaused: true, wait: null, transfer: { ...state.transfer, inFlight: NONE } };
    default:
      return state; // Nothing can be held back once all bytes are there.
  }
}

function retry(state: UploadState): UploadState {
  if (state.status !== "failed") return state;
  const running = { isPaused: false, wait: null, shownBytes: state.shownBytes };
  return state.transfer === null
    ? creating({ ...running, mayResume: true })
    : settle(running, state.transfer);
}

function elsewhere(state: UploadState, next: Elsewhere | null): UploadState {
  if (state.status !== "creating" || !state.mayResume) return state;
  const before = state.elsewhere;
  if (next === null) return before === null ? state : { ...state, elsewhere: null };
  const isSame =
    before?.state === next.state &&
    before.sentBytes === next.sentBytes &&
    before.bytesPerSecond === next.bytesPerSecond;
  if (isSame) return state;
  // A paused one shows where it stood when it was paused.
  const shownBytes = state.isPaused ? state.shownBytes : Math.max(state.shownBytes, next.sentBytes);
  return { ...state, elsewhere: next, wait: null, shownBytes };
}

function created(state: UploadState, event: Extract<UploadEvent, { type: "created" }>): UploadState {
  if (state.status !== "creating") return state;
  const { plan } = event;
  const unproven = new Map<number, string>();
  if (state.mayResume) {
    for (const { partNumber, size, etag } of event.storedParts) {
      const isPlanned = partNumber >= 1 && partNumber <= plan.partCount && sizeOf(plan, partNumber) === size;
      // An ETag that is not an MD5 proves nothing: the part is sent again.
      if (isPlanned && /^[0-9a-f]{32}$/i.test(etag)) unproven.set(partNumber, etag.toLowerCase());
    }
  }
  const stored = PartSet.empty(plan.partCount);
  return settle(runningOf(state, { wait: null }), { plan, stored, storedBytes: 0, unproven, inFlight: NONE });
}

function partProven(state: UploadState, partNumber: number): UploadState {
  if (state.status !== "checking" || !state.transfer.unproven.has(partNumber)) return state;
  const { transfer } = state;
  const unproven = new Map(transfer.unproven);
  unproven.delete(partNumber);
  const stored = transfer.stored.with(partNumber);
  const storedBytes = transfer.storedBytes + sizeOf(transfer.plan, partNumber);
  return settle(runningOf(state, { wait: null }), { ...transfer, unproven, stored, storedBytes });
}

function partStarted(
  state: UploadState,
  { partNumber, attempt }: Extract<UploadEvent, { type: "part-started" }>,
): UploadState {
  if (state.status !== "sending" || state.isPaused) return state;
  const { transfer } = state;
  const isPlanned = partNumber >= 1 && partNumber <= transfer.plan.partCount;
  if (!isPlanned || transfer.stored.has(partNumber) || transfer.inFlight.has(partNumber)) return state;
  const inFlight = new Map(transfer.inFlight).set(partNumber, { attempt, sentBytes: 0 });
  return settle(runningOf(state), { ...transfer, inFlight });
}

function partProgress(
  state: UploadState,
  { partNumber, attempt, sentBytes }: Extract<UploadEvent, { type: "part-progress" }>,
): UploadState {
  if (state.status !== "sending") return state;
  const { transfer } = state;
  const current = transfer.inFlight.get(partNumber);
  if (current?.attempt !== attempt || sentBytes <= current.sentBytes) return state;
  const sent = Math.min(sentBytes, sizeOf(transfer.plan, partNumber));
  const inFlight = new Map(transfer.inFlight).set(partNumber, { attempt, sentBytes: sent });
  return settle(runningOf(state, { wait: null }), { ...transfer, inFlight });
}

function partStored(
  state: UploadState,
  { partNumber, attempt }: Extract<UploadEvent, { type: "part-stored" }>,
): UploadState {
  if (state.status !== "sending" || state.transfer.inFlight.get(partNumber)?.attempt !== attempt)
    return state;
  const { transfer } = state;
  const inFlight = new Map(transfer.inFlight);
  inFlight.delete(partNumber);
  const stored = transfer.stored.with(partNumber);
  const storedBytes = transfer.storedBytes + sizeOf(transfer.plan, partNumber);
  return settle(runningOf(state, { wait: null }), { ...transfer, inFlight, stored, storedBytes });
}

function partFailed(
  state: UploadState,
  { partNumber, attempt }: Extract<UploadEvent, { type: "part-failed" }>,
): UploadState {
  if (state.status !== "sending" || state.transfer.inFlight.get(partNumber)?.attempt !== attempt)
    return state;
  const inFlight = new Map(state.transfer.inFlight);
  inFlight.delete(partNumber);
  return settle(runningOf(state), { ...state.transfer, inFlight });
}

function partsMissing(
  state: UploadState,
  event: Extract<UploadEvent, { type: "parts-missing" }>,
): UploadState {
  if (state.status !== "finalizing" || state.transfer.plan.sessionId !== event.sessionId) return state;
  const { transfer } = state;
  const stored = transfer.stored.without(event.partNumbers);
  // Missing may also be what was never stored: another tab asked for completion too early, and this one took it at its word.
  if (stored.isFull) return state;
  let storedBytes = 0;
  for (let partNumber = 1; partNumber <= transfer.plan.partCount; partNumber += 1) {
    if (stored.has(partNumber)) storedBytes += sizeOf(transfer.plan, partNumber);
  }
  return settle(runningOf(state, { wait: null }), { ...transfer, stored, storedBytes });
}

function wait(state: UploadState, next: Wait): UploadState {
  if (!("wait" in state) || state.isPaused) return state;
  // What another tab waits for is told with how far it is.
  if (isElsewhere(state)) return state;
  // One failed part is no wait while others move.
  if (next.reason === "retrying" && state.status === "sending" && state.transfer.inFlight.size > 0)
    return state;
  if (state.wait?.reason === next.reason && state.wait.retryAt === next.retryAt) return state;
  return { ...state, wait: next };
}

function fail(state: UploadState, event: Extract<UploadEvent, { type: "fail" }>): UploadState {
  if (isSettled(state)) return state;
  const transfer = event.isSessionOver ? null : transferOf(state);
  return {
    status: "failed",
    error: event.error,
    transfer: transfer && { ...transfer, inFlight: NONE },
    shownBytes: "shownBytes" in state ? state.shownBytes : 0,
  };
}
