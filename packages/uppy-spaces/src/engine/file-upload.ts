import { partAt, UploadError } from "@audiotricks/protocol";
import type { ClientSummary, CreatedUpload } from "@audiotricks/protocol/messages";
import type { SpacesUploadStatus } from "../upload-status.ts";
import { acquireSession } from "./acquire-session.ts";
import { toBase64, toHex } from "./bytes-as-text.ts";
import type { EngineContext } from "./engine-context.ts";
import type { GoOn } from "./engine-messages.ts";
import type { PutFailure } from "./failure-remedy.ts";
import { isRefusal, isUnreachable, remedyForCall, remedyForPut, retryAfterOf } from "./failure-remedy.ts";
import type { FileDigest } from "./file-digests.ts";
import { HoldOff } from "./hold-off.ts";
import type { ReadyPart } from "./lane-scheduler.ts";
import { PartChecksums } from "./part-checksums.ts";
import { PartPuts } from "./part-puts.ts";
import type { PutAnswer } from "./put-part.ts";
import { RateMeter } from "./rate-meter.ts";
import { reportUpload } from "./report-upload.ts";
import { asUploadError } from "./session-creator.ts";
import { movedBytes, showStatus } from "./show-status.ts";
import type { TurnReport } from "./tab-talk.ts";
import {
  type Elsewhere,
  isElsewhere,
  isSettled,
  nextUploadState,
  type Transfer,
  todoParts,
  transferOf,
  type UploadEvent,
  type UploadState,
} from "./upload-machine.ts";
import {
  type Cut,
  fingerprintOf,
  firstParts,
  guessCut,
  refuseLocally,
  type UploadSource,
} from "./upload-source.ts";
import { UploadTurn } from "./upload-turn.ts";
import { UrlWindow } from "./url-window.ts";
import { proofOfWhole } from "./whole-proof.ts";

/** Refusals of one part after which no further attempt is made. */
const MAX_REFUSALS = 5;
/** New sessions begun for one file after the companion lost the one before. */
const MAX_RESTARTS = 3;
/** Rounds of "parts missing" at completion: more than this and the store is losing them. */
const MAX_MISSING_ROUNDS = 3;
/** Parts proved at once: as many as the worker hashes side by side. */
const PROOFS_AT_ONCE = 4;
/** URLs are fetched when fewer than this many times the lanes are left. */
const SIGN_AHEAD = 4;
const MAX_SIGN_BATCH = 100;

/** Parts hashed before there is a session: as many as are hashed side by side. More would hold up the answer. */
const HASHED_UNASKED = 4;

/** What stores answer to too many requests. */
const SLOW_DOWN: ReadonlySet<number> = new Set([429, 503]);

const LET_GO = new DOMException("No longer wanted", "AbortError");

/**
 * One file on its way: keeps the state and runs what follows from it. Every change goes through `dispatch`; whatever is under way
 * and no longer follows from the new state is aborted there, and answers that come too late change nothing.
 */
export class FileUpload {
  readonly source: UploadSource;
  /** Of a `File`, every slice asks the browser's other process for its date, more than a millisecond each; of a `Blob`, none does. */
  readonly #whole: Blob;
  /** How the companion is likely to cut it. */
  readonly #guess: Cut | null;
  readonly #context: EngineContext;
  readonly #goOn: GoOn;
  readonly #putHold: HoldOff;
  readonly #signHold: HoldOff;
  readonly #completeHold: HoldOff;
  readonly #meter = new RateMeter();
  readonly #puts: PartPuts;
  readonly #checksums: PartChecksums;
  readonly #digest: FileDigest;
  readonly #refusals = new Map<number, number>();
  #state: UploadState;
  /** Calls to the companion for the current session; a new one for each. */
  #scope = new AbortController();
  #urls: UrlWindow;
  /** MD5 of every part that is stored, as this file has it: what the whole must turn out to be. */
  readonly #digests = new Map<number, Uint8Array>();
  /** The first part that nobody has read yet, of those in order. */
  #unread = 1;
  #finished: { partNumber: number; etag: string }[] = [];
  readonly #turn: UploadTurn;
  /** What the next tab is to go on with. */
  #sessionId: string | null = null;
  /** An earlier session that the companion is being asked to go on with. */
  #offered: string | null = null;
  #isSigning = false;
  #isCompleting = false;
  #isClosed = false;
  #restarts = 0;
  #missingRounds = 0;
  #startedAt = 0;
  #bytesSent = 0;
  #retries = 0;

  /** @param goOn Where an engine was with it that is gone. */
  constructor(source: UploadSource, context: EngineContext, goOn: GoOn = { sessionId: null, sentBytes: 0 }) {
    const { clock, retry, random } = context;
    this.source = source;
    this.#goOn = goOn;
    this.#state = { status: "queued", isPaused: false, shownBytes: goOn.sentBytes };
    this.#whole = source.blob.slice();
    this.#guess = guessCut(source);
    this.#context = context;
    this.#puts = new PartPuts(context);
    this.#checksums = new PartChecksums(context);
    this.#digest = context.digestOf(this.#whole);
    const holdOff = () => new HoldOff({ clock, retry, random, onOver: () => context.schedule() });
    this.#putHold = holdOff();
    this.#signHold = holdOff();
    this.#completeHold = holdOff();
    this.#urls = new UrlWindow(clock, context.hosts);
    this.#turn = new UploadTurn({
      source,
      whole: this.#whole,
      context,
      since: clock.now(),
      report: () => this.#report(),
      onElsewhere: (report) => this.dispatch({ type: "elsewhere", elsewhere: report && elsewhereOf(report) }),
    });
  }

  get state(): UploadState {
    return this.#state;
  }

  status(): SpacesUploadStatus {
    const now = this.#context.clock.now();
    const bytesPerSecond = this.#meter.bytesPerSecond(now);
    return showStatus(this.#state, { totalBytes: this.source.blob.size, bytesPerSecond, now });
  }

  /** The only way to change the state. Returns whether anything changed. */
  dispatch(event: UploadEvent): boolean {
    if (this.#isClosed) return false;
    const before = this.#state;
    const after = nextUploadState(before, event);
    if (after === before) return false;
    this.#state = after;
    this.#context.flights.changed(this.source.id, before, after);
    this.#follow(before, after);
    // What followed may have changed the state again, and told of it.
    if (this.#state === after) this.#context.changed(this);
    this.#context.schedule();
    return true;
  }

  // What the engine's lanes ask.

  get putsInFlight(): number {
    return this.#puts.size;
  }

  /** Parts hashed, or being hashed, that wait for a lane; none where lanes would have to wait for this file. */
  get hashedAhead(): number {
    const state = this.#state;
    const isHeldBack = this.#putHold.isActive || this.#signHold.isActive;
    const isSent = state.status === "creating" || state.status === "sending";
    if (!isSent || state.isPaused || isHeldBack || isElsewhere(state)) return 0;
    return this.#checksums.size - this.#puts.size;
  }

  /** Parts that could be sent this moment. */
  readyParts(most: number): ReadyPart[] {
    const transfer = transferOf(this.#state);
    if (this.#putHold.isActive || transfer === null) return [];
    // A single PUT is another object at the store each time.
    const mayRest = transfer.plan.method === "multipart";
    return this.#todo(most, (partNumber) => {
      if (mayRest && this.#puts.isResting(partNumber)) return null;
      const origin = this.#checksums.has(partNumber) ? this.#urls.find(partNumber)?.origin : undefined;
      return origin === undefined ? null : { partNumber, origin };
    });
  }

  /** Adds to `counts` how many PUTs of this file go to which host. */
  countHosts(counts: Map<string, number>): void {
    this.#puts.countHosts(counts);
  }

  /** The next parts that need a checksum; while the companion is asked for a session, the first ones. */
  partsToHash(most: number): ReadyPart[] {
    const ready = (partNumber: number) =>
      this.#checksums.isMissing(partNumber) ? { partNumber, origin: "" } : null;
    const state = this.#state;
    if (state.status !== "creating") return this.#todo(most, ready);
    if (state.isPaused || state.wait !== null || isElsewhere(state)) return [];
    return firstParts(this.#guess, Math.min(most, HASHED_UNASKED)).flatMap(
      (partNumber) => ready(partNumber) ?? [],
    );
  }

  async hashPart(partNumber: number): Promise<void> {
    const plan = transferOf(this.#state)?.plan ?? this.#guess;
    if (plan === null) return;
    try {
      const hashed = this.#checksums.hash(partNumber, this.#slice(plan, partNumber));
      await this.#context.flights.during(this.source.id, "hashing", hashed);
      this.#digestBehind(partNumber);
    } catch (error) {
      this.#failUnreadable(error);
    }
    this.#context.schedule();
  }

  async sendPart(partNumber: number): Promise<void> {
    const { clock } = this.#context;
    const transfer = transferOf(this.#state);
    const signed = this.#urls.find(partNumber);
    const checksum = this.#checksums.find(partNumber);
    if (transfer === null || signed === null || checksum === undefined) return;
    const attempt = this.#context.nextAttempt();
    if (!this.dispatch({ type: "part-started", partNumber, attempt })) return;
    const startedAt = clock.now();
    let sentBefore = 0;
    const headers = { ...signed.headers, "content-md5": toBase64(checksum.digest) };
    const body = checksum.bytes ?? this.#slice(transfer.plan, partNumber);
    const answer = await this.#puts.send(
      { partNumber, attempt, url: signed.url, origin: signed.origin, headers, body },
      (sentBytes) => {
        const more = Math.max(0, sentBytes - sentBefore);
        this.#bytesSent += more;
        this.#context.sent(more);
        sentBefore = Math.max(sentBefore, sentBytes);
        this.dispatch({ type: "part-progress", partNumber, attempt, sentBytes });
      },
    );
    if (answer !== null) this.#learn(signed.origin, answer);
    if (answer?.ok === true) this.#partStored(partNumber, attempt, answer.etag);
    if (answer?.ok === false)
      await this.#partFailed(partNumber, attempt, answer.failure, clock.now() - startedAt);
    this.#context.schedule();
  }

  /** What needs no lane: proofs, signatures, completion. Safe to call at any time. */
  advance(): void {
    const state = this.#state;
    if (this.#isClosed || !("isPaused" in state)) return;
    if (state.status === "checking" && !state.isPaused) this.#prove(state.transfer);
    if (state.status === "sending" && !state.isPaused) void this.#sign(state.transfer);
    if (state.status === "finalizing") void this.#complete(state.transfer);
  }

  // The network.

  goneOffline(): void {
    this.dispatch({ type: "wait", wait: { reason: "offline", retryAt: null } });
  }

  /** @param deadSince PUTs that have not moved since then hang on a connection that no longer exists. */
  backOnline(deadSince: number | null): void {
    if (deadSince !== null) this.#puts.failDead(deadSince);
    for (const hold of this.#holds()) hold.wake();
  }

  /** Aborts everything and leaves the session as it is, to be gone on with later. */
  close(): void {
    this.#isClosed = true;
    this.#digest.close();
    this.#abandon();
    const sessionId = transferOf(this.#state)?.plan.sessionId;
    if (sessionId !== undefined) this.#context.store.release(sessionId);
    this.#turn.giveUp();
  }

  // What follows from a change of state.

  #follow(before: UploadState, after: UploadState): void {
    const oldTransfer = transferOf(before);
    const newTransfer = transferOf(after);
    this.#puts.keepOnly(newTransfer?.inFlight);
    if (oldTransfer !== null && oldTransfer.plan.sessionId !== newTransfer?.plan.sessionId)
      this.#leaveSession(oldTransfer, after);
    // Said at once, and so remembered: the answer may come when this page is gone.
    if (after.status === "cancelled" && this.#offered !== null)
      this.#context.discarder.discard(this.#offered);
    if (before.status === "failed") {
      this.#restarts = 0;
      this.#missingRounds = 0;
    }
    if (after.status === "creating" && before.status !== "creating") this.#createSession(after.mayResume);
    if (after.status === "failed") this.#abandon();
    if (isSettled(after)) {
      this.#digest.close();
      this.#checksums.clear();
    }
    // One that failed and can go on keeps what it has, and other tabs from sending it again.
    if (isOver(after)) this.#turn.release();
    // A failed one is waited for again when it is tried again.
    if (isOver(after) && after.status !== "failed") this.#turn.giveUp();
    // Nothing is kept for it, nor counted as ready, while another tab sends it.
    if (isElsewhere(after)) this.#checksums.clear();
    if (after.status === "sending") this.#meter.record(this.#context.clock.now(), movedBytes(after));
    else this.#meter.reset();
  }

  #leaveSession({ plan: { sessionId } }: Transfer, after: UploadState): void {
    const { store, discarder } = this.#context;
    this.#abandon();
    this.#digests.clear();
    this.#unread = 1;
    if (after.status !== "done") this.#sessionId = null;
    store.forget(fingerprintOf(this.source), sessionId);
    store.release(sessionId);
    // A session that ended badly for us may still hold a reservation; one that is over already is none the worse for it.
    if (after.status === "cancelled" || after.status === "failed") discarder.discard(sessionId);
  }

  #abandon(): void {
    this.#scope.abort(LET_GO);
    this.#scope = new AbortController();
    this.#puts.keepOnly(undefined);
    this.#checksums.clear();
    this.#urls.clear();
    this.#refusals.clear();
    this.#isSigning = false;
    this.#isCompleting = false;
    for (const hold of this.#holds()) hold.reset();
  }

  // Creating.

  #createSession(mayResume: boolean): void {
    const { source } = this;
    if (this.#startedAt === 0) this.#startedAt = this.#context.clock.now();
    const refusal = refuseLocally(source);
    if (refusal !== null) {
      this.dispatch({ type: "fail", error: refusal, isSessionOver: true });
      return;
    }
    void this.#acquire(mayResume);
  }

  async #acquire(mayResume: boolean): Promise<void> {
    const { source } = this;
    const purpose = () => {
      if (this.#state.status === "creating") return this.#isClosed ? "left" : "wanted";
      return "cancelled";
    };
    if (mayResume) this.#context.begunElsewhere.ask();
    // What an earlier page began of a cancelled file is ended also where no turn was to be had; what another tab is at is locked.
    if (!(await this.#turn.take()) && purpose() !== "cancelled") return;
    await acquireSession({
      source,
      mayResume,
      first: this.#turn.sessionId ?? this.#goOn.sessionId,
      context: this.#context,
      purpose,
      onOffered: (sessionId) => {
        this.#offered = sessionId;
      },
      onCreated: (session, askedAt) => this.#created(session, askedAt),
      onRefused: (error) => this.#fail(error, { isSessionOver: true }),
      onWait: (retryAt) => this.#wait(retryAt),
    });
  }

  /** What other tabs that have this file are told. */
  #report(): TurnReport {
    const state = this.#state;
    const isPaused = "isPaused" in state && state.isPaused;
    return {
      sessionId: this.#sessionId,
      state: state.status === "failed" ? "stopped" : isPaused ? "paused" : "moving",
      sentBytes: "shownBytes" in state ? state.shownBytes : 0,
      bytesPerSecond: isPaused ? 0 : this.#meter.bytesPerSecond(this.#context.clock.now()),
    };
  }

  #created(session: CreatedUpload, askedAt: number): boolean {
    const { sessionId, method, size, partSize, partCount, storedParts, state } = session;
    if (transferOf(this.#state)?.plan.sessionId === sessionId) return true;
    if (size !== this.source.blob.size || Math.ceil(size / partSize) !== partCount) {
      this.#failWith("upload_failed", "The server began the upload of another file.");
      return false;
    }
    const plan = { sessionId, method, fileSize: size, partSize, partCount };
    // Parts cut otherwise, or to be proved rather than sent: hashed anew.
    if (partSize !== this.#guess?.partSize || storedParts.length > 0) this.#checksums.clear();
    if (!this.dispatch({ type: "created", plan, storedParts })) return false;
    this.#sessionId = sessionId;
    this.#urls = new UrlWindow(this.#context.clock, this.#context.hosts);
    this.#urls.add(session.urls, askedAt);
    this.#finished = [];
    if (state === "completing") this.dispatch({ type: "session-completed", sessionId });
    // Another tab did it, or an earlier page did not hear of it: whether it is this file is proved like any other resume.
    if (state === "completed" && !isProvable(this.#state)) this.#sessionLost(sessionId);
    if (state === "aborting" || state === "aborted" || state === "failed") this.#sessionLost(sessionId);
    return true;
  }

  // Proving.

  #prove(transfer: Transfer): void {
    for (const [partNumber, etag] of transfer.unproven) {
      if (this.#checksums.runningCount >= PROOFS_AT_ONCE) return;
      if (this.#checksums.isMissing(partNumber)) void this.#proveOne(transfer, partNumber, etag);
    }
  }

  async #proveOne(transfer: Transfer, partNumber: number, etag: string): Promise<void> {
    try {
      const part = this.#slice(transfer.plan, partNumber);
      const digest = await this.#checksums.hash(partNumber, part);
      if (digest === null) return;
      this.#checksums.drop(partNumber);
      this.#digests.set(partNumber, digest);
      this.#digestBehind(partNumber);
      if (toHex(digest) === etag) this.dispatch({ type: "part-proven", partNumber });
      else {
        this.#context.log(`${this.source.name}: not the file that was begun earlier, so it is sent whole`);
        this.dispatch({ type: "other-file" });
      }
    } catch (error) {
      this.#failUnreadable(error);
    }
  }

  /** A part was read. */
  #digestBehind(partNumber: number): void {
    const plan = transferOf(this.#state)?.plan ?? this.#guess;
    if (plan === null) return;
    const { partSize, fileSize } = plan;
    const bytes = this.#checksums.find(partNumber)?.bytes ?? null;
    if (bytes !== null) this.#digest.take(bytes);
    while (this.#checksums.has(this.#unread) || this.#digests.has(this.#unread)) this.#unread += 1;
    this.#digest.follow(Math.min((this.#unread - 1) * partSize, fileSize));
  }

  // Signing.

  async #sign(transfer: Transfer): Promise<void> {
    // While no PUT is begun, none needs a URL: those that fail together are signed together.
    if (this.#isSigning || this.#signHold.isActive || this.#putHold.isActive) return;
    const { clock, lanes } = this.#context;
    const ahead = SIGN_AHEAD * lanes;
    const partNumbers = this.#urls.toSign(todoParts(transfer), { ahead, most: MAX_SIGN_BATCH });
    if (partNumbers.length === 0) return;
    const { signal } = this.#scope;
    const { sessionId } = transfer.plan;
    const finished = this.#finished;
    this.#isSigning = true;
    const askedAt = clock.now();
    try {
      const avoidOrigins = this.#context.hosts.outOfReach();
      const request = {
        partNumbers,
        ...(finished.length > 0 && { finished }),
        ...(avoidOrigins.length > 0 && { avoidOrigins }),
      };
      const { client, flights } = this.#context;
      const asked = client.signParts(sessionId, request, { signal });
      const { urls } = await flights.during(this.source.id, "signing", asked);
      if (signal.aborted) return;
      this.#isSigning = false;
      this.#signHold.succeeded();
      this.#urls.add(urls, askedAt);
      this.#finished = this.#finished.slice(finished.length);
    } catch (error) {
      if (signal.aborted) return;
      this.#isSigning = false;
      const tookMs = clock.now() - askedAt;
      this.#callFailed(asUploadError(error), { sessionId, hold: this.#signHold, tookMs });
    }
    this.#context.schedule();
  }

  // Sending.

  #learn(origin: string, answer: PutAnswer): void {
    const { hosts, overloaded } = this.#context;
    const failure = answer.ok ? null : answer.failure;
    if (failure?.kind === "network") hosts.failed(origin);
    else if (failure?.kind !== "stalled") hosts.reached(origin);
    if (failure?.kind === "stalled" || (failure?.kind === "http" && SLOW_DOWN.has(failure.status)))
      overloaded();
  }

  #partStored(partNumber: number, attempt: number, etag: string | null): void {
    const digest = this.#checksums.find(partNumber)?.digest;
    if (digest !== undefined) this.#digests.set(partNumber, digest);
    if (!this.dispatch({ type: "part-stored", partNumber, attempt })) return;
    this.#putHold.succeeded();
    this.#refusals.delete(partNumber);
    this.#checksums.drop(partNumber);
    this.#urls.drop(partNumber);
    if (etag === null) this.#context.etagHidden();
    else this.#finished.push({ partNumber, etag });
  }

  async #partFailed(partNumber: number, attempt: number, failure: PutFailure, tookMs: number): Promise<void> {
    const transfer = transferOf(this.#state);
    if (transfer?.inFlight.get(partNumber)?.attempt !== attempt) return;
    this.#retries += 1;
    this.#context.flights.refused(this.source.id, partNumber, failure);
    const failedBefore = this.#refusals.get(partNumber) ?? 0;
    const remedy = remedyForPut(failure, { method: transfer.plan.method, failedBefore });
    if (remedy.do === "stored") {
      this.#partStored(partNumber, attempt, null);
      return;
    }
    if (remedy.do === "resign") this.#urls.drop(partNumber);
    if (remedy.do === "rehash") this.#checksums.drop(partNumber);
    if (failure.kind === "network" && !(await this.#canRead(transfer, partNumber))) return;
    if (!this.dispatch({ type: "part-failed", partNumber, attempt })) return;
    if (isRefusal(failure)) {
      this.#refusals.set(partNumber, failedBefore + 1);
      if (failedBefore + 1 >= MAX_REFUSALS) {
        this.#refused(transfer, failure);
        return;
      }
    }
    if (remedy.do === "resign" && remedy.isNow) return;
    const retryAfterMs = failure.kind === "http" ? failure.retryAfterMs : null;
    this.#holdOff(
      this.#putHold,
      { retryAfterMs, tookMs },
      () =>
        new UploadError(
          "storage_unavailable",
          "The storage could not be reached for too long. Please try again.",
        ),
    );
  }

  #refused({ plan }: Transfer, failure: PutFailure): void {
    const status = failure.kind === "http" ? failure.status : null;
    if (status === 404) {
      // The store lost an upload that the companion believes in.
      this.#context.discarder.discard(plan.sessionId);
      this.#sessionLost(plan.sessionId);
      return;
    }
    this.#failWith("upload_failed", "The storage refused a part of the file again and again.", { status });
  }

  /** A file that was changed after it was picked fails in the browser like a broken network. */
  async #canRead(transfer: Transfer, partNumber: number): Promise<boolean> {
    try {
      await this.#slice(transfer.plan, partNumber).slice(0, 1).arrayBuffer();
      return true;
    } catch (error) {
      this.#failUnreadable(error);
      return false;
    }
  }

  // Completing.

  async #complete(transfer: Transfer): Promise<void> {
    if (this.#isCompleting || this.#completeHold.isActive) return;
    const { askCompletion, clock } = this.#context;
    const { plan } = transfer;
    const { signal } = this.#scope;
    this.#isCompleting = true;
    const askedAt = clock.now();
    try {
      const sha256 = this.#digest.hex();
      const answer = await askCompletion(plan, {
        ...proofOfWhole(plan, this.#digests),
        ...(sha256 !== null && { sha256 }),
        summary: this.#summary(),
      });
      if (signal.aborted) return;
      this.#isCompleting = false;
      if (answer.state === "completing") {
        this.#completeHold.succeeded();
        this.#completeHold.pause(Math.max(answer.retryAfterMs, 100));
      } else {
        this.dispatch({ type: "completed", sessionId: plan.sessionId, file: answer.file });
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#isCompleting = false;
      const tookMs = clock.now() - askedAt;
      this.#callFailed(asUploadError(error), {
        sessionId: plan.sessionId,
        hold: this.#completeHold,
        tookMs,
      });
    }
    this.#context.schedule();
  }

  #summary(): ClientSummary {
    const { clock, flights } = this.#context;
    return reportUpload(flights.find(this.source.id), {
      durationMs: clock.now() - this.#startedAt,
      bytesSent: this.#bytesSent,
      retries: this.#retries,
    });
  }

  // Failing.

  #callFailed(error: UploadError, call: { sessionId: string; hold: HoldOff; tookMs: number }): void {
    const { sessionId, hold, tookMs } = call;
    switch (remedyForCall(error)) {
      case "retry":
        this.#retries += 1;
        this.#context.flights.refused(this.source.id, null, null);
        this.#holdOff(hold, { retryAfterMs: retryAfterOf(error), tookMs }, () => error);
        return;
      case "session-lost":
        this.#sessionLost(sessionId);
        return;
      case "session-completed":
        // Asked to complete, the companion answers with the file; asked to sign, it says only this.
        if (!this.dispatch({ type: "session-completed", sessionId }))
          this.#fail(error, { isSessionOver: true });
        return;
      case "parts-missing":
        void this.#partsMissing(sessionId, error);
        return;
      case "fail": {
        const isAboutUser = error.code === "unauthenticated" || error.code === "forbidden";
        this.#fail(error, { isSessionOver: !isAboutUser });
        return;
      }
      default:
    }
  }

  async #partsMissing(sessionId: string, error: UploadError): Promise<void> {
    this.#missingRounds += 1;
    const { missing } = error.details ?? {};
    const named = Array.isArray(missing) ? missing.filter((part) => typeof part === "number") : [];
    const isHopeless = this.#missingRounds > MAX_MISSING_ROUNDS;
    const { signal } = this.#scope;
    // Nobody asks to complete it meanwhile.
    this.#isCompleting = true;
    const partNumbers = named.length > 0 || isHopeless ? named : await this.#changedParts(sessionId);
    if (signal.aborted) return;
    this.#isCompleting = false;
    if (isHopeless || !this.dispatch({ type: "parts-missing", sessionId, partNumbers }))
      this.#fail(error, { isSessionOver: true });
  }

  /** Parts of which the store has other bytes than this file, as when another device sent some too. */
  async #changedParts(sessionId: string): Promise<number[]> {
    try {
      const { storedParts } = await this.#context.client.getUpload(sessionId, { signal: this.#scope.signal });
      const etags = new Map(storedParts.map(({ partNumber, etag }) => [partNumber, etag]));
      const changed = [...this.#digests].filter(([part, digest]) => etags.get(part) !== toHex(digest));
      return changed.map(([partNumber]) => partNumber);
    } catch {
      return [];
    }
  }

  #sessionLost(sessionId: string): void {
    this.#restarts += 1;
    if (this.#restarts > MAX_RESTARTS) {
      this.#failWith("upload_failed", "The server ended this upload again and again.");
      return;
    }
    this.#context.log(`${this.source.name}: the session is over, beginning anew`);
    this.dispatch({ type: "session-lost", sessionId });
  }

  #holdOff(
    hold: HoldOff,
    failure: { retryAfterMs: number | null; tookMs: number },
    giveUp: () => UploadError,
  ): void {
    const tookMs = Math.min(failure.tookMs, this.#context.stallTimeoutMs);
    const retryAt = hold.fail({ ...failure, tookMs, isFree: !this.#context.network.isOnline() });
    if (retryAt === null) this.#fail(giveUp(), { isSessionOver: false });
    else this.#wait(retryAt);
  }

  #wait(retryAt: number): void {
    const reason = this.#context.network.isOnline() ? "retrying" : "offline";
    this.dispatch({ type: "wait", wait: { reason, retryAt } });
  }

  #failUnreadable(cause: unknown): void {
    this.#context.log(`${this.source.name}: ${String(cause)}`);
    const message = `“${this.source.name}” can no longer be read. It may have been changed or moved; please add it again.`;
    this.#failWith("upload_failed", message, { reason: "unreadable" });
  }

  #failWith(code: "upload_failed", message: string, details?: Record<string, unknown>): void {
    this.#fail(new UploadError(code, message, details === undefined ? {} : { details }), {
      isSessionOver: true,
    });
  }

  #fail(error: UploadError, { isSessionOver }: { isSessionOver: boolean }): void {
    if (isUnreachable(error))
      this.#context.log(`${this.source.name}: the companion could not be reached in time`);
    this.dispatch({ type: "fail", error: error.toBody(), isSessionOver });
  }

  // Small things.

  #todo(most: number, ready: (partNumber: number) => ReadyPart | null): ReadyPart[] {
    const state = this.#state;
    const wanted: ReadyPart[] = [];
    if (state.status !== "sending" || state.isPaused || this.#isClosed) return wanted;
    // Looking further than this would find only parts that no lane reaches soon.
    let left = 4 * this.#context.lanes;
    for (const partNumber of todoParts(state.transfer)) {
      if (wanted.length >= most || left === 0) break;
      left -= 1;
      const part = ready(partNumber);
      if (part !== null) wanted.push(part);
    }
    return wanted;
  }

  #slice(plan: Cut, partNumber: number): Blob {
    const { offset, size } = partAt({ ...plan, partNumber });
    return this.#whole.slice(offset, offset + size);
  }

  #holds(): HoldOff[] {
    return [this.#putHold, this.#signHold, this.#completeHold];
  }
}

function elsewhereOf({ state, sentBytes, bytesPerSecond }: TurnReport): Elsewhere {
  return { state, sentBytes, bytesPerSecond };
}

function isOver(state: UploadState): boolean {
  return (
    state.status === "done" ||
    state.status === "cancelled" ||
    (state.status === "failed" && state.transfer === null)
  );
}

/** Whether all of the file is at the store and can be held against the file that was picked. */
function isProvable(state: UploadState): boolean {
  return state.status === "checking" && state.transfer.unproven.size === state.transfer.plan.partCount;
}
