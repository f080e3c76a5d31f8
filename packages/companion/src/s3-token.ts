import { UploadError } from "@audiotricks/protocol";
import type { Storage } from "@audiotricks/storage";
import type { MiddlewareHandler } from "hono";
import type { CompanionEnv } from "./companion-env.ts";

/** What a token can look like; anything else is not looked up. */
export const S3_TOKEN = /^[\w-]{16,200}$/;

/** Stock Uppy sends no header and no cookie, so who it is stands in the path: a token for these routes alone. */
export function requireS3Token(storage: Storage): MiddlewareHandler<CompanionEnv> {
  return async (c, next) => {
    const token = c.req.param("token") ?? "";
    const found = S3_TOKEN.test(token) ? await storage.s3Tokens.find(token) : undefined;
    if (found === undefined)
      throw new UploadError("unauthenticated", "This upload link is unknown or has expired.");
    c.set("principal", { userId: found.userId });
    c.set("tokenWorkspaceId", found.workspaceId);
    await next();
  };
}
