import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Context, MiddlewareHandler } from "hono";
import type { CompanionEnv } from "./companion-env.ts";
import { routeOf } from "./request-log.ts";

const tracer = trace.getTracer("@audiotricks/companion");

/** W3C's, which browsers send along where a page traces: pages of other origins may, by CORS. */
export const TRACE_HEADERS = ["traceparent", "tracestate"];

/**
 * Makes a request a span, below the page's if it names one; statements and calls to the store are below it. Neither path nor query is in
 * it: those hold ids, tokens and names. Without an SDK it is nothing.
 */
export function traceRequests(): MiddlewareHandler<CompanionEnv> {
  return async (c, next) => {
    const parent = propagation.extract(context.active(), c.req.raw.headers, {
      get: (headers, name) => headers.get(name) ?? undefined,
      keys: (headers) => [...headers.keys()],
    });
    const span = tracer.startSpan(
      c.req.method,
      { kind: SpanKind.SERVER, attributes: { "http.request.method": c.req.method } },
      parent,
    );
    if (!span.isRecording()) return await next();
    try {
      await context.with(trace.setSpan(parent, span), next);
      describe(span, c);
    } finally {
      span.end();
    }
  };
}

function describe(span: Span, c: Context<CompanionEnv>): void {
  const route = routeOf(c);
  span.updateName(`${c.req.method} ${route}`);
  const { status } = c.res;
  span.setAttributes({
    "http.route": route,
    "http.response.status_code": status,
    "audiotricks.request_id": c.get("requestId"),
  });
  if (status < 500) return;
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute("error.type", String(status));
}
