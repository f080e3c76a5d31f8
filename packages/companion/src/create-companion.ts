import { UploadError } from "@audiotricks/protocol";
import type { Storage } from "@audiotricks/storage";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { ExecutionContext } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { auditTrail } from "./access/audit-trail.ts";
import { checkRoutes } from "./access/check-routes.ts";
import { clientAddress } from "./access/client-address.ts";
import { createGuards } from "./access/guard.ts";
import { createRates, DEFAULT_RATE_LIMITS, type RateLimits } from "./access/rate-limits.ts";
import { apiHeaders } from "./api-headers.ts";
import type { Authenticate, AuthenticateService } from "./authenticate.ts";
import type { CompanionApp, CompanionEnv } from "./companion-env.ts";
import { errorHandler, respondWithError, type UnexpectedErrorContext } from "./error-response.ts";
import { createQuotaStreams, STREAM_TIMES, type StreamTimes } from "./events/quota-streams.ts";
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from "./events/stream-places.ts";
import { limitBody } from "./limit-body.ts";
import { addOpenApiDocument } from "./openapi-document.ts";
import { type PublicAddress, parseOrigins, refuseForeignOrigins } from "./origins.ts";
import { type RequestEntry, requestLog } from "./request-log.ts";
import { addAlertRoutes } from "./routes/alerts.ts";
import { addAuditRoutes } from "./routes/audit.ts";
import { addCostRoutes } from "./routes/costs.ts";
import { addDerivedRoutes } from "./routes/derived.ts";
import { addEventRoutes } from "./routes/events.ts";
import { addExportRoutes } from "./routes/exports.ts";
import { addFileRoutes } from "./routes/files.ts";
import { addGroupRoutes } from "./routes/groups.ts";
import { addHealthRoutes } from "./routes/health.ts";
import { addLimitRoutes } from "./routes/limits.ts";
import { addOperatorRoutes } from "./routes/operator.ts";
import { addS3TokenRoutes } from "./routes/s3-tokens.ts";
import { addShareLink, addShareRoutes } from "./routes/shares.ts";
import { addUploadRoutes } from "./routes/uploads.ts";
import { uppyS3Routes } from "./routes/uppy-s3.ts";
import { addWaveformRoutes } from "./routes/waveforms.ts";
import { traceRequests } from "./trace-requests.ts";
import { validation } from "./validation.ts";

export interface CompanionOptions extends PublicAddress {
  storage: Storage;
  authenticate: Authenticate;
  /** Knows services of ours, such as the one that processes audio (`serviceToken`); by default there are none. */
  authenticateService?: AuthenticateService;
  /** Origins whose pages may call the companion, each exactly as a browser sends it. Its own needs no mention. */
  allowedOrigins: readonly string[];
  /** Requests a minute, where others than the defaults; `false`: the host has limits of its own. */
  rateLimits?: Partial<RateLimits> | false;
  /**
   * Event streams open at once, where others than the defaults: 8 of a user, 1000 of this process. `{ perProcess: 0 }`: none, for
   * instance where the store is reached at the companion's own origin, whose connections parts need; pages read instead.
   */
  eventStreams?: Partial<StreamLimits>;
  /** For tests: how often and how long, in milliseconds. */
  eventStreamTimes?: Partial<StreamTimes>;
  /** Proxies whose `X-Forwarded-For` is believed, as addresses or networks (`10.0.0.0/8`): for limits and for the audit log. */
  trustedProxies?: readonly string[];
  /** Faults of ours; the caller is told no more than the request id. Must not throw. */
  onUnexpectedError: (error: unknown, context: UnexpectedErrorContext) => void;
  /** Called once for every answer. Must not throw. */
  onRequest?: (entry: RequestEntry) => void;
  /** Path in front of every route, as `/uploads`; none by default. */
  basePath?: string;
}

/** A Hono app: serve its `fetch`, or mount it in your own. */
export type Companion = CompanionApp & {
  /** `env`: what the server says of the connection, where it does. */
  fetch: (request: Request, env?: unknown, context?: ExecutionContext) => Response | Promise<Response>;
  /** Ends the event streams that are open and opens no more, so that a server that is told to stop waits for none of them. */
  drain: () => void;
};

/**
 * The HTTP side of storage: version 1, and Uppy Companion's S3 routes. Keeps nothing that another would miss: run as many as you like.
 *
 * @throws {TypeError} If an allowed origin is not one, or a trusted proxy is no address.
 */
export function createCompanion(options: CompanionOptions): Companion {
  const { storage, allowedOrigins, onUnexpectedError, onRequest, basePath = "/" } = options;
  const origins = parseOrigins(allowedOrigins);
  const { rateLimits = {}, trustedProxies = [] } = options;
  const addressOf = clientAddress(trustedProxies);
  const rates =
    rateLimits === false ? undefined : createRates(storage, { ...DEFAULT_RATE_LIMITS, ...rateLimits });
  const { guard, tokenGuard } = createGuards({
    storage,
    authenticate: options.authenticate,
    authenticateService: options.authenticateService,
    checkOrigin: refuseForeignOrigins(origins, options),
    addressOf,
    rates,
  });
  const root = new OpenAPIHono<CompanionEnv>({ defaultHook: validation() });
  const app = basePath === "/" ? root : root.basePath(basePath);

  app.onError(errorHandler(onUnexpectedError));
  app.notFound((c) => respondWithError(c, new UploadError("route_not_found", "There is no such route.")));

  app.use(traceRequests());
  app.use(requestId({ limitLength: 100 }));
  if (onRequest !== undefined) app.use(requestLog(onRequest));
  app.use(auditTrail(storage));
  app.use(apiHeaders(origins));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        c.header("Allow", methods.join(", "));
        return respondWithError(c, new UploadError("method_not_allowed", `Use ${methods.join(" or ")}.`));
      },
    }),
  );
  app.use(limitBody());

  addHealthRoutes(app, storage, onUnexpectedError);
  addUploadRoutes(app, storage, guard);
  const streams = createQuotaStreams(storage, {
    limits: { ...DEFAULT_STREAM_LIMITS, ...options.eventStreams },
    times: { ...STREAM_TIMES, ...options.eventStreamTimes },
    onFailure: (error) => {
      // The streams end for it, and whoever asks again is told.
      if (error instanceof UploadError && error.code !== "internal") return;
      onUnexpectedError(error, { requestId: "none", method: "GET", route: "/v1/events" });
    },
  });
  addEventRoutes(app, streams, guard);
  addFileRoutes(app, storage, guard);
  addGroupRoutes(app, storage, guard);
  addShareRoutes(app, storage, guard, { ...options, basePath });
  addShareLink(app, storage, async (c) => {
    const address = addressOf(c);
    c.set("address", address);
    await rates?.countShare(address);
  });
  addDerivedRoutes(app, storage, guard);
  addWaveformRoutes(app, storage, guard);
  addExportRoutes(app, storage, guard);
  addLimitRoutes(app, storage, guard);
  addAuditRoutes(app, storage, guard);
  addCostRoutes(app, storage, guard);
  addOperatorRoutes(app, storage, guard);
  addAlertRoutes(app, storage, guard);
  addS3TokenRoutes(app, storage, guard, { ...options, basePath });
  app.route("/s3", uppyS3Routes(storage, guard));
  app.route("/s3-token/:token/s3", uppyS3Routes(storage, tokenGuard));
  addOpenApiDocument(app);
  checkRoutes(app, basePath);
  // Hono would have the type of `env` from whoever mounts this, of whom nothing is known.
  return Object.assign(app as CompanionApp & Pick<Companion, "fetch">, { drain: streams.drain });
}
