import type { QuotaResponse, QuotaScope } from "@audiotricks/protocol/messages";
import type { GetToken } from "@audiotricks/uppy-spaces";
import { createEventParser, type ServerEvent } from "./event-parser.ts";

/** The first event comes at once; where it does not, something between holds them back. Milliseconds. */
const FIRST_EVENT_MS = 5000;
/** The companion gives a sign of life every 15 seconds. */
const SILENT_MS = 45_000;
/** Of what is answered, in milliseconds. */
const MOST_RETRY_AFTER_MS = 10 * 60_000;

export type StreamEnd =
  /** It told something, and was over. */
  | { kind: "ended" }
  /** It told nothing; `retryAfterMs` where the companion said when to come again. */
  | { kind: "refused"; retryAfterMs: number | null }
  /** An older companion, or none: not soon to be another. */
  | { kind: "unsupported" };

export interface QuotaStreamOptions {
  companionUrl: string;
  workspaceId: string | undefined;
  getToken: GetToken;
  signal: AbortSignal;
  onQuotas: (quotas: readonly QuotaScope[]) => void;
  /** How far files are, as a text that is another when they are elsewhere. */
  onFiles?: (files: string) => void;
}

/** Reads `GET /v1/events` to its end. `EventSource` sends no token. Never rejects. */
export async function readQuotaStream(options: QuotaStreamOptions): Promise<StreamEnd> {
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  let hasTold = false;
  let timer = setTimeout(() => ended.abort(), FIRST_EVENT_MS);
  const over = (): StreamEnd => (hasTold ? { kind: "ended" } : { kind: "refused", retryAfterMs: null });
  try {
    const response = await ask(options, signal);
    if (response === null) return { kind: "refused", retryAfterMs: null };
    if (!isStream(response)) return await whyNot(response);
    const parse = createEventParser();
    const decoder = new TextDecoder();
    for await (const bytes of piecesOf(response)) {
      if (signal.aborted) break;
      for (const event of parse(decoder.decode(bytes, { stream: true }))) {
        if (event.name === "files") options.onFiles?.(event.data);
        const quotas = quotasOf(event);
        if (quotas === null) continue;
        hasTold = true;
        options.onQuotas(quotas);
      }
      if (!hasTold) continue;
      clearTimeout(timer);
      timer = setTimeout(() => ended.abort(), SILENT_MS);
    }
    return over();
  } catch {
    // Offline, cut off, or no longer wanted.
    return over();
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

async function ask(options: QuotaStreamOptions, signal: AbortSignal): Promise<Response | null> {
  const { companionUrl, workspaceId, getToken } = options;
  const query = workspaceId === undefined ? "" : `?${new URLSearchParams({ workspaceId })}`;
  const url = `${companionUrl.replace(/\/+$/, "")}/v1/events${query}`;
  let refused: string | null = null;
  for (;;) {
    const token = await Promise.race([getToken(), untilAborted(signal)]);
    if (token === null || signal.aborted) return null;
    const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
    const response = await fetch(url, { headers, cache: "no-store", signal });
    // A host may hand out what it kept; once more, and only another one.
    if (response.status !== 401 || refused !== null) return response;
    await response.body?.cancel();
    refused = token;
  }
}

/** A host's token may be slow to come, and does not hear of signals. */
function untilAborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    // Of one that was aborted before, no event comes any more.
    if (signal.aborted) resolve(null);
    else signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}

function isStream(response: Response): boolean {
  return response.ok && (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
}

async function whyNot(response: Response): Promise<StreamEnd> {
  const { status, headers } = response;
  const code = await codeOf(response);
  const isKnown = code !== null && code !== "route_not_found" && code !== "method_not_allowed";
  if (response.ok || (status < 500 && !isKnown)) return { kind: "unsupported" };
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? Math.min(seconds * 1000, MOST_RETRY_AFTER_MS) : null;
  return { kind: "refused", retryAfterMs };
}

async function codeOf(response: Response): Promise<string | null> {
  // A page of somebody else's may be of any length, and what it says is not needed.
  if (!(response.headers.get("content-type") ?? "").startsWith("application/json")) {
    await response.body?.cancel();
    return null;
  }
  const body = (await response.json().catch(() => null)) as { error?: { code?: unknown } } | null;
  return typeof body?.error?.code === "string" ? body.error.code : null;
}

/** `null` for what this version of us does not know. */
function quotasOf({ name, data }: ServerEvent): readonly QuotaScope[] | null {
  if (name !== "quota") return null;
  const event = JSON.parse(data) as Partial<QuotaResponse & { version: number }>;
  return event.version === 1 && Array.isArray(event.quotas) ? event.quotas : null;
}

/** Not every browser can iterate over a body. */
async function* piecesOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done || value === undefined) return;
      yield value;
    }
  } finally {
    await reader?.cancel().catch(() => {});
  }
}
