import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { CompanionEnv } from "./companion-env.ts";

/** One answered request. Has neither path nor query: those hold ids, tokens and names. */
export interface RequestEntry {
  method: string;
  /** The route's pattern, as `/v1/uploads/:id`; `unmatched` where no route answered. */
  route: string;
  status: number;
  durationMs: number;
  requestId: string;
}

export function requestLog(onRequest: (entry: RequestEntry) => void): MiddlewareHandler<CompanionEnv> {
  return async (c, next) => {
    const start = performance.now();
    await next();
    onRequest({
      method: c.req.method,
      route: routeOf(c),
      status: c.res.status,
      durationMs: Math.round((performance.now() - start) * 10) / 10,
      requestId: c.get("requestId"),
    });
  };
}

/** Middleware is registered for every method; the first route that is not is the one that answers. */
export function routeOf(c: Context<CompanionEnv>): string {
  return matchedRoutes(c).find((route) => route.method !== "ALL")?.path ?? "unmatched";
}
