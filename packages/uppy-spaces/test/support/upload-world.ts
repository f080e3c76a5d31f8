import type { UploadErrorBody } from "@audiotricks/protocol";
import type { FileRecord, StoredPart } from "@audiotricks/protocol/messages";
import {
  INITIAL_STATE,
  isSettled,
  todoParts,
  transferOf,
  type UploadEvent,
  type UploadState,
} from "../../src/engine/upload-machine.ts";
import { must, PART_SIZE, PROVABLE_ETAG, UploadModel } from "./upload-model.ts";

interface Session {
  sessionId: string;
  state: "open" | "completed" | "gone";
  parts: Map<number, "ours" | "another file's" | "unprovable">;
  completions: number;
  /** Another tab has asked to complete it, and has not heard yet that parts are missing. */
  isTried: boolean;
}
type CallKind = "create" | "sign" | "complete";
type Request =
  | { kind: "create"; call: number; wish: number; mayResume: boolean }
  | { kind: "sign" | "complete"; call: number; session: Session }
  | { kind: "put"; session: Session; partNumber: number; attempt: number }
  | { kind: "discard"; session: Session };
type Answer =
  /** What the page takes only as the answer to what it is asking at this moment. */
  | { kind: CallKind; call: number; session: Session | null; event: UploadEvent | null }
  | { kind: "proof"; session: Session; event: UploadEvent }
  | { kind: "any"; event: UploadEvent };

const MOST_IN_FLIGHT = 3;
const WAIT_MS = 10;
// The machine hands the record on and never looks into it.
const FILE = { id: "f" } as FileRecord;
const AWAY: UploadErrorBody = { code: "storage_unavailable", message: "away" };

/** What may happen next. What is more frequent stands here more often; what is impossible at that moment does nothing. */
const MOVES = [
  ...Array.from({ length: 16 }, () => "page"),
  ...Array.from({ length: 12 }, () => "arrive"),
  ...Array.from({ length: 12 }, () => "answer"),
  ..."answer-twice refuse refuse lose-request lose-answer give-up give-up give-up progress progress progress".split(
    " ",
  ),
  ..."pause resume resume resume retry retry tick tick tick offline online stray stray".split(" "),
  ..."cancel end-session lose-part other-tab-completes".split(" "),
  ..."other-tab-moves other-tab-moves other-tab-moves other-tab-leaves".split(" "),
] as (
  | "page"
  | "arrive"
  | "answer"
  | "answer-twice"
  | "refuse"
  | "lose-request"
  | "lose-answer"
  | "give-up"
  | "progress"
  | "pause"
  | "resume"
  | "retry"
  | "tick"
  | "offline"
  | "online"
  | "stray"
  | "cancel"
  | "end-session"
  | "lose-part"
  | "other-tab-completes"
  | "other-tab-moves"
  | "other-tab-leaves"
)[];

/**
 * One upload with everybody who has a hand in it: a person, a page that does about the machine what `FileUpload` does, a network
 * that delays, loses and doubles, and a companion with a store. Every event goes through the model, which judges it.
 */
export class UploadWorld {
  readonly model: UploadModel;
  readonly events: UploadEvent[] = [];
  state: UploadState = INITIAL_STATE;
  readonly #sessions: Session[] = [];
  readonly #wishes = new Map<number, Session>();
  #requests: Request[] = [];
  #answers: Answer[] = [];
  readonly #asking = new Map<CallKind, number>();
  #wish = 0;
  #lastNumber = 0;
  #now = 0;
  #heldUntil = 0;
  #isOnline = true;
  /** What another tab is doing with the very same file; `null` once it is this page's turn. */
  #other: { session: Session; isPaused: boolean } | null = null;
  /** The session that the page heard of from it. */
  #heardOf: Session | null = null;

  /**
   * @param earlier For each part, what an earlier page left of it at the store, if anything.
   * @param begun Whether there was such a page, and whether another tab has the file.
   */
  constructor(
    earlier: readonly ("ours" | "another file's" | "unprovable" | "nothing")[],
    begun: { hasBegun: boolean; isElsewhere: boolean },
  ) {
    this.model = new UploadModel(earlier.length);
    if (begun.hasBegun) {
      const { parts } = this.#open();
      for (const [index, what] of earlier.entries()) if (what !== "nothing") parts.set(index + 1, what);
    }
    if (!begun.isElsewhere) return;
    const [session] = this.#sessions;
    // Only with what it proved to be its own.
    const isFit = session !== undefined && [...session.parts.values()].every((what) => what === "ours");
    this.#other = { session: isFit ? session : this.#open(), isPaused: false };
  }

  /** @param choice Which move and, by its upper bits, with what of several. */
  move(choice: number): void {
    const name = MOVES[choice % MOVES.length] ?? "page";
    const which = Math.floor(choice / MOVES.length);
    switch (name) {
      case "page":
        this.#advance(which);
        return;
      case "arrive":
        this.#arrive(take(this.#requests, which));
        return;
      case "refuse":
        this.#refuse(take(this.#requests, which), which);
        return;
      case "lose-request":
        take(this.#requests, which);
        return;
      case "answer":
        this.#receive(take(this.#answers, which));
        return;
      case "answer-twice":
        this.#receive(pick(this.#answers, which));
        return;
      case "lose-answer":
        take(this.#answers, which);
        return;
      case "give-up":
        this.#giveUp(which);
        return;
      case "progress": {
        const [partNumber, put] = pick([...this.model.inFlight], which) ?? [];
        if (partNumber === undefined || put === undefined) return;
        this.#dispatch({
          type: "part-progress",
          partNumber,
          attempt: put.attempt,
          sentBytes: which % 13,
        });
        return;
      }
      case "pause":
      case "resume":
      case "retry":
        this.#dispatch({ type: name });
        return;
      case "cancel":
        if (which % 8 === 0) this.#dispatch({ type: "cancel" });
        return;
      case "tick":
        this.#now += which % (2 * WAIT_MS);
        return;
      case "offline":
        this.#isOnline = false;
        this.#dispatch({ type: "wait", wait: { reason: "offline", retryAt: null } });
        return;
      case "online":
        this.#isOnline = true;
        this.#heldUntil = this.#now;
        return;
      case "stray":
        this.#stray(which);
        return;
      case "other-tab-moves":
        this.#moveOther(which);
        return;
      case "other-tab-leaves":
        // Closed, crashed, or found to have another file.
        if (which % 3 === 0) this.#other = null;
        return;
      default:
        this.#atTheServer(name, which);
        return;
    }
  }

  /** All answers come from now on: it has to come to an end or stand still because a person wants it to. */
  calm(): void {
    this.#isOnline = true;
    for (let round = 0; round < 200; round += 1) {
      this.#now += WAIT_MS;
      // Sooner or later it is through, or closed.
      if (round >= 5) this.#moveOther(3);
      while (this.#requests.length > 0) this.#arrive(this.#requests.shift());
      while (this.#answers.length > 0) this.#receive(this.#answers.shift());
      if (isSettled(this.state) || this.model.isPaused) return;
      // What was lost is given up by the page's own timers.
      this.#asking.clear();
      for (const [partNumber, { attempt }] of this.model.inFlight)
        this.#dispatch({ type: "part-failed", partNumber, attempt });
      for (let turn = 0; turn < 2 * MOST_IN_FLIGHT; turn += 1) this.#advance(turn);
    }
    throw new Error(`it is ${this.state.status} for ever`);
  }

  /** A person who wants the file uploaded gets it uploaded, unless they cancelled it. */
  finish(): void {
    for (
      let tries = 0;
      tries < 4 && this.state.status !== "done" && this.state.status !== "cancelled";
      tries += 1
    ) {
      this.#dispatch({ type: "resume" });
      this.#dispatch({ type: "retry" });
      this.calm();
    }
    const completed = this.#sessions.filter(({ completions }) => completions > 0);
    must(completed.length <= 1 && completed.every(({ completions }) => completions === 1), "completed twice");
    if (this.state.status === "cancelled") return;
    must(this.state.status === "done", `it ended ${this.state.status}`);
    const [session] = completed;
    must(session?.sessionId === this.model.sessionId, "it is done in a session that is not complete");
    const parts = [...(session?.parts.values() ?? [])];
    must(parts.length === this.model.partCount && parts.every((what) => what === "ours"), "not whole");
  }

  #dispatch(event: UploadEvent): void {
    this.events.push(event);
    const before = this.state;
    const after = this.model.check(before, event);
    this.state = after;
    const left = transferOf(before)?.plan.sessionId;
    const hasLeft = left !== undefined && left !== transferOf(after)?.plan.sessionId;
    if (hasLeft || after.status === "failed") {
      this.#asking.delete("sign");
      this.#asking.delete("complete");
    }
    if (hasLeft && (after.status === "cancelled" || after.status === "failed")) {
      const session = this.#sessions.find(({ sessionId }) => sessionId === left);
      if (session !== undefined) this.#requests.push({ kind: "discard", session });
    }
    if (after.status === "creating" && before.status !== "creating") {
      this.#asking.delete("create");
      this.#wish += 1;
    }
  }

  // The page.

  #advance(which: number): void {
    const { state } = this;
    const isHeld = this.#now < this.#heldUntil;
    switch (state.status) {
      case "queued":
        this.#dispatch({ type: "begin" });
        return;
      case "creating":
        if (state.mayResume && this.#hearOfOther(which)) return;
        if (!isHeld && !this.#asking.has("create"))
          this.#requests.push({
            kind: "create",
            call: this.#ask("create"),
            wish: this.#wish,
            mayResume: state.mayResume,
          });
        return;
      case "checking": {
        const partNumber = pick([...this.model.unproven], which);
        const session = this.#current();
        if (state.isPaused || partNumber === undefined || session === undefined) return;
        const isOurs = session.parts.get(partNumber) === "ours";
        this.#answers.push({
          kind: "proof",
          session,
          event: isOurs ? { type: "part-proven", partNumber } : { type: "other-file" },
        });
        return;
      }
      case "sending": {
        const session = this.#current();
        if (state.isPaused || isHeld || session === undefined) return;
        const partNumber = pick([...todoParts(state.transfer)], which);
        if (which % 4 === 0 && !this.#asking.has("sign"))
          this.#requests.push({ kind: "sign", call: this.#ask("sign"), session });
        else if (partNumber !== undefined && state.transfer.inFlight.size < MOST_IN_FLIGHT)
          this.#put(session, partNumber);
        return;
      }
      case "finalizing": {
        const session = this.#current();
        if (!isHeld && session !== undefined && !this.#asking.has("complete"))
          this.#requests.push({ kind: "complete", call: this.#ask("complete"), session });
        return;
      }
      default:
    }
  }

  /** Returns whether another tab has the file. */
  #hearOfOther(which: number): boolean {
    if (this.#other === null) {
      this.#dispatch({ type: "elsewhere", elsewhere: null });
      return false;
    }
    const { session, isPaused } = this.#other;
    this.#heardOf = session;
    let sentBytes = which % (PART_SIZE / 2);
    for (const part of session.parts.keys()) sentBytes += this.model.sizeOf(part);
    sentBytes = Math.min(sentBytes, this.model.fileSize);
    const state = isPaused ? "paused" : "moving";
    this.#dispatch({ type: "elsewhere", elsewhere: { state, sentBytes, bytesPerSecond: which % 3 } });
    must(this.state.status === "creating", "it goes on while another tab has the file");
    return true;
  }

  #put(session: Session, partNumber: number): void {
    must(this.#other === null, "it sends what another tab is sending");
    const attempt = this.#number();
    this.#dispatch({ type: "part-started", partNumber, attempt });
    must(this.model.inFlight.get(partNumber)?.attempt === attempt, `part ${partNumber} cannot be sent`);
    this.#requests.push({ kind: "put", session, partNumber, attempt });
  }

  #receive(answer: Answer | undefined): void {
    if (answer === undefined) return;
    const { kind, event } = answer;
    if (kind === "any") {
      this.#dispatch(event);
      return;
    }
    if (kind === "proof") {
      if (answer.session === this.#current()) this.#dispatch(event);
      return;
    }
    if (this.#asking.get(kind) !== answer.call) return;
    this.#asking.delete(kind);
    if (event === null) return;
    if (event.type === "fail" || event.type === "wait") this.#heldUntil = this.#now + WAIT_MS;
    const wasCreating = this.state.status === "creating";
    this.#dispatch(event);
    if (event.type !== "created" || answer.session === null) return;
    const { session } = answer;
    if (!wasCreating) this.#requests.push({ kind: "discard", session });
    else if (session.state === "gone") this.#dispatch(this.#overOf(session));
    // Of one that another tab completed, all parts are proved like those of any other.
    else if (session.state === "completed")
      must(this.model.unproven.size === this.model.partCount, "it is done without a proof");
  }

  #giveUp(which: number): void {
    const [partNumber, put] = pick([...this.model.inFlight], which) ?? [];
    const kind = pick([...this.#asking.keys()], which);
    const retryAt = this.#now + WAIT_MS;
    if (partNumber !== undefined && put !== undefined)
      this.#dispatch({ type: "part-failed", partNumber, attempt: put.attempt });
    else if (kind !== undefined) this.#asking.delete(kind);
    else return;
    this.#heldUntil = retryAt;
    this.#dispatch({ type: "wait", wait: { reason: this.#isOnline ? "retrying" : "offline", retryAt } });
  }

  /** What a page with a mistake in it would say: none of this may be believed. */
  #stray(which: number): void {
    const partNumber = which % (this.model.partCount + 2);
    const current = this.model.sessionId;
    const sessionId = "s-of-somebody-else";
    const attempt = -1;
    switch (Math.floor(which / 8) % 8) {
      case 0: // A part that is stored, in flight, or not of this file; or any while it is paused.
        if (this.model.phase === "sending" && !this.model.isPaused && this.#isTodo(partNumber)) return;
        this.#dispatch({ type: "part-started", partNumber, attempt });
        return;
      case 1:
        this.#dispatch({ type: "part-stored", partNumber, attempt });
        return;
      case 2:
        this.#dispatch({ type: "part-failed", partNumber, attempt });
        return;
      case 3:
        this.#dispatch({ type: "part-progress", partNumber, attempt, sentBytes: which % 40 });
        return;
      case 4:
        this.#dispatch({ type: "completed", sessionId, file: FILE });
        return;
      case 5:
        this.#dispatch({ type: "session-lost", sessionId });
        return;
      case 6:
        this.#dispatch({ type: "session-completed", sessionId });
        return;
      default:
        // Completion that nobody can have confirmed.
        if (current !== null && this.model.phase !== "finalizing")
          this.#dispatch({ type: "completed", sessionId: current, file: FILE });
    }
  }

  #isTodo(partNumber: number): boolean {
    const { stored, inFlight, partCount } = this.model;
    return partNumber >= 1 && partNumber <= partCount && !stored.has(partNumber) && !inFlight.has(partNumber);
  }

  #ask(kind: CallKind): number {
    const call = this.#number();
    this.#asking.set(kind, call);
    return call;
  }

  #current(): Session | undefined {
    return this.#sessions.find(({ sessionId }) => sessionId === this.model.sessionId);
  }

  #number(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  // The companion and the store.

  #open(): Session {
    const session: Session = {
      sessionId: `s${this.#number()}`,
      state: "open",
      parts: new Map(),
      completions: 0,
      isTried: false,
    };
    this.#sessions.push(session);
    return session;
  }

  #overOf({ sessionId, state }: Session): UploadEvent {
    return { type: state === "gone" ? "session-lost" : "session-completed", sessionId };
  }

  #arrive(request: Request | undefined): void {
    switch (request?.kind) {
      case undefined:
        return;
      case "discard":
        if (request.session.state === "open") request.session.state = "gone";
        return;
      case "put": {
        const { session, partNumber, attempt } = request;
        const isKept = session.state === "open";
        if (isKept) session.parts.set(partNumber, "ours");
        const type = isKept ? "part-stored" : "part-failed";
        this.#answers.push({ kind: "any", event: { type, partNumber, attempt } });
        return;
      }
      case "create":
        this.#arriveCreate(request);
        return;
      case "sign": {
        const { session, call } = request;
        if (session.state === "open" && !session.isTried)
          this.#answers.push({ kind: "sign", call, session, event: null });
        else this.#answers.push({ kind: "sign", call, session, event: this.#overOf(session) });
        return;
      }
      case "complete":
        this.#arriveComplete(request);
        return;
      default:
        request satisfies never;
    }
  }

  #arriveCreate({ call, wish, mayResume }: Extract<Request, { kind: "create" }>): void {
    must(this.#other === null || !mayResume, "it asks for what another tab is sending");
    const offered = [...(this.#heardOf === null ? [] : [this.#heardOf]), ...this.#sessions];
    const begun = mayResume ? offered.find(({ state }) => state !== "gone") : undefined;
    const session = this.#wishes.get(wish) ?? begun ?? this.#open();
    this.#wishes.set(wish, session);
    const { fileSize, partCount } = this.model;
    const storedParts: StoredPart[] = [...session.parts].map(([partNumber, what]) => ({
      partNumber,
      size: this.model.sizeOf(partNumber),
      etag: what === "unprovable" ? "0-2" : PROVABLE_ETAG,
    }));
    const method = partCount === 1 ? "put" : "multipart";
    const plan = { sessionId: session.sessionId, method, fileSize, partSize: PART_SIZE, partCount } as const;
    this.#answers.push({ kind: "create", call, session, event: { type: "created", plan, storedParts } });
  }

  #arriveComplete({ call, session }: Extract<Request, { kind: "sign" | "complete" }>): void {
    const { sessionId, parts } = session;
    const all = Array.from({ length: this.model.partCount }, (_, index) => index + 1);
    const partNumbers = all.filter((partNumber) => parts.get(partNumber) !== "ours");
    session.isTried = false;
    if (session.state === "open" && partNumbers.length > 0) {
      this.#answers.push({
        kind: "complete",
        call,
        session,
        event: { type: "parts-missing", sessionId, partNumbers },
      });
      return;
    }
    if (session.state === "open") this.#complete(session);
    if (session.state === "gone") this.#answers.push({ kind: "any", event: this.#overOf(session) });
    else this.#answers.push({ kind: "any", event: { type: "completed", sessionId, file: FILE } });
  }

  #complete(session: Session): void {
    session.state = "completed";
    session.completions += 1;
  }

  #moveOther(which: number): void {
    const session = this.#other?.session;
    if (session === undefined) return;
    // What was over before the page came is of no concern to it.
    if (which % 5 >= 3 && this.#heardOf === null) return;
    switch (which % 5) {
      case 0:
        this.#other = { session, isPaused: !this.#other?.isPaused };
        return;
      case 1:
      case 2:
        if (session.state === "open") session.parts.set((which % this.model.partCount) + 1, "ours");
        return;
      case 3:
        for (let part = 1; part <= this.model.partCount; part += 1) session.parts.set(part, "ours");
        if (session.state === "open") this.#complete(session);
        this.#other = null;
        return;
      default:
        // A person cancelled it there.
        if (which % 4 !== 0) return;
        if (session.state === "open") session.state = "gone";
        this.#other = null;
    }
  }

  #refuse(request: Request | undefined, which: number): void {
    if (request === undefined || request.kind === "discard") return;
    const wait: UploadEvent = { type: "wait", wait: { reason: "retrying", retryAt: this.#now + WAIT_MS } };
    if (request.kind === "put") {
      const { partNumber, attempt } = request;
      this.#answers.push({ kind: "any", event: { type: "part-failed", partNumber, attempt } });
      return;
    }
    const session = "session" in request ? request.session : null;
    const { kind, call } = request;
    const isFinal = which % 3 === 0 && session?.state !== "completed";
    if (which % 3 === 1) {
      const event: UploadEvent = { type: "fail", error: AWAY, isSessionOver: session === null };
      this.#answers.push({ kind, call, session, event });
    } else if (isFinal) {
      if (session !== null) session.state = "gone";
      this.#answers.push({ kind, call, session, event: { type: "fail", error: AWAY, isSessionOver: true } });
    } else this.#answers.push({ kind, call, session, event: wait });
  }

  #atTheServer(what: "end-session" | "lose-part" | "other-tab-completes", which: number): void {
    const session = this.#current();
    if (session?.state !== "open") return;
    if (what === "end-session" && which % 4 === 0) session.state = "gone";
    if (what === "lose-part") session.parts.delete((which % this.model.partCount) + 1);
    if (what === "other-tab-completes" && session.parts.size === this.model.partCount) {
      const isOurs = [...session.parts.values()].every((part) => part === "ours");
      if (isOurs) this.#complete(session);
    } else if (what === "other-tab-completes") session.isTried = true;
  }
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(1, from.length)];
}

function take<T>(from: T[], which: number): T | undefined {
  return from.splice(which % Math.max(1, from.length), 1)[0];
}
