import { UPLOAD_ERRORS, UploadError, type UploadErrorBody } from "@audiotricks/protocol";
import type {
  CancelResponse,
  CompleteUploadRequest,
  CompleteUploadsRequest,
  CompleteUploadsResponse,
  Completion,
  ConfigResponse,
  CreateUploadsRequest,
  CreateUploadsResponse,
  DownloadRequest,
  DownloadResponse,
  FileRecord,
  ListFilesResponse,
  ListUploadsResponse,
  QuotaResponse,
  SignPartsRequest,
  SignPartsResponse,
  UpdateFileRequest,
  UploadSession,
} from "@audiotricks/protocol/messages";
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
const COMPLETE_TIMEOUT_FACTOR = 5;

export interface CallOptions {
  signal?: AbortSignal;
}

/**
 * The companion's HTTP interface, version 1. Every method rejects with `UploadError` (a companion that does not answer is
 * `internal` with `details.reason` "unreachable"), or with the signal's reason when aborted.
 */
export interface CompanionClient {
  /** Turns a path the companion answered with, such as `contentUrl`, into a URL. */
  urlOf: (path: string) => string;
  config: (options?: CallOptions) => Promise<ConfigResponse>;
  quota: (query?: { workspaceId?: string | undefined }, options?: CallOptions) => Promise<QuotaResponse>;
  /** `idempotencyKey`: repeating the same request with the same key finds the same sessions. */
  createUploads: (
    request: CreateUploadsRequest,
    options?: CallOptions & { idempotencyKey?: string },
  ) => Promise<CreateUploadsResponse>;
  /** Sessions of this user that can be gone on with, from any device. */
  listUploads: (options?: CallOptions) => Promise<ListUploadsResponse>;
  getUpload: (sessionId: string, options?: CallOptions) => Promise<UploadSession>;
  signParts: (
    sessionId: string,
    request: SignPartsRequest,
    options?: CallOptions,
  ) => Promise<SignPartsResponse>;
  completeUpload: (
    sessionId: string,
    request?: CompleteUploadRequest,
    options?: CallOptions,
  ) => Promise<Completion>;
  completeUploads: (
    request: CompleteUploadsRequest,
    options?: CallOptions,
  ) => Promise<CompleteUploadsResponse>;
  /** Outlives the page: it is sent with `keepalive`. */
  cancelUpload: (sessionId: string, options?: CallOptions) => Promise<CancelResponse>;
  listFiles: (
    query?: {
      workspaceId?: string | undefined;
      cursor?: string | undefined;
      limit?: number | undefined;
    },
    options?: CallOptions,
  ) => Promise<ListFilesResponse>;
  getFile: (fileId: string, options?: CallOptions) => Promise<FileRecord>;
  updateFile: (fileId: string, change: UpdateFileRequest, options?: CallOptions) => Promise<FileRecord>;
  deleteFile: (fileId: string, options?: CallOptions) => Promise<FileRecord>;
  /** A signed URL of the bytes, good for `expiresIn` seconds. */
  createDownload: (
    fileId: string,
    request?: Partial<DownloadRequest>,
    options?: CallOptions,
  ) => Promise<DownloadResponse>;
}

interface Call extends CallOptions {
  query?: Record<string, string | number | undefined> | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  keepalive?: boolean;
  timeoutFactor?: number;
}

/** A path that the companion answered with, as a URL from anywhere; what is one already stays. */
export function urlUnder(companionUrl: string, path: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(path) ? path : `${companionUrl.replace(/\/+$/, "")}${path}`;
}

export function createCompanionClient(options: CompanionClientOptions): CompanionClient {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const base = options.companionUrl.replace(/\/+$/, "");
  const tokens = createTokenSource(options.getToken);
  // Looked up per call: a page may replace `fetch` later, and on a server there may be none at import.
  const send: typeof globalThis.fetch = (input, init) => (options.fetch ?? globalThis.fetch)(input, init);

  const call = async <T>(method: string, path: string, request: Call = {}): Promise<T> => {
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

  const sendOnce = async (method: string, path: string, request: Call, token: string | null) => {
    const headers = new Headers(request.headers);
    if (request.body !== undefined) headers.set("content-type", "application/json");
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    const init: RequestInit = { method, headers, cache: "no-store" };
    if (request.body !== undefined) init.body = JSON.stringify(request.body);
    if (request.signal !== undefined) init.signal = request.signal;
    if (request.keepalive === true) init.keepalive = true;
    try {
      return await send(`${base}${path}${queryString(request.query)}`, init);
    } catch (cause) {
      throw unreachable(cause, request.signal);
    }
  };

  const id = encodeURIComponent;
  return {
    urlOf: (path) => urlUnder(base, path),
    config: (o) => call("GET", "/v1/config", o),
    quota: (query, o) => call("GET", "/v1/quota", { ...o, query }),
    createUploads: (body, { idempotencyKey, ...o } = {}) =>
      call("POST", "/v1/uploads", {
        ...o,
        body,
        headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
      }),
    listUploads: (o) => call("GET", "/v1/uploads", { ...o, query: { state: "open" } }),
    getUpload: (sessionId, o) => call("GET", `/v1/uploads/${id(sessionId)}`, o),
    signParts: (sessionId, body, o) =>
      call("POST", `/v1/uploads/${id(sessionId)}/parts/sign`, { ...o, body }),
    completeUpload: (sessionId, body = {}, o) =>
      call("POST", `/v1/uploads/${id(sessionId)}/complete`, {
        ...o,
        body,
        timeoutFactor: COMPLETE_TIMEOUT_FACTOR,
      }),
    completeUploads: (body, o) =>
      call("POST", "/v1/uploads/complete", { ...o, body, timeoutFactor: COMPLETE_TIMEOUT_FACTOR }),
    cancelUpload: (sessionId, o) => call("DELETE", `/v1/uploads/${id(sessionId)}`, { ...o, keepalive: true }),
    listFiles: (query, o) => call("GET", "/v1/files", { ...o, query }),
    getFile: (fileId, o) => call("GET", `/v1/files/${id(fileId)}`, o),
    updateFile: (fileId, body, o) => call("PATCH", `/v1/files/${id(fileId)}`, { ...o, body }),
    deleteFile: (fileId, o) => call("DELETE", `/v1/files/${id(fileId)}`, o),
    createDownload: (fileId, body = {}, o) =>
      call("POST", `/v1/files/${id(fileId)}/download`, { ...o, body }),
  };
}

function queryString(query: Call["query"]): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) params.set(name, String(value));
  }
  return params.size === 0 ? "" : `?${params}`;
}

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
  if (response.ok && typeof json === "object" && json !== null) {
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
  const body = errorBodyOf(json);
  if (body !== null) {
    const asked = retryAfterMs === null ? {} : { retryAfterMs };
    const details = { ...asked, ...body.details };
    return new UploadError(
      body.code,
      body.message,
      Object.keys(details).length === 0 ? undefined : { details },
    );
  }
  // Something between us and the companion answered, or something that is no companion.
  const { status } = response;
  const details = { status, ...(retryAfterMs === null ? {} : { retryAfterMs }) };
  if (status === 401) return new UploadError("unauthenticated", "Please sign in again.", { details });
  if (status === 403) return new UploadError("forbidden", "This is not allowed.", { details });
  if (status === 413) return new UploadError("body_too_large", "The request is too large.", { details });
  if (status === 429) return new UploadError("rate_limited", "Too many requests; please wait.", { details });
  if (status >= 500 || status === 408)
    return new UploadError("internal", "The server cannot answer just now.", { details });
  return new UploadError("route_not_found", "The server's answer was not understood.", { details });
}

function errorBodyOf(json: unknown): UploadErrorBody | null {
  if (typeof json !== "object" || json === null || !("error" in json)) return null;
  const { error } = json;
  if (typeof error !== "object" || error === null || !("code" in error) || !("message" in error)) return null;
  const { code, message } = error;
  if (typeof code !== "string" || typeof message !== "string" || !isKnownCode(code)) return null;
  const details = "details" in error && isRecord(error.details) ? error.details : undefined;
  return details === undefined ? { code, message } : { code, message, details };
}

function isKnownCode(code: string): code is UploadErrorBody["code"] {
  return Object.hasOwn(UPLOAD_ERRORS, code);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
