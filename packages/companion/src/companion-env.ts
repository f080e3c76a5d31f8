import type { Action, Caller, Principal, ServicePrincipal } from "@audiotricks/storage";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Affected } from "./access/audit-trail.ts";

/** What middleware leaves for handlers, and what the HTTP server lends us. */
export interface CompanionEnv {
  Variables: {
    requestId: string;
    caller: Caller;
    /** Which row of the access table the route is. */
    action: Action;
    address: string | undefined;
    /** Of a request about several things, what became of each. */
    affected: Affected[] | undefined;
    /** Set where an S3 token names the workspace; it wins over what the request says. */
    tokenWorkspaceId: string | null;
  };
  /** Both exist under `@hono/node-server`; only `outgoing` can set HTTP/1.1's reason phrase, or drop the connection. */
  Bindings: {
    outgoing?: { statusMessage: string; destroy?: () => void };
    incoming?: { socket: { remoteAddress?: string | undefined } };
  };
}

export type CompanionApp = OpenAPIHono<CompanionEnv>;

/** On routes that the access table has for users alone; their guard lets no service through. */
export function principalOf(c: { get(name: "caller"): Caller }): Principal {
  const caller = c.get("caller");
  if ("service" in caller) throw new Error("a service got through to a route for users");
  return caller;
}

/** The same for services. */
export function serviceOf(c: { get(name: "caller"): Caller }): ServicePrincipal {
  const caller = c.get("caller");
  if (!("service" in caller)) throw new Error("a user got through to a route for services");
  return caller;
}
