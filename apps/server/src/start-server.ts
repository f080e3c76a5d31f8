import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { createCompanion, serviceToken } from "@audiotricks/companion";
import { followLocalSpaces } from "@audiotricks/embedded";
import { migrate } from "@audiotricks/migrations";
import { UploadError } from "@audiotricks/protocol";
import {
  createBudgets,
  createClamd,
  createDigitalOceanCdn,
  createStorage,
  type Database,
  DEFAULT_SETTINGS,
  OperatorError,
  openProviders,
  prepareBucket,
  type RefusedStep,
  type Scanning,
  type SpacesProvider,
  type StorageSettings,
  setScanPolicy,
} from "@audiotricks/storage";
import type { Kysely } from "kysely";
import { pageOrigins, publicUrl, storeOrigins } from "./addresses.ts";
import { applyDefaultLimits } from "./apply-default-limits.ts";
import { openAuthentication } from "./authentication.ts";
import { startBucketHealth } from "./bucket-health.ts";
import type { DefaultLimits, ServerConfig } from "./config.ts";
import { scanPolicyOf } from "./config-scan.ts";
import { databaseBackupOf } from "./database-backup.ts";
import { createDemoSite } from "./demo-site.ts";
import { startExports } from "./exports.ts";
import { startFileChecks } from "./file-checks.ts";
import { type ListeningServer, listen } from "./http-server.ts";
import { beginJobs } from "./jobs/begin-jobs.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics/open-metrics.ts";
import { lockEmbedded, openDatabase, openSpaces } from "./open-services.ts";
import { openOperatorSocket } from "./operator-socket.ts";
import { withReadiness } from "./readiness.ts";
import { levelOf } from "./request-lines.ts";
import { StartError } from "./start-error.ts";
import { createStaticSite } from "./static-site.ts";
import { createStoreOrigins } from "./store-origins.ts";
import { findStoreProblem } from "./store-problem.ts";
import { createTeardown, type Teardown } from "./teardown.ts";
import { startWebhooks } from "./webhooks.ts";

const DEMO_LIMIT_BYTES = 50 * 1024 ** 3;
/** For answers under way when told to stop; all of stopping has 5 s. */
const DRAIN_MS = 2500;
const CHECK_STORE = "check SPACES_ENDPOINT, SPACES_REGION, SPACES_BUCKET, SPACES_KEY and SPACES_SECRET";

export interface RunningServer {
  url: string;
  port: number;
  /** Why nothing can be uploaded yet, with the mend. */
  storeProblem: string | undefined;
  /** Takes no more requests, finishes those under way, and closes everything. Safe to repeat. */
  stop(): Promise<void>;
}

/**
 * Opens, migrates and serves everything.
 *
 * @param options.demoRoot Folder with the demo's built files.
 * @throws {StartError} Or `EmbeddedError`: with a sentence for whoever starts it; nothing is left open.
 */
export async function startServer(
  config: ServerConfig,
  options: { log: Logger; demoRoot: string },
): Promise<RunningServer> {
  const teardown = createTeardown();
  try {
    return await open(config, options, teardown);
  } catch (error) {
    await teardown.run().catch((err: unknown) => options.log.error({ err }, "could not clean up"));
    // What the rules refuse at start is a setting; they say which.
    throw error instanceof UploadError ? new StartError(error.message, { cause: error }) : error;
  }
}

async function open(
  config: ServerConfig,
  { log, demoRoot }: { log: Logger; demoRoot: string },
  teardown: Teardown,
): Promise<RunningServer> {
  lockEmbedded(config, teardown);
  if (config.tracing !== undefined) {
    const { startTracing } = await import("./tracing.ts");
    const tracing = await startTracing(config.tracing);
    // A collector that is away is no reason not to stop.
    teardown.add(() =>
      tracing.stop().catch((err: unknown) => log.warn({ err }, "the last spans were not sent")),
    );
  }
  // Ports first: a taken one is known at once, the database takes seconds.
  const http = await listen(config);
  teardown.add(async () => await http.close(0));
  const metricsHttp =
    config.metrics && (await listen(config.metrics, { host: "METRICS_HOST", port: "METRICS_PORT" }));
  teardown.add(async () => await metricsHttp?.close(0));
  const spaces = await openSpaces(config, teardown);
  const database = await openDatabase(config, log, teardown);
  const { db } = database;
  const metrics = metricsHttp && (await serveMetrics(metricsHttp, config, { db, log, teardown }));
  const { applied, newer } = await migrate(db);
  if (applied.length > 0) log.info({ applied }, "migrated");
  if (newer.length > 0) log.warn({ newer }, "the database belongs to a newer release; this one runs on it");
  await applyDefaultLimits(db, defaultLimits(config));
  await applyScanPolicy(db, config, log);

  const origins = pageOrigins(config, http.port);
  if (config.spaces === undefined) await followLocalSpaces(db, spaces);
  if (config.spaces?.prepare !== false) await prepareStore(spaces, origins, log);
  const providers = await openProviders({
    db,
    spaces,
    encryptionKey: config.encryptionKey,
    allowInternalEndpoints: config.allowInternalEndpoints,
  });
  const onError = (err: unknown) => log.error({ err }, "failed in the background");
  // The jobs' storage is another, and their calls are to come after those of users.
  const budgets = createBudgets({ ...DEFAULT_SETTINGS, ...storeSettings(config) });
  const apiToken = config.spaces?.apiToken;
  const cdn = apiToken === undefined ? undefined : createDigitalOceanCdn({ token: apiToken });
  const storage = createStorage({ db, providers, budgets, cdn, scanning: scanningOf(config), onError });
  teardown.add(async () => await storage.close());
  // A month begins with its part of the log there, also where no job has run for long.
  await storage.upkeep.keepOperations().catch(onError);
  // Not a reason to stop: a store that is away comes back, and `/readyz` says so meanwhile.
  const storeProblem = config.spaces && (await findStoreProblem(storage, config.spaces));
  if (storeProblem !== undefined) log.error(storeProblem);

  const ownOrigin = new URL(publicUrl(config, http.port)).origin;
  const { authenticate, demoRoutes } = await openAuthentication(config, db);
  const companion = createCompanion({
    storage,
    authenticate,
    ...(config.serviceTokens.length === 0
      ? {}
      : { authenticateService: serviceToken({ service: "pipeline", tokens: config.serviceTokens }) }),
    allowedOrigins: origins,
    onUnexpectedError: (err, context) =>
      log.error({ err, ...context }, isOfSetUp(err) ? "storage is not set up for this" : "unexpected error"),
    onRequest: (entry) => {
      log[levelOf(entry)](entry, "request");
      metrics?.onRequest(entry);
    },
    trustForwarded: config.trustForwarded,
    trustedProxies: config.trustedProxies,
    rateLimits: config.rateLimits,
    // Browsers open six connections to one origin: where parts go there too, none is held for events.
    eventStreams: { perProcess: storeOrigins(spaces).includes(ownOrigin) ? 0 : config.maxEventStreams },
    publicUrl: config.publicUrl,
  });
  const site =
    demoRoutes === undefined
      ? companion.fetch
      : createDemoSite(
          companion,
          demoRoutes,
          createStaticSite(demoRoot, createStoreOrigins(db, spaces, onError)),
        );
  const { fetch, turnOff } = withReadiness(site);
  http.serve(fetch);
  // Answering comes first: the jobs wait a moment.
  const jobs = beginJobs({
    database: database.jobs,
    providers,
    budgets,
    cdn,
    databaseBackup: databaseBackupOf(config, database),
    log,
    onSwept: metrics?.onSwept,
  });
  const webhooks = startWebhooks(db, { endpoint: config.webhook, log });
  const checks = startFileChecks(storage, log);
  const health = startBucketHealth(storage, log);
  const operator = await openOperatorSocket(config, {
    db,
    embedded: database.embedded,
    spaces,
    origins,
    log,
  });
  const exports = startExports(storage, log);
  teardown.add(async () => {
    const drained = Promise.all([
      http.close(DRAIN_MS),
      jobs.stop(DRAIN_MS),
      webhooks.stop(),
      checks.stop(),
      health.stop(),
      exports.stop(),
      operator?.stop(DRAIN_MS),
    ]);
    // A store that does not answer must not keep the rest from being closed: leases, logs, the database.
    await Promise.race([drained, delay(DRAIN_MS, undefined, { ref: false })]);
  });
  // First, so that whoever spreads the traffic looks elsewhere while this server still answers.
  teardown.add(async () => {
    turnOff();
    companion.drain();
    await delay(config.shutdownDelayMs);
  });
  return { url: publicUrl(config, http.port), port: http.port, storeProblem, stop: teardown.run };
}

/** Loaded only where somebody asked for them: they take memory. */
async function serveMetrics(
  http: ListeningServer,
  { databaseUrl, webhook }: ServerConfig,
  { db, log, teardown }: { db: Kysely<Database>; log: Logger; teardown: Teardown },
): Promise<Metrics> {
  const { openMetrics } = await import("./metrics/open-metrics.ts");
  const metrics = openMetrics({ databaseUrl, db, hasWebhook: webhook !== undefined, log });
  teardown.add(() => metrics.close());
  http.serve(metrics.fetch);
  log.info({ port: http.port }, "metrics are served");
  return metrics;
}

/** The row is for all servers: those that started before this one go by it as well, without a word from their own settings. */
async function applyScanPolicy(db: Kysely<Database>, { scan }: ServerConfig, log: Logger): Promise<void> {
  const after = scanPolicyOf(scan);
  const before = await setScanPolicy(db, after, `server ${hostname()}`);
  if (before === undefined) return;
  log.warn(
    { before, after },
    "whether files are scanned, and held meanwhile, has changed for all servers: CLAMD_ADDRESS and SCAN_REQUIRED must be the same for all",
  );
}

function scanningOf({ scan }: ServerConfig): Scanning | undefined {
  return scan && { scanner: createClamd(scan.clamd), tooLarge: scan.tooLarge };
}

function storeSettings(config: ServerConfig): Partial<StorageSettings> {
  const { storeRequestShare, storeRequestsPerSecond } = config;
  return {
    ...(storeRequestShare !== undefined && { storeRequestShare }),
    ...(storeRequestsPerSecond !== undefined && { storeRequestsPerSecond }),
  };
}

/**
 * What a key of run time may not see or change is no reason to stay down: somebody else may have made it.
 *
 * @throws {StartError} If the store cannot be reached, or has no such bucket and does not let this key make it.
 */
async function prepareStore(spaces: SpacesProvider, allowedOrigins: string[], log: Logger): Promise<void> {
  const onRefused = (refused: RefusedStep) =>
    log.warn(
      refused,
      "the bucket may not be ready for uploads: doctor, with a key that may, tells and mends",
    );
  try {
    await prepareBucket(spaces, { allowedOrigins }, undefined, onRefused);
  } catch (cause) {
    if (!(cause instanceof UploadError || cause instanceof OperatorError)) throw cause;
    throw new StartError(
      `${cause.message} Please ${CHECK_STORE}; or make bucket and rules yourself, and unset SPACES_PREPARE.`,
      { cause },
    );
  }
}

/** Where people only try things out, the quota should show; and the disk is theirs. */
function defaultLimits({ auth, databaseUrl, limits }: ServerConfig): DefaultLimits {
  if (auth.kind !== "demo" || databaseUrl !== undefined) return limits;
  const { userBytes = DEMO_LIMIT_BYTES, workspaceBytes = DEMO_LIMIT_BYTES } = limits;
  return { ...limits, userBytes, workspaceBytes };
}

/** No fault of ours: a provider that is missing, refused, or does not open. */
function isOfSetUp(error: unknown): boolean {
  return error instanceof UploadError && error.code !== "internal";
}
