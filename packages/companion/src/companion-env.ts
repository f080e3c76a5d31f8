import type { Caller, Principal } from "@audiotricks/storage";
import type { OpenAPIHono } from "@hono/zod-openapi";

/** What middleware leaves for handlers, and what the HTTP server lends us. */
export interface CompanionEnv {
  Variables: {
    requestId: string;
    principal: Principal;
    /** On routes that a service of ours may use too. */
    caller: Caller;
    /** Set where an S3 token names the workspace; it wins over what the request says. */
    tokenWorkspaceId: string | null;
  };
  /** `outgoing` exists under `@hono/node-server`; only it can set HTTP/1.1's reason phrase. */
  Bindings: { outgoing?: { statusMessage: string } };
}

export type CompanionApp = OpenAPIHono<CompanionEnv>;
