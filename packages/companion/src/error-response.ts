import { UPLOAD_ERRORS, UploadError, type UploadErrorCode } from "@audiotricks/protocol";
import type { Context, ErrorHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { CompanionEnv } from "./companion-env.ts";
import { routeOf } from "./request-log.ts";

export interface UnexpectedErrorContext {
  requestId: string;
  method: string;
  /** The route's pattern, never the path: paths hold ids and tokens. */
  route: string;
}

/** Of these the answer does not say why. */
const FOR_OPERATORS: readonly UploadErrorCode[] = ["internal", "no_provider", "provider_unsupported"];

/** The one place where a failure becomes an answer. */
export function errorHandler(
  onUnexpectedError: (error: unknown, context: UnexpectedErrorContext) => void,
): ErrorHandler<CompanionEnv> {
  return (cause, c) => {
    const error = asUploadError(cause, c);
    if (FOR_OPERATORS.includes(error.code)) {
      const requestId = c.get("requestId");
      onUnexpectedError(error.code === "internal" ? (error.cause ?? error) : error, {
        requestId,
        method: c.req.method,
        route: routeOf(c),
      });
    }
    return respondWithError(c, error);
  };
}

export function respondWithError(c: Context<CompanionEnv>, error: UploadError): Response {
  if (error.code === "unauthenticated") c.header("WWW-Authenticate", "Bearer");
  const retryAfter = retryAfterSeconds(error);
  if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
  const body = isUppyRoute(c) ? forStockUppy(c, error) : { error: error.toBody() };
  return c.json(body, error.status);
}

function asUploadError(cause: unknown, c: Context<CompanionEnv>): UploadError {
  if (cause instanceof UploadError) return cause;
  if (cause instanceof HTTPException) {
    const known = HTTP_EXCEPTIONS[cause.status];
    if (known !== undefined) return new UploadError(known.code, known.message, { cause });
  }
  // The caller went away in the middle of its own request: nobody reads the answer, and nothing of ours failed.
  if (c.req.raw.signal.aborted)
    return new UploadError("invalid_request", "The request was cut off.", { cause });
  const requestId = c.get("requestId");
  return new UploadError("internal", "Something went wrong on our side.", { details: { requestId }, cause });
}

const HTTP_EXCEPTIONS: Record<number, { code: UploadErrorCode; message: string }> = {
  400: { code: "invalid_request", message: "The body is not valid JSON." },
  413: { code: "body_too_large", message: "The body is too large." },
  415: { code: "invalid_request", message: "Send the body as application/json." },
};

/** Seconds; from the error's own `retryAfterMs` where it has one. */
function retryAfterSeconds(error: UploadError): number | undefined {
  const status: number = UPLOAD_ERRORS[error.code];
  if (status !== 429 && status !== 503) return undefined;
  const ms = error.details?.retryAfterMs;
  return typeof ms === "number" && ms > 0 ? Math.ceil(ms / 1000) : 5;
}

function isUppyRoute(c: Context<CompanionEnv>): boolean {
  return /\/s3\/|\/s3$/.test(routeOf(c));
}

/**
 * `@uppy/aws-s3` 6 shows nothing of an error but its HTTP reason phrase; older ones show a top-level `message`. So
 * the message goes to both, and our own `error` stays beside it.
 */
function forStockUppy(c: Context<CompanionEnv>, error: UploadError): object {
  const body = error.toBody();
  // `env` is undefined outside a server, for example under `app.request()`.
  const outgoing = (c.env as CompanionEnv["Bindings"] | undefined)?.outgoing;
  if (outgoing !== undefined)
    outgoing.statusMessage = body.message.replace(/[^\x20-\x7e]+/g, " ").slice(0, 200);
  return { error: body, message: body.message, requestId: c.get("requestId") };
}
