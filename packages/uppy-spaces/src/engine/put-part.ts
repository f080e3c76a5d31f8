import { parseRetryAfter } from "../retry-after.ts";
import type { Clock } from "./clock.ts";
import type { PutFailure } from "./failure-remedy.ts";

export interface PutRequest {
  url: string;
  headers: Record<string, string>;
  body: Blob | Uint8Array<ArrayBuffer>;
  /** Bytes handed to the network so far. */
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
  /** Without any progress for this long, the PUT is given up. */
  stallTimeoutMs: number;
  clock: Clock;
}

export type PutAnswer =
  /** `etag` without its quotes; `null` where CORS hides it. */
  { ok: true; etag: string | null } | { ok: false; failure: PutFailure };

/** Sends one part. Rejects only with the signal's reason. */
export type PutPart = (request: PutRequest) => Promise<PutAnswer>;

/** By XMLHttpRequest: `fetch` does not tell how much was sent. */
export const putPart: PutPart = ({ url, headers, body, onProgress, signal, stallTimeoutMs, clock }) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const xhr = new XMLHttpRequest();
    let stopWatching = () => {};
    const settle = (run: () => void) => {
      stopWatching();
      signal.removeEventListener("abort", onAbort);
      xhr.upload.onprogress = null;
      xhr.onload = null;
      xhr.onerror = null;
      run();
    };
    const watch = () => {
      stopWatching();
      stopWatching = clock.after(stallTimeoutMs, () =>
        settle(() => {
          xhr.abort();
          resolve({ ok: false, failure: { kind: "stalled" } });
        }),
      );
    };
    const onAbort = () =>
      settle(() => {
        xhr.abort();
        reject(signal.reason);
      });

    xhr.upload.onprogress = (event) => {
      watch();
      onProgress(event.loaded);
    };
    xhr.onload = () => settle(() => resolve(answerOf(xhr)));
    xhr.onerror = () => settle(() => resolve({ ok: false, failure: { kind: "network" } }));
    signal.addEventListener("abort", onAbort, { once: true });
    xhr.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    watch();
    xhr.send(body);
  });

function answerOf(xhr: XMLHttpRequest): PutAnswer {
  if (xhr.status >= 200 && xhr.status < 300) {
    const etag = visibleHeader(xhr, "etag")?.replaceAll('"', "");
    return { ok: true, etag: etag === undefined || etag === "" ? null : etag };
  }
  const retryAfterMs = parseRetryAfter(visibleHeader(xhr, "retry-after"));
  return { ok: false, failure: { kind: "http", status: xhr.status, retryAfterMs } };
}

/** Asking for a header that CORS hides is an error on the console of Chromium; looking for it among those that are seen is not. */
function visibleHeader(xhr: XMLHttpRequest, name: string): string | null {
  return new RegExp(`^${name}: *(.*)`, "im").exec(xhr.getAllResponseHeaders())?.[1] ?? null;
}
