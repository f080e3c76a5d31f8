import type { UploadError } from "@audiotricks/protocol";
import type { ClientSummary } from "@audiotricks/protocol/messages";
import { remedyForCall } from "./failure-remedy.ts";
import { callFailed, fail } from "./file-failures.ts";
import type { FileWork } from "./file-work.ts";
import { HoldOff } from "./hold-off.ts";
import { asUploadError } from "./session-creator.ts";
import type { Transfer } from "./upload-machine.ts";

/** Rounds of "parts missing" at completion: more than this and the store is losing them. */
const MAX_MISSING_ROUNDS = 3;

/** Asks the companion to make one file of the parts, until it has. */
export class FileCompletion {
  readonly hold: HoldOff;
  readonly #file: FileWork;
  readonly #summary: () => ClientSummary;
  #isAsking = false;

  /** @param summary How the upload went. */
  constructor(file: FileWork, summary: () => ClientSummary) {
    this.#file = file;
    this.#summary = summary;
    this.hold = new HoldOff(file.context);
  }

  async complete({ plan }: Transfer): Promise<void> {
    if (this.#isAsking || this.hold.isActive) return;
    const { context, signal, dispatch } = this.#file;
    const { askCompletion, clock } = context;
    const { sessionId } = plan;
    this.#isAsking = true;
    const askedAt = clock.now();
    try {
      const summary = this.#summary();
      const answer = await askCompletion(plan, { ...this.#file.reading.proof(plan), summary });
      if (signal.aborted) return;
      this.#isAsking = false;
      if (answer.state === "completing") {
        this.hold.succeeded();
        this.hold.pause(Math.max(answer.retryAfterMs, 100));
      } else {
        dispatch({ type: "completed", sessionId, file: answer.file });
      }
    } catch (cause) {
      if (signal.aborted) return;
      this.#isAsking = false;
      const error = asUploadError(cause);
      const tookMs = clock.now() - askedAt;
      if (remedyForCall(error) === "parts-missing") void this.#partsMissing(sessionId, error);
      else callFailed(this.#file, error, { sessionId, hold: this.hold, tookMs });
    }
    context.schedule();
  }

  abandon(): void {
    this.#isAsking = false;
    this.hold.reset();
  }

  async #partsMissing(sessionId: string, error: UploadError): Promise<void> {
    const { signal, dispatch, setbacks } = this.#file;
    const { missing } = error.details ?? {};
    setbacks.missingRounds += 1;
    const named = Array.isArray(missing) ? missing.filter((part) => typeof part === "number") : [];
    const isHopeless = setbacks.missingRounds > MAX_MISSING_ROUNDS;
    // Nobody asks to complete it meanwhile.
    this.#isAsking = true;
    const partNumbers = named.length > 0 || isHopeless ? named : await this.#changedParts(sessionId);
    if (signal.aborted) return;
    this.#isAsking = false;
    if (isHopeless || !dispatch({ type: "parts-missing", sessionId, partNumbers }))
      fail(this.#file, error, { isSessionOver: true });
  }

  /** Parts of which the store has other bytes than this file, as when another device sent some too. */
  async #changedParts(sessionId: string): Promise<number[]> {
    const { context, signal } = this.#file;
    try {
      const { storedParts } = await context.client.getUpload(sessionId, { signal });
      const etags = new Map(storedParts.map(({ partNumber, etag }) => [partNumber, etag]));
      return this.#file.reading.changedParts(etags);
    } catch {
      return [];
    }
  }
}
