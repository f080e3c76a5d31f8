import type { UploadError } from "@audiotricks/protocol";

/** Why a PUT to the store did not succeed. */
export type PutFailure =
  /** The browser says no more than that: no network, a refused connection, or an answer without CORS headers. */
  | { kind: "network" }
  /** Nothing moved for the whole stall timeout. */
  | { kind: "stalled" }
  | { kind: "http"; status: number; retryAfterMs: number | null };

/**
 * What to do about it.
 * - `retry`: the same again, later.
 * - `resign`: with a new URL. `isNow`: without a wait first, since the URL had most likely run out.
 * - `rehash`: the store found other bytes than the checksum says: read the part again.
 * - `stored`: it was there already.
 */
export type PutRemedy =
  | { do: "retry" }
  | { do: "resign"; isNow: boolean }
  | { do: "rehash" }
  | { do: "stored" };

/** @param failedBefore How often this part was refused before, with a status or without one. */
export function remedyForPut(
  failure: PutFailure,
  context: { method: "put" | "multipart"; failedBefore: number },
): PutRemedy {
  if (failure.kind === "stalled") return { do: "retry" };
  // Ceph's 403 carries no CORS headers: an expired URL looks exactly like a broken network.
  if (failure.kind === "network") return { do: "resign", isNow: false };
  switch (failure.status) {
    case 403:
      return { do: "resign", isNow: context.failedBefore === 0 };
    case 400:
      return { do: "rehash" };
    case 404:
      return { do: "resign", isNow: false };
    case 412:
      // A single PUT that must not replace anything: an earlier attempt arrived and only its answer was lost.
      return context.method === "put" ? { do: "stored" } : { do: "retry" };
    default:
      return { do: "retry" };
  }
}

/** Answers that no repetition will change often enough to wait out the whole budget for them. */
export function isRefusal(failure: PutFailure): boolean {
  return failure.kind === "http" && failure.status < 500 && failure.status !== 408 && failure.status !== 429;
}

/** What to do about a call to the companion that failed. */
export type CallRemedy = "retry" | "session-lost" | "session-completed" | "parts-missing" | "fail";

export function remedyForCall(error: UploadError): CallRemedy {
  switch (error.code) {
    case "session_not_found":
      return "session-lost";
    case "session_not_open":
      // Somebody else, another tab say, asked to complete it.
      if (error.details?.state === "completing") return "session-completed";
      return error.details?.state === "failed" ? "fail" : "session-lost";
    case "session_completed":
      return "session-completed";
    case "parts_missing":
      return "parts-missing";
    default:
      return error.retryable ? "retry" : "fail";
  }
}

/** Milliseconds the server asked to be left alone for. */
export function retryAfterOf(error: UploadError): number | null {
  const asked = error.details?.retryAfterMs;
  return typeof asked === "number" && Number.isFinite(asked) ? asked : null;
}

/** Whether the companion did not answer at all, as opposed to answering that it cannot. */
export function isUnreachable(error: UploadError): boolean {
  return error.details?.reason === "unreachable";
}
