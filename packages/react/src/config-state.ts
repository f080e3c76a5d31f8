import { UploadError, type UploadErrorBody } from "@audiotricks/protocol";
import type { ConfigResponse } from "@audiotricks/protocol/messages";

/** What is known of the companion's rules; files can be added while it is `ready`. */
export type ConfigState =
  | { status: "loading" }
  | { status: "ready"; config: ConfigResponse }
  /** No answer; asked again by itself after `retryInMs`. */
  | { status: "unreachable"; retryInMs: number }
  | { status: "signed_out" }
  | { status: "failed"; error: UploadErrorBody };

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 15_000;

export interface ConfigLoader {
  /** Asks now, whatever the state. */
  retry: () => void;
  stop: () => void;
}

/**
 * Asks for the companion's rules until they are there. Only failures that waiting can mend are repeated; signed out and
 * forbidden wait for a person.
 *
 * @param load Reads `GET /v1/config`; rejects with an `UploadError`, or anything else where nothing answered.
 */
export function loadConfig(
  load: (signal: AbortSignal) => Promise<ConfigResponse>,
  onChange: (state: ConfigState) => void,
): ConfigLoader {
  let attempt = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryInMs = FIRST_RETRY_MS;

  function ask(): void {
    clearTimeout(timer);
    attempt.abort();
    const current = new AbortController();
    attempt = current;
    load(current.signal).then(
      (config) => {
        if (!current.signal.aborted) onChange({ status: "ready", config });
      },
      (error: unknown) => {
        if (current.signal.aborted) return;
        const state = stateAfter(error, retryInMs);
        onChange(state);
        if (state.status !== "unreachable") return;
        timer = setTimeout(ask, retryInMs);
        retryInMs = Math.min(retryInMs * 2, MAX_RETRY_MS);
      },
    );
  }

  onChange({ status: "loading" });
  ask();
  return {
    retry: () => {
      retryInMs = FIRST_RETRY_MS;
      onChange({ status: "loading" });
      ask();
    },
    stop: () => {
      clearTimeout(timer);
      attempt.abort();
    },
  };
}

function stateAfter(error: unknown, retryInMs: number): ConfigState {
  if (!(error instanceof UploadError) || error.retryable) return { status: "unreachable", retryInMs };
  return error.code === "unauthenticated"
    ? { status: "signed_out" }
    : { status: "failed", error: error.toBody() };
}
