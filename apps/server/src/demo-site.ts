import type { Companion } from "@audiotricks/companion";
import { Hono } from "hono";

/** One origin for everything: the companion's routes, the demo's sign-in, and for all the rest its pages. */
export function createDemoSite(companion: Companion, demoRoutes: Hono, pages: Hono): Hono["fetch"] {
  const isApi = /^\/(v\d+|s|s3|s3-token|healthz|readyz|metrics|openapi\.json)(\/|$)/;
  const demo = new Hono().route("/demo", demoRoutes);
  return (request, env, context) => {
    const { pathname } = new URL(request.url);
    if (isApi.test(pathname)) return companion.fetch(request, env, context);
    return (pathname.startsWith("/demo/") ? demo : pages).fetch(request, env, context);
  };
}
