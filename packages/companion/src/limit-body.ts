import { UploadError } from "@audiotricks/protocol";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { CompanionEnv } from "./companion-env.ts";

/** Bytes. The largest honest body, a Complete of 10,000 parts in Uppy's form, has about 700 KB. */
const MAX_BODY_SIZE = 1024 * 1024;

/** Also for bodies that do not say how long they are: those are read up to the limit and no further. */
export function limitBody(): MiddlewareHandler<CompanionEnv> {
  const readToLimit = bodyLimit({ maxSize: MAX_BODY_SIZE, onError: refuse });
  return async (c, next) => {
    // Neither has a body here, and asking for it would have one made.
    if (c.req.method === "GET" || c.req.method === "HEAD") return await next();
    const length = c.req.header("content-length");
    // The server reads no more than that, unless the length was not the last word.
    if (length === undefined || c.req.header("transfer-encoding") !== undefined)
      return await readToLimit(c, next);
    if (!(Number(length) <= MAX_BODY_SIZE)) refuse();
    return await next();
  };
}

function refuse(): never {
  throw new UploadError("body_too_large", `A body may have at most ${MAX_BODY_SIZE} bytes.`, {
    details: { limitBytes: MAX_BODY_SIZE },
  });
}
