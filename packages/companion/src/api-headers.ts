import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { CompanionEnv } from "./companion-env.ts";
import { TRACE_HEADERS } from "./trace-requests.ts";

const ALLOWED_METHODS = ["GET", "POST", "PATCH", "DELETE"];
const ALLOWED_HEADERS = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "X-Request-Id",
  ...TRACE_HEADERS,
];
const EXPOSED_HEADERS = ["Link", "Retry-After", "X-Request-Id"];

/**
 * Answers hold signed URLs: never cached, never in a referrer, never run as a page. HSTS is left to whoever ends TLS;
 * resources may be embedded by other origins, or `<audio src="…/content">` would stop at our redirect.
 */
const HEADERS: readonly (readonly [name: string, value: string])[] = Object.entries({
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "cross-origin",
  "Origin-Agent-Cluster": "?1",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "SAMEORIGIN",
  "Access-Control-Expose-Headers": EXPOSED_HEADERS.join(","),
  Vary: "Origin",
});

/**
 * What every answer says, and to which of the allowed origins. Said before there is an answer: Hono and its server build one from
 * scratch whose headers are touched afterwards, which costs more than all else that a short request needs.
 */
export function apiHeaders(allowed: ReadonlySet<string>): MiddlewareHandler<CompanionEnv> {
  const preflight = cors({
    origin: (origin) => (allowed.has(origin) ? origin : null),
    allowMethods: ALLOWED_METHODS,
    allowHeaders: ALLOWED_HEADERS,
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: 600,
  });
  return async (c, next) => {
    for (const [name, value] of HEADERS) c.header(name, value);
    if (c.req.method === "OPTIONS") return await preflight(c, next);
    const origin = c.req.header("origin");
    if (origin !== undefined && allowed.has(origin)) c.header("Access-Control-Allow-Origin", origin);
    return await next();
  };
}
