import { UploadError } from "@audiotricks/protocol";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { CompanionEnv } from "./companion-env.ts";

/** Bytes. The largest honest body, a Complete of 10,000 parts in Uppy's form, has about 700 KB. */
const MAX_BODY_SIZE = 1024 * 1024;

/** Also for bodies that do not say how long they are: those are read up to the limit and no further. */
export function limitBody(): MiddlewareHandler<CompanionEnv> {
  return bodyLimit({
    maxSize: MAX_BODY_SIZE,
    onError: () => {
      throw new UploadError("body_too_large", `A body may have at most ${MAX_BODY_SIZE} bytes.`, {
        details: { limitBytes: MAX_BODY_SIZE },
      });
    },
  });
}
