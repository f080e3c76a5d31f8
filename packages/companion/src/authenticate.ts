import { UploadError } from "@audiotricks/protocol";
import type { Principal, ServicePrincipal } from "@audiotricks/storage";
import type { MiddlewareHandler } from "hono";
import type { CompanionEnv } from "./companion-env.ts";

/**
 * Decides who asks: the host's session cookie, a bearer token (`bearerJwt`), anything. `null` answers 401; an
 * `UploadError` is answered as it is; whatever else is thrown is a fault of ours (500). Must not read the body.
 */
export type Authenticate = (request: Request) => Promise<Principal | null>;

export function requirePrincipal(authenticate: Authenticate): MiddlewareHandler<CompanionEnv> {
  return async (c, next) => {
    const principal = await authenticate(c.req.raw);
    if (principal === null) throw new UploadError("unauthenticated", "Sign in first.");
    c.set("principal", principal);
    c.set("tokenWorkspaceId", null);
    await next();
  };
}

/** Decides whether a service of ours asks; `null` for everybody else. Must not read the body. */
export type AuthenticateService = (request: Request) => Promise<ServicePrincipal | null>;

/** For routes that users and services share; without `authenticateService`, for users alone. */
export function requireCaller(
  authenticate: Authenticate,
  authenticateService: AuthenticateService | undefined,
): MiddlewareHandler<CompanionEnv> {
  return async (c, next) => {
    const caller = (await authenticateService?.(c.req.raw)) ?? (await authenticate(c.req.raw));
    if (caller === null) throw new UploadError("unauthenticated", "Sign in first.");
    c.set("caller", caller);
    await next();
  };
}
