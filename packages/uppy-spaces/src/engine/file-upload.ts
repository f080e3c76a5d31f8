import type { ClientSummary } from "@audiotricks/protocol/messages";
import type { SpacesUploadStatus } from "../upload-status.ts";
import type { EngineContext } from "./engine-context.ts";
import type { GoOn } from "./engine-messages.ts";
import { FileCompletion } from "./file-completion.ts";
import type { Setbacks } from "./file-failures.ts";
import { FileReading } from "./file-reading.ts";
import { FileSession } from "./file-session.ts";
import type { FileWork } from "./file-work.ts";
import { LET_GO } from "./let-go.ts";
import { PartSending } from "./part-sending.ts";
import { PartSigning } from "./part-signing.ts";
import { RateMeter } from "./rate-meter.ts";
import { reportUpload } from "./report-upload.ts";
import { movedBytes, showStatus } from "./show-status.ts";
import {
  isElsewhere,
  isSettled,
  nextUploadState,
  transferOf,
  type UploadEvent,
  type UploadState,
} from "./upload-machine.ts";
import type { UploadSource } from "./upload-source.ts";

/**
 * One file on its way: keeps the state and runs what follows from it. Every change goes through `dispatch`; whatever is under way
 * and no longer follows from the new state is aborted there, and answers that come too late change nothing.
 */
export class FileUpload implements FileWork {
  readonly source: UploadSource;
  readonly context: EngineContext;
  readonly setbacks: Setbacks = { retries: 0, restarts: 0, missingRounds: 0 };
  readonly reading: FileReading;
  readonly signing: PartSigning;
  readonly sending: PartSending;
  readonly #completion: FileCompletion;
  readonly #session: FileSession;
  readonly #meter = new RateMeter();
  #state: UploadState;
  /** Calls to the companion for the current session; a new one for each. */
  #scope = new AbortController();
  #isClosed = false;

  /** @param goOn Where an engine was with it that is gone. */
  constructor(source: UploadSource, context: EngineContext, goOn: GoOn = { sessionId: null, sentBytes: 0 }) {
    this.source = source;
    this.context = context;
    this.#state = { status: "queued", isPaused: false, shownBytes: goOn.sentBytes };
    this.reading = new FileReading(this);
    this.signing = new PartSigning(this);
    this.sending = new PartSending(this);
    this.#completion = new FileCompletion(this, () => this.#summary());
    this.#session = new FileSession(this, goOn, () => this.#bytesPerSecond());
  }

  get state(): UploadState {
    return this.#state;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  status(): SpacesUploadStatus {
    return showStatus(this.#state, {
      totalBytes: this.source.blob.size,
      bytesPerSecond: this.#bytesPerSecond(),
      now: this.context.clock.now(),
    });
  }

  readonly dispatch = (event: UploadEvent): boolean => {
    if (this.#isClosed) return false;
    const before = this.#state;
    const after = nextUploadState(before, event);
    if (after === before) return false;
    this.#state = after;
    this.context.flights.changed(this.source.id, before, after);
    this.#follow(before, after);
    // What followed may have changed the state again, and told of it.
    if (this.#state === after) this.context.changed(this);
    this.context.schedule();
    return true;
  };

  /** Parts hashed, or being hashed, that wait for a lane; none where lanes would have to wait for this file. */
  get hashedAhead(): number {
    const state = this.#state;
    const isHeldBack = this.sending.hold.isActive || this.signing.hold.isActive;
    const isSent = state.status === "creating" || state.status === "sending";
    if (!isSent || state.isPaused || isHeldBack || isElsewhere(state)) return 0;
    return this.reading.checksums.size - this.sending.puts.size;
  }

  /** What needs no lane: proofs, signatures, completion. Safe to call at any time. */
  advance(): void {
    const state = this.#state;
    if (this.#isClosed || !("isPaused" in state)) return;
    if (state.status === "checking" && !state.isPaused) this.reading.prove(state.transfer);
    // While no PUT is begun, none needs a URL: those that fail together are signed together.
    if (state.status === "sending" && !state.isPaused && !this.sending.hold.isActive)
      void this.signing.sign(state.transfer);
    if (state.status === "finalizing") void this.#completion.complete(state.transfer);
  }

  // The network.

  goneOffline(): void {
    this.dispatch({ type: "wait", wait: { reason: "offline", retryAt: null } });
  }

  /** @param deadSince PUTs that have not moved since then hang on a connection that no longer exists. */
  backOnline(deadSince: number | null): void {
    if (deadSince !== null) this.sending.puts.failDead(deadSince);
    for (const { hold } of [this.sending, this.signing, this.#completion]) hold.wake();
  }

  /** Aborts everything and leaves the session as it is, to be gone on with later. */
  close(): void {
    this.#isClosed = true;
    this.reading.end();
    this.#abandon();
    const sessionId = transferOf(this.#state)?.plan.sessionId;
    if (sessionId !== undefined) this.context.store.release(sessionId);
    this.#session.turn.giveUp();
  }

  // What follows from a change of state.

  #follow(before: UploadState, after: UploadState): void {
    const oldTransfer = transferOf(before);
    const newTransfer = transferOf(after);
    const { turn } = this.#session;
    this.sending.puts.keepOnly(newTransfer?.inFlight);
    if (oldTransfer !== null && oldTransfer.plan.sessionId !== newTransfer?.plan.sessionId) {
      this.#abandon();
      this.reading.leaveSession();
      this.#session.leave(oldTransfer.plan.sessionId, after);
    }
    if (after.status === "cancelled") this.#session.discardOffered();
    if (before.status === "failed") this.setbacks.restarts = this.setbacks.missingRounds = 0;
    if (after.status === "creating" && before.status !== "creating") this.#session.create(after.mayResume);
    if (after.status === "failed") this.#abandon();
    if (isSettled(after)) this.reading.end();
    // One that failed and can go on keeps what it has, and other tabs from sending it again.
    if (isOver(after)) turn.release();
    // A failed one is waited for again when it is tried again.
    if (isOver(after) && after.status !== "failed") turn.giveUp();
    // Nothing is kept for it, nor counted as ready, while another tab sends it.
    if (isElsewhere(after)) this.reading.checksums.clear();
    if (after.status === "sending") this.#meter.record(this.context.clock.now(), movedBytes(after));
    else this.#meter.reset();
  }

  #abandon(): void {
    this.#scope.abort(LET_GO);
    this.#scope = new AbortController();
    this.reading.checksums.clear();
    for (const part of [this.sending, this.signing, this.#completion]) part.abandon();
  }

  #bytesPerSecond(): number {
    return this.#meter.bytesPerSecond(this.context.clock.now());
  }

  #summary(): ClientSummary {
    const { clock, flights } = this.context;
    return reportUpload(flights.find(this.source.id), {
      durationMs: clock.now() - this.#session.startedAt,
      bytesSent: this.sending.bytesSent,
      retries: this.setbacks.retries,
    });
  }
}

function isOver(state: UploadState): boolean {
  return (
    state.status === "done" ||
    state.status === "cancelled" ||
    (state.status === "failed" && state.transfer === null)
  );
}
