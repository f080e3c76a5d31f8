import { UploadError } from "@audiotricks/protocol";
import type { CreatedUpload, CreateUploadsRequest } from "@audiotricks/protocol/messages";
import type { UploadCalls } from "../upload-calls.ts";
import type { BackoffWaits } from "./backoff-waits.ts";
import type { Clock } from "./clock.ts";
import { remedyForCall, retryAfterOf } from "./failure-remedy.ts";
import { LET_GO } from "./let-go.ts";
import { randomId } from "./random-id.ts";
import { type RetryOptions, RetryPacer } from "./retry-pacer.ts";

/** Most files of one request, as the companion's contract says. */
const MAX_BATCH = 100;

/** Files that come within this long of one another are asked for together: pages hand over thousands in slices between frames. */
const GATHER_MS = 10;

/** One file that wants a session. Exactly one of `onCreated` and `onRefused` is called, unless the creator is closed. */
export interface SessionWish {
  file: Omit<CreateUploadsRequest["files"][number], "clientId">;
  /** `askedAt`: when the answered request was sent, on the clock. */
  onCreated: (session: CreatedUpload, askedAt: number) => void;
  onRefused: (error: UploadError) => void;
  onWait: (retryAt: number) => void;
}

export interface SessionCreator {
  create: (wish: SessionWish) => void;
  close: () => void;
}

/** Asks for sessions in batches: what is wished for at about the same time goes in one request. */
export function createSessionCreator(options: {
  client: UploadCalls;
  clock: Clock;
  waits: BackoffWaits;
  retry: RetryOptions;
  random: () => number;
  isOnline: () => boolean;
}): SessionCreator {
  const { client, clock, waits, retry, random, isOnline } = options;
  const closing = new AbortController();
  let wishes: SessionWish[] = [];
  let isGathering = false;

  const flush = () => {
    isGathering = false;
    const batch = closing.signal.aborted ? [] : wishes;
    wishes = [];
    for (let from = 0; from < batch.length; from += MAX_BATCH) start(batch.slice(from, from + MAX_BATCH));
  };

  const start = (batch: SessionWish[]) => {
    run(batch).catch(() => {}); // Closed while waiting.
  };

  /**
   * Repeats one request, under one key, until every file in it has its answer: where only the answer was lost, the repeat finds
   * the sessions that were made. Wishes withdrawn meanwhile are asked for all the same, so that their sessions can be cancelled.
   */
  const run = async (batch: SessionWish[]) => {
    const idempotencyKey = randomId();
    const files = batch.map(({ file }, index) => ({ ...file, clientId: String(index) }));
    const open = new Map(batch.map((wish, index) => [String(index), wish]));
    const pacer = new RetryPacer(retry, random);
    for (;;) {
      const askedAt = clock.now();
      let failure = new UploadError("internal", "The server left a file without an answer.");
      try {
        const { results } = await client.createUploads({ files }, { idempotencyKey });
        for (const result of results) {
          const wish = open.get(result.clientId);
          if (wish === undefined) continue;
          if ("session" in result) {
            open.delete(result.clientId);
            wish.onCreated(result.session, askedAt);
            continue;
          }
          const { code, message, details } = result.error;
          failure = new UploadError(code, message, details === undefined ? {} : { details });
          if (failure.retryable) continue;
          open.delete(result.clientId);
          wish.onRefused(failure);
        }
      } catch (error) {
        failure = asUploadError(error);
        if (remedyForCall(failure) !== "retry") return refuse([...open.values()], failure);
      }
      if (open.size === 0) return;
      // Places among the open sessions come free as uploads finish: no reason to ever give up on that.
      const isFree = !isOnline() || failure.code === "too_many_sessions";
      const delayMs = pacer.afterFailure({
        retryAfterMs: retryAfterOf(failure),
        tookMs: clock.now() - askedAt,
        isFree,
      });
      if (delayMs === null) return refuse([...open.values()], failure);
      for (const wish of open.values()) wish.onWait(clock.now() + delayMs);
      await waits.sleep(delayMs, closing.signal);
    }
  };

  /** One malformed file makes the request malformed: the others are asked for alone. */
  const refuse = (refused: SessionWish[], error: UploadError) => {
    const isAboutOne = error.code === "invalid_request" || error.code === "body_too_large";
    if (isAboutOne && refused.length > 1) for (const wish of refused) start([wish]);
    else for (const wish of refused) wish.onRefused(error);
  };

  return {
    create: (wish) => {
      wishes.push(wish);
      if (isGathering) return;
      isGathering = true;
      clock.after(GATHER_MS, flush);
    },
    close: () => closing.abort(LET_GO),
  };
}

export function asUploadError(error: unknown): UploadError {
  return error instanceof UploadError
    ? error
    : new UploadError("upload_failed", "The upload failed unexpectedly.", { cause: error });
}
