import { UploadError, type UploadErrorCode } from "@audiotricks/protocol";
import { isUnreachable, type PutFailure, remedyForCall, retryAfterOf } from "./failure-remedy.ts";
import type { FileWork } from "./file-work.ts";
import type { HoldOff } from "./hold-off.ts";

/** New sessions begun for one file after the companion lost the one before. */
const MAX_RESTARTS = 3;
/** Failures after which the session is still there for whoever signs in rightly. */
const ABOUT_USER = new Set<UploadErrorCode>(["unauthenticated", "forbidden", "unknown_user"]);

/** How often things went wrong with one file. */
export interface Setbacks {
  /** Requests that were made again, or will be. */
  retries: number;
  /** Sessions lost, and rounds of "parts missing", since somebody last said that the file is wanted. */
  restarts: number;
  missingRounds: number;
}

/** Something is to be tried again. @param partNumber Which part it was; `null` for a call to the companion. */
export function countRetry(file: FileWork, partNumber: number | null, failure: PutFailure | null): void {
  file.setbacks.retries += 1;
  file.context.flights.refused(file.source.id, partNumber, failure);
}

/** A call to the companion for the current session failed. */
export function callFailed(
  file: FileWork,
  error: UploadError,
  { sessionId, hold, tookMs }: { sessionId: string; hold: HoldOff; tookMs: number },
): void {
  switch (remedyForCall(error)) {
    case "retry":
      countRetry(file, null, null);
      tryLater(file, hold, { retryAfterMs: retryAfterOf(error), tookMs, giveUp: () => error });
      return;
    case "session-lost":
      sessionLost(file, sessionId);
      return;
    case "session-completed":
      // Asked to complete, the companion answers with the file; asked to sign, it says only this.
      if (!file.dispatch({ type: "session-completed", sessionId }))
        fail(file, error, { isSessionOver: true });
      return;
    case "parts-missing":
      // Who asked for completion knows what to do about it; nobody else is told so.
      fail(file, error, { isSessionOver: true });
      return;
    case "fail": {
      const isAboutUser = ABOUT_USER.has(error.code);
      fail(file, error, { isSessionOver: !isAboutUser });
      return;
    }
    default:
  }
}

/** The companion or the store no longer has the session. */
export function sessionLost(file: FileWork, sessionId: string): void {
  file.setbacks.restarts += 1;
  if (file.setbacks.restarts > MAX_RESTARTS) {
    failWith(file, "The server ended this upload again and again.");
    return;
  }
  file.context.log(`${file.source.name}: the session is over, beginning anew`);
  file.dispatch({ type: "session-lost", sessionId });
}

export function tryLater(
  file: FileWork,
  hold: HoldOff,
  failure: { retryAfterMs: number | null; tookMs: number; giveUp: () => UploadError },
): void {
  const { network, stallTimeoutMs } = file.context;
  const { retryAfterMs, giveUp } = failure;
  const tookMs = Math.min(failure.tookMs, stallTimeoutMs);
  const retryAt = hold.fail({ retryAfterMs, tookMs, isFree: !network.isOnline() });
  if (retryAt === null) fail(file, giveUp(), { isSessionOver: false });
  else waitUntil(file, retryAt);
}

export function waitUntil(file: FileWork, retryAt: number): void {
  const reason = file.context.network.isOnline() ? "retrying" : "offline";
  file.dispatch({ type: "wait", wait: { reason, retryAt } });
}

export function failUnreadable(file: FileWork, cause: unknown): void {
  const { context, source } = file;
  context.log(`${source.name}: ${String(cause)}`);
  const message = `“${source.name}” can no longer be read. It may have been changed or moved; please add it again.`;
  failWith(file, message, { reason: "unreadable" });
}

export function failWith(file: FileWork, message: string, details?: Record<string, unknown>): void {
  const error = new UploadError("upload_failed", message, details === undefined ? {} : { details });
  fail(file, error, { isSessionOver: true });
}

export function fail(
  file: FileWork,
  error: UploadError,
  { isSessionOver }: { isSessionOver: boolean },
): void {
  if (isUnreachable(error)) file.context.log(`${file.source.name}: companion not reached`);
  file.dispatch({ type: "fail", error: error.toBody(), isSessionOver });
}
