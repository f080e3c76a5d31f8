import type { CreatedUpload } from "@audiotricks/protocol/messages";
import { acquireSession } from "./acquire-session.ts";
import type { GoOn } from "./engine-messages.ts";
import { fail, failWith, sessionLost, waitUntil } from "./file-failures.ts";
import type { FileWork } from "./file-work.ts";
import type { TurnReport } from "./tab-talk.ts";
import { type Elsewhere, transferOf, type UploadState } from "./upload-machine.ts";
import { fingerprintOf, refuseLocally } from "./upload-source.ts";
import { UploadTurn } from "./upload-turn.ts";

/** How one file comes by a session, after whoever has the file in another tab, and what is left of the session when it is over. */
export class FileSession {
  readonly turn: UploadTurn;
  readonly #file: FileWork;
  readonly #goOn: GoOn;
  readonly #bytesPerSecond: () => number;
  /** What the next tab is to go on with. */
  #sessionId: string | null = null;
  /** An earlier session that the companion is being asked to go on with. */
  #offered: string | null = null;
  #startedAt = 0;

  /** @param goOn Where an engine was with it that is gone. */
  constructor(file: FileWork, goOn: GoOn, bytesPerSecond: () => number) {
    const { source, context } = file;
    this.#file = file;
    this.#goOn = goOn;
    this.#bytesPerSecond = bytesPerSecond;
    this.turn = new UploadTurn({
      source,
      whole: file.reading.whole,
      context,
      since: context.clock.now(),
      report: () => this.#report(),
      onElsewhere: (report) => file.dispatch({ type: "elsewhere", elsewhere: report && elsewhereOf(report) }),
    });
  }

  /** When a session was first asked for, on the clock. */
  get startedAt(): number {
    return this.#startedAt;
  }

  create(mayResume: boolean): void {
    const { source, context, dispatch } = this.#file;
    if (this.#startedAt === 0) this.#startedAt = context.clock.now();
    const refusal = refuseLocally(source);
    if (refusal === null) void this.#acquire(mayResume);
    else dispatch({ type: "fail", error: refusal, isSessionOver: true });
  }

  /** @param after What the file's state is then. */
  leave(sessionId: string, after: UploadState): void {
    const { store, discarder } = this.#file.context;
    if (after.status !== "done") this.#sessionId = null;
    store.forget(fingerprintOf(this.#file.source), sessionId);
    store.release(sessionId);
    // A session that ended badly for us may still hold a reservation; one that is over already is none the worse for it.
    if (after.status === "cancelled" || after.status === "failed") discarder.discard(sessionId);
  }

  /** Said at once, and so remembered: the answer may come when this page is gone. */
  discardOffered(): void {
    if (this.#offered !== null) this.#file.context.discarder.discard(this.#offered);
  }

  async #acquire(mayResume: boolean): Promise<void> {
    const file = this.#file;
    const { source, context } = file;
    const purpose = () => {
      if (file.state.status === "creating") return file.isClosed ? "left" : "wanted";
      return "cancelled";
    };
    if (mayResume) context.begunElsewhere.ask();
    // What an earlier page began of a cancelled file is ended also where no turn was to be had; what another tab is at is locked.
    if (!(await this.turn.take()) && purpose() !== "cancelled") return;
    await acquireSession({
      source,
      mayResume,
      first: this.turn.sessionId ?? this.#goOn.sessionId,
      context,
      purpose,
      onOffered: (sessionId) => {
        this.#offered = sessionId;
      },
      onCreated: (session, askedAt) => this.#created(session, askedAt),
      onRefused: (error) => fail(file, error, { isSessionOver: true }),
      onWait: (retryAt) => waitUntil(file, retryAt),
    });
  }

  #created(session: CreatedUpload, askedAt: number): boolean {
    const file = this.#file;
    const { sessionId, method, size, partSize, partCount, storedParts, state } = session;
    if (transferOf(file.state)?.plan.sessionId === sessionId) return true;
    if (size !== file.source.blob.size || Math.ceil(size / partSize) !== partCount) {
      failWith(file, "The server began the upload of another file.");
      return false;
    }
    const plan = { sessionId, method, fileSize: size, partSize, partCount };
    this.#file.reading.planned(plan, storedParts.length > 0);
    if (!file.dispatch({ type: "created", plan, storedParts })) return false;
    this.#sessionId = sessionId;
    this.#file.signing.begin(session.urls, askedAt);
    if (state === "completing") file.dispatch({ type: "session-completed", sessionId });
    // Another tab did it, or an earlier page did not hear of it: whether it is this file is proved like any other resume.
    if (state === "completed" && !isProvable(file.state)) sessionLost(file, sessionId);
    if (state === "aborting" || state === "aborted" || state === "failed") sessionLost(file, sessionId);
    return true;
  }

  /** What other tabs that have this file are told. */
  #report(): TurnReport {
    const { state } = this.#file;
    const isPaused = "isPaused" in state && state.isPaused;
    return {
      sessionId: this.#sessionId,
      state: state.status === "failed" ? "stopped" : isPaused ? "paused" : "moving",
      sentBytes: "shownBytes" in state ? state.shownBytes : 0,
      bytesPerSecond: isPaused ? 0 : this.#bytesPerSecond(),
    };
  }
}

function elsewhereOf({ state, sentBytes, bytesPerSecond }: TurnReport): Elsewhere {
  return { state, sentBytes, bytesPerSecond };
}

/** Whether all of the file is at the store and can be held against the file that was picked. */
function isProvable(state: UploadState): boolean {
  return state.status === "checking" && state.transfer.unproven.size === state.transfer.plan.partCount;
}
