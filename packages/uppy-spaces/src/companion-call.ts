import { UPLOAD_ERRORS, UploadError, type UploadErrorBody } from "@audiotricks/protocol";
import { parseRetryAfter } from "./retry-after.ts";
import { createTokenSource, type GetToken } from "./token-source.ts";

export interface CompanionClientOptions {
  /** Origin and base path of the companion; "" for the page's own origin. */
  companionUrl: string;
  /** Bearer token; kept until the companion refuses it, then asked for once more. */
  getToken?: GetToken | undefined;
  fetch?: typeof globalThis.fetch | undefined;
  /** How long one call may take before it counts as unanswered; putting a large file together may take minutes. */
  timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;

export interface CallOptions {
  signal?: AbortSignal;
}

export interface CompanionCall extends CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  keepalive?: boolean;
  timeoutFactor?: number;
}

/** Asks the companion, and resolves with what it answers. */
export type CallCompanion = <T>(method: string, path: string, request?: CompanionCall) => Promise<T>;

/** Rejects with `UploadError`, or with the signal's reason when aborted. */
export function createCompanionCall(options: CompanionClientOptions): CallCompanion {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const base = baseOf(options);
  const tokens = createTokenSource(options.getToken);
  // Looked up per call: a page may replace `fetch` later, and on a server there may be none at import.
  const send: typeof globalThis.fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);

  const sendOnce = async (method: string, path: string, request: CompanionCall, token: string | null) => {
    const headers = new Headers(request.headers);
    if (request.body !== undefined) headers.set("content-type", "application/json");
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    const init: RequestInit = { method, headers, cache: "no-store" };
    if (request.body !== undefined) init.body = JSON.stringify(request.body);
    if (request.signal !== undefined) init.signal = request.signal;
    if (request.keepalive === true) init.keepalive = true;
    try {
      return await send(`${base}${path}`, init);
    } catch (cause) {
      throw unreachable(cause, request.signal);
    }
  };

  return async <T>(method: string, path: string, request: CompanionCall = {}): Promise<T> => {
    const { signal } = request;
    let token = await tokens.get(signal);
    for (let attempt = 0; ; attempt += 1) {
      const timeout = AbortSignal.timeout(timeoutMs * (request.timeoutFactor ?? 1));
      const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      const response = await sendOnce(method, path, { ...request, signal: either }, token);
      if (response.status !== 401 || attempt > 0 || token === null) return readAnswer<T>(response, signal);
      await response.body?.cancel();
      token = await tokens.replace(token, signal);
    }
  };
}

function baseOf({ companionUrl }: Pick<CompanionClientOptions, "companionUrl">): string {
  return companionUrl.replace(/\/+$/, "");
}

/** What is said of answers that are not in the companion's words. */
const NOT_UNDERSTOOD: BareError = ["route_not_found", "The answer was not understood."];
const BARE_STATUSES: Record<number, BareError | undefined> = {
  401: ["unauthenticated", "Please sign in again."],
  403: ["forbidden", "This is not allowed."],
  408: ["internal", "The server cannot answer just now."],
  413: ["body_too_large", "The request is too large."],
  429: ["rate_limited", "Too many requests; please wait."],
};
type BareError = [code: UploadErrorBody["code"], message: string];

/** An aborted call rejects with the signal's reason, whatever the browser made of it. */
function unreachable(cause: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && !isTimeout(signal.reason)) return signal.reason;
  return new UploadError("internal", "The server cannot be reached.", {
    details: { reason: "unreachable" },
    cause,
  });
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

async function readAnswer<T>(response: Response, signal: AbortSignal | undefined): Promise<T> {
  let text: string;
  try {
    text = await response.text();
  } catch (cause) {
    throw unreachable(cause, signal);
  }
  const json = parseJson(text);
  // 204: done, with nothing to say.
  if (response.ok && (response.status === 204 || json instanceof Object)) {
    // The contract is the companion's, from the same table of schemas; checking it here would bring zod into every page.
    return json as T;
  }
  throw errorFrom(response, json);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorFrom(response: Response, json: unknown): UploadError {
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
  const asked = retryAfterMs === null ? {} : { retryAfterMs };
  const body = errorBodyOf(json);
  if (body !== null) {
    const details = { ...asked, ...body.details };
    return new UploadError(
      body.code,
      body.message,
      Object.keys(details).length === 0 ? undefined : { details },
    );
  }
  // Something between us and the companion answered, or something that is no companion.
  const { status } = response;
  const details = { status, ...asked };
  const [code, message] = BARE_STATUSES[status >= 500 ? 408 : status] ?? NOT_UNDERSTOOD;
  return new UploadError(code, message, { details });
}

function errorBodyOf(json: unknown): UploadErrorBody | null {
  if (!isRecord(json) || !isRecord(json.error)) return null;
  const { code, message, details } = json.error;
  if (typeof code !== "string" || typeof message !== "string" || !isKnownCode(code)) return null;
  return isRecord(details) ? { code, message, details } : { code, message };
}

function isKnownCode(code: string): code is UploadErrorBody["code"] {
  return Object.hasOwn(UPLOAD_ERRORS, code);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
