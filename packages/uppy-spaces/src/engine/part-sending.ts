import { UploadError } from "@audiotricks/protocol";
import { toBase64 } from "./bytes-as-text.ts";
import { isRefusal, type PutFailure, remedyForPut } from "./failure-remedy.ts";
import { countRetry, failWith, sessionLost, tryLater } from "./file-failures.ts";
import type { FileWork } from "./file-work.ts";
import { HoldOff } from "./hold-off.ts";
import type { ReadyPart } from "./lane-scheduler.ts";
import { nextParts } from "./next-parts.ts";
import { PartPuts } from "./part-puts.ts";
import type { PutAnswer } from "./put-part.ts";
import { type Transfer, transferOf } from "./upload-machine.ts";

/** Refusals of one part after which no further attempt is made. */
const MAX_REFUSALS = 5;

/** What stores answer to too many requests. */
const SLOW_DOWN: ReadonlySet<number> = new Set([429, 503]);

/** Sends the parts of one file, and sees to it that each gets there. */
export class PartSending {
  readonly puts: PartPuts;
  readonly hold: HoldOff;
  readonly #file: FileWork;
  readonly #refusals = new Map<number, number>();
  #bytesSent = 0;

  constructor(file: FileWork) {
    this.puts = new PartPuts(file.context);
    this.#file = file;
    this.hold = new HoldOff(file.context);
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Parts that could be sent this moment. */
  readyParts(most: number): ReadyPart[] {
    const transfer = transferOf(this.#file.state);
    if (this.hold.isActive || transfer === null) return [];
    // A single PUT is another object at the store each time.
    const mayRest = transfer.plan.method === "multipart";
    return nextParts(this.#file, most, (partNumber) => {
      if (mayRest && this.puts.isResting(partNumber)) return null;
      const isHashed = this.#file.reading.checksums.has(partNumber);
      const origin = isHashed ? this.#file.signing.urls.find(partNumber)?.origin : undefined;
      return origin === undefined ? null : { partNumber, origin };
    });
  }

  async send(partNumber: number): Promise<void> {
    const { context, state, dispatch } = this.#file;
    const { clock } = context;
    const transfer = transferOf(state);
    const signed = this.#file.signing.urls.find(partNumber);
    const checksum = this.#file.reading.checksums.find(partNumber);
    if (transfer === null || signed === null || checksum === undefined) return;
    const attempt = context.nextAttempt();
    if (!dispatch({ type: "part-started", partNumber, attempt })) return;
    const startedAt = clock.now();
    let sentBefore = 0;
    const headers = { ...signed.headers, "content-md5": toBase64(checksum.digest) };
    const answer = await this.puts.send(
      { partNumber, attempt, url: signed.url, origin: signed.origin, headers, body: checksum.body },
      (sentBytes) => {
        const more = Math.max(0, sentBytes - sentBefore);
        this.#bytesSent += more;
        context.sent(more);
        sentBefore = Math.max(sentBefore, sentBytes);
        dispatch({ type: "part-progress", partNumber, attempt, sentBytes });
      },
    );
    if (answer !== null) this.#learn(signed.origin, answer);
    if (answer?.ok === true) this.#stored(partNumber, attempt, answer.etag);
    if (answer?.ok === false)
      await this.#failed(partNumber, attempt, answer.failure, clock.now() - startedAt);
    context.schedule();
  }

  abandon(): void {
    this.puts.keepOnly(undefined);
    this.#refusals.clear();
    this.hold.reset();
  }

  #learn(origin: string, answer: PutAnswer): void {
    const { hosts, overloaded } = this.#file.context;
    const failure = answer.ok ? null : answer.failure;
    if (failure?.kind === "network") hosts.failed(origin);
    else if (failure?.kind !== "stalled") hosts.reached(origin);
    if (failure?.kind === "stalled" || (failure?.kind === "http" && SLOW_DOWN.has(failure.status)))
      overloaded();
  }

  #stored(partNumber: number, attempt: number, etag: string | null): void {
    this.#file.reading.partStored(partNumber);
    if (!this.#file.dispatch({ type: "part-stored", partNumber, attempt })) return;
    this.hold.succeeded();
    this.#refusals.delete(partNumber);
    this.#file.reading.checksums.drop(partNumber);
    this.#file.signing.urls.drop(partNumber);
    if (etag === null) this.#file.context.etagHidden();
    else this.#file.signing.finished(partNumber, etag);
  }

  async #failed(partNumber: number, attempt: number, failure: PutFailure, tookMs: number): Promise<void> {
    const transfer = transferOf(this.#file.state);
    if (transfer?.inFlight.get(partNumber)?.attempt !== attempt) return;
    countRetry(this.#file, partNumber, failure);
    const failedBefore = this.#refusals.get(partNumber) ?? 0;
    const remedy = remedyForPut(failure, { method: transfer.plan.method, failedBefore });
    if (remedy.do === "stored") {
      this.#stored(partNumber, attempt, null);
      return;
    }
    if (remedy.do === "resign") this.#file.signing.urls.drop(partNumber);
    if (remedy.do === "rehash") this.#file.reading.checksums.drop(partNumber);
    if (failure.kind === "network" && !(await this.#file.reading.canRead(transfer.plan, partNumber))) return;
    if (!this.#file.dispatch({ type: "part-failed", partNumber, attempt })) return;
    if (isRefusal(failure)) {
      this.#refusals.set(partNumber, failedBefore + 1);
      if (failedBefore + 1 >= MAX_REFUSALS) {
        this.#refused(transfer, failure);
        return;
      }
    }
    if (remedy.do === "resign" && remedy.isNow) return;
    const retryAfterMs = failure.kind === "http" ? failure.retryAfterMs : null;
    tryLater(this.#file, this.hold, { retryAfterMs, tookMs, giveUp: unreachable });
  }

  #refused({ plan }: Transfer, failure: PutFailure): void {
    const status = failure.kind === "http" ? failure.status : null;
    if (status === 404) {
      // The store lost an upload that the companion believes in.
      this.#file.context.discarder.discard(plan.sessionId);
      sessionLost(this.#file, plan.sessionId);
      return;
    }
    failWith(this.#file, "The storage refused a part of the file again and again.", { status });
  }
}

function unreachable(): UploadError {
  const message = "The storage could not be reached for too long. Please try again.";
  return new UploadError("storage_unavailable", message);
}
