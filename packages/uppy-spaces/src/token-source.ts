import { UploadError } from "@audiotricks/protocol";

export type GetToken = () => string | null | Promise<string | null>;

export interface TokenSource {
  get: (signal?: AbortSignal) => Promise<string | null>;
  /** A token in place of one that was refused; callers refused at the same time share one question. */
  replace: (refused: string, signal?: AbortSignal) => Promise<string | null>;
}

/** Keeps the host's token until the companion refuses it. A `null` is not kept: someone may sign in any moment. */
export function createTokenSource(getToken: GetToken | undefined): TokenSource {
  let kept: string | null = null;
  let asking: Promise<string | null> | null = null;

  const ask = (): Promise<string | null> => {
    if (getToken === undefined) return Promise.resolve(null);
    asking ??= (async () => {
      try {
        kept = await getToken();
        return kept;
      } catch (cause) {
        // Retryable: the host's own sign-in service may be away for the moment.
        throw new UploadError("internal", "Signing in did not work.", {
          details: { reason: "unreachable" },
          cause,
        });
      } finally {
        asking = null;
      }
    })();
    return asking;
  };

  return {
    get: (signal) => (kept === null ? unlessAborted(ask(), signal) : Promise.resolve(kept)),
    replace: (refused, signal) => {
      if (kept === refused) kept = null;
      return kept === null ? unlessAborted(ask(), signal) : Promise.resolve(kept);
    },
  };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
