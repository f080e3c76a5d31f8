import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { CompanionEnv } from "./companion-env.ts";

/**
 * Answers hold signed URLs: never cached, never in a referrer, never run as a page. HSTS is left to whoever ends TLS;
 * resources may be embedded by other origins, or `<audio src="…/content">` would stop at our redirect.
 */
export function apiHeaders(): MiddlewareHandler<CompanionEnv> {
  const secure = secureHeaders({
    strictTransportSecurity: false,
    crossOriginResourcePolicy: "cross-origin",
    referrerPolicy: "no-referrer",
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  });
  return async (c, next) => {
    c.header("Cache-Control", "no-store");
    await secure(c, next);
  };
}
