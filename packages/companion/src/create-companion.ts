import { UploadError } from "@audiotricks/protocol";
import type { Storage } from "@audiotricks/storage";
import { OpenAPIHono } from "@hono/zod-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { apiHeaders } from "./api-headers.ts";
import {
  type Authenticate,
  type AuthenticateService,
  requireCaller,
  requirePrincipal,
} from "./authenticate.ts";
import type { CompanionApp, CompanionEnv } from "./companion-env.ts";
import { errorHandler, respondWithError, type UnexpectedErrorContext } from "./error-response.ts";
import { limitBody } from "./limit-body.ts";
import { addOpenApiDocument } from "./openapi-document.ts";
import { corsFor, type PublicAddress, parseOrigins, refuseForeignOrigins } from "./origins.ts";
import { type RequestEntry, requestLog } from "./request-log.ts";
import { addDerivedRoutes } from "./routes/derived.ts";
import { addFileRoutes } from "./routes/files.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addLimitRoutes } from "./routes/limits.ts";
import { addS3TokenRoutes } from "./routes/s3-tokens.ts";
import { addUploadRoutes } from "./routes/uploads.ts";
import { uppyS3Routes } from "./routes/uppy-s3.ts";
import { requireS3Token } from "./s3-token.ts";
import { validation } from "./validation.ts";

export interface CompanionOptions extends PublicAddress {
  storage: Storage;
  authenticate: Authenticate;
  /** Knows services of ours, such as the one that processes audio (`serviceToken`); by default there are none. */
  authenticateService?: AuthenticateService;
  /** Origins whose pages may call the companion, each exactly as a browser sends it. Its own needs no mention. */
  allowedOrigins: readonly string[];
  /** Faults of ours; the caller is told no more than the request id. Must not throw. */
  onUnexpectedError: (error: unknown, context: UnexpectedErrorContext) => void;
  /** Called once for every answer. Must not throw. */
  onRequest?: (entry: RequestEntry) => void;
  /** Path in front of every route, as `/uploads`; none by default. */
  basePath?: string;
}

/** A Hono app: serve its `fetch`, or mount it in your own. */
export type Companion = CompanionApp;

/**
 * The HTTP side of storage: version 1, and Uppy Companion's S3 routes. Keeps no state: run as many as you like.
 *
 * @throws {TypeError} If an allowed origin is not one.
 */
export function createCompanion(options: CompanionOptions): Companion {
  const { storage, allowedOrigins, onUnexpectedError, onRequest, basePath = "/" } = options;
  const origins = parseOrigins(allowedOrigins);
  const signedIn = requirePrincipal(options.authenticate);
  const called = requireCaller(options.authenticate, options.authenticateService);
  const root = new OpenAPIHono<CompanionEnv>({ defaultHook: validation() });
  const app = basePath === "/" ? root : root.basePath(basePath);

  app.onError(errorHandler(onUnexpectedError));
  app.notFound((c) => respondWithError(c, new UploadError("route_not_found", "There is no such route.")));

  app.use(requestId({ limitLength: 100 }));
  if (onRequest !== undefined) app.use(requestLog(onRequest));
  app.use(apiHeaders());
  app.use(corsFor(origins));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        c.header("Allow", methods.join(", "));
        return respondWithError(c, new UploadError("method_not_allowed", `Use ${methods.join(" or ")}.`));
      },
    }),
  );
  app.use(refuseForeignOrigins(origins, options));
  app.use(limitBody());

  addHealthRoutes(app, storage, onUnexpectedError);
  addUploadRoutes(app, storage, { signedIn, called });
  addFileRoutes(app, storage, { signedIn, called });
  addDerivedRoutes(app, storage, called);
  addLimitRoutes(app, storage, signedIn);
  addS3TokenRoutes(app, storage, signedIn, { ...options, basePath });
  app.route("/s3", uppyS3Routes(storage, signedIn));
  app.route("/s3-token/:token/s3", uppyS3Routes(storage, requireS3Token(storage)));
  addOpenApiDocument(app);
  return app;
}
