import { UploadError } from "@audiotricks/protocol";
import type { UploadCalls } from "../upload-calls.ts";
import type { BackoffWaits } from "./backoff-waits.ts";
import { remedyForCall, retryAfterOf } from "./failure-remedy.ts";
import { LET_GO } from "./let-go.ts";
import { type RetryOptions, RetryPacer } from "./retry-pacer.ts";
import type { SessionStore } from "./session-store.ts";

export interface SessionDiscarder {
  /** Cancels a session at the companion, however often that takes, in a later page if need be. */
  discard: (sessionId: string) => void;
  /** Takes up what earlier pages could not finish. */
  resume: () => void;
  close: () => void;
}

/** A cancelled session holds a reservation of somebody's quota, so cancelling is not left to luck or to expiry. */
export function createSessionDiscarder(options: {
  client: UploadCalls;
  store: SessionStore;
  waits: BackoffWaits;
  retry: RetryOptions;
}): SessionDiscarder {
  const { client, store, waits, retry } = options;
  const closing = new AbortController();
  const running = new Set<string>();

  const run = async (sessionId: string) => {
    const pacer = new RetryPacer(retry);
    for (;;) {
      const error = await attempt(sessionId);
      if (error === null) return store.removeDiscard(sessionId);
      const delayMs = pacer.afterFailure({ retryAfterMs: retryAfterOf(error) });
      if (delayMs === null) return; // The mark stays; the next page tries again.
      await waits.sleep(delayMs, closing.signal);
    }
  };

  /** `null` once there is nothing left to cancel. Never aborted: the request outlives the page. */
  const attempt = async (sessionId: string): Promise<UploadError | null> => {
    try {
      await client.cancelUpload(sessionId);
      return null;
    } catch (error) {
      if (!(error instanceof UploadError)) throw error;
      // Gone, ended or completed already. Someone signed out is to sign in first.
      const mayChange = remedyForCall(error) === "retry" || error.code === "unauthenticated";
      return mayChange ? error : null;
    }
  };

  const start = (sessionId: string) => {
    if (running.has(sessionId) || closing.signal.aborted) return;
    running.add(sessionId);
    run(sessionId)
      .catch(() => {}) // Closed while waiting: the mark in the store stays.
      .finally(() => running.delete(sessionId));
  };

  return {
    discard: (sessionId) => {
      store.addDiscard(sessionId);
      start(sessionId);
    },
    resume: () => {
      for (const sessionId of store.toDiscard()) start(sessionId);
    },
    close: () => closing.abort(LET_GO),
  };
}
