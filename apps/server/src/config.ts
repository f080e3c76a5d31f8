import { resolve } from "node:path";
import type { RateLimits } from "@audiotricks/companion";
import type { WebhookEndpoint } from "@audiotricks/storage";
import { z } from "zod";
import { accessSettings, rateLimitsOf } from "./config-access.ts";
import { type AuthConfig, readAuth } from "./config-auth.ts";
import { backupConfigOf, backupSettings, type DatabaseBackupConfig } from "./config-backup.ts";
import { readEncryptionKey } from "./config-keyring.ts";
import { type MetricsConfig, metricsSettings, readMetrics } from "./config-metrics.ts";
import { type ScanConfig, scanConfigOf, scanSettings } from "./config-scan.ts";
import { booleanSetting, type Env, origin, originList, port, present } from "./config-settings.ts";
import { readSpaces, type SpacesConfig } from "./config-spaces.ts";
import { tracingConfigOf, tracingSettings } from "./config-tracing.ts";
import { readWebhook } from "./config-webhook.ts";
import type { TracingConfig } from "./tracing.ts";

/** Everything the server is told from outside, checked. */
export interface ServerConfig {
  host: string;
  /** 0: any free one. */
  port: number;
  emulatorPort: number;
  /** Who has it makes things go wrong at the local store; `undefined`: nobody. */
  emulatorFaultToken: string | undefined;
  /** Absolute. */
  dataDir: string;
  /** `undefined`: the embedded database under `dataDir`. */
  databaseUrl: string | undefined;
  /** `undefined`: the local emulator under `dataDir`. */
  spaces: SpacesConfig | undefined;
  auth: AuthConfig;
  allowedOrigins: string[];
  publicUrl: string | undefined;
  trustForwarded: boolean;
  limits: DefaultLimits;
  /** Ids of the users who may do what `/v1/admin` is for. */
  operators: string[];
  /** Whose `X-Forwarded-For` is believed. */
  trustedProxies: string[];
  rateLimits: RateLimits;
  /** Event streams that this process has open at once; 0: none. */
  maxEventStreams: number;
  /** A keyring for provider secrets in the database: the first key seals, all of them open. */
  encryptionKey: string | undefined;
  databaseBackup: DatabaseBackupConfig;
  /** Whether providers in the database may be plain HTTP, or lead into our own network. */
  allowInternalEndpoints: boolean;
  /** Who is told of events; `undefined`: nobody. */
  webhook: WebhookEndpoint | undefined;
  /** Who scans files; `undefined`: nobody. */
  scan: ScanConfig | undefined;
  /** What services of ours sign in with; none: there are no services. */
  serviceTokens: string[];
  /** Of the requests that the store takes, as `StorageSettings` has it. */
  storeRequestShare: number | undefined;
  storeRequestsPerSecond: number | undefined;
  /** How long it still serves after it said that it is not ready any more. */
  shutdownDelayMs: number;
  /** Where traces are sent; `undefined`: nowhere. */
  tracing: TracingConfig | undefined;
  /** Where the operator's metrics are served; `undefined`: nowhere. */
  metrics: MetricsConfig | undefined;
  logLevel: (typeof LOG_LEVELS)[number];
  isProduction: boolean;
}

/** What a user or workspace without a row of its own may hold; `undefined` leaves the database's setting as it is. */
export interface DefaultLimits {
  userBytes: number | undefined;
  workspaceBytes: number | undefined;
  userFiles: number | undefined;
  workspaceFiles: number | undefined;
  /** Of one user. */
  openUploads: number | undefined;
}

/** Every problem at once: each sentence names the setting and the mend, and none repeats a value that may be secret. */
export class ConfigError extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`These settings need a look:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

const SHARE_MESSAGE = "must be above 0 and at most 1, for example 0.25 for each of two servers";

const bytes = z.coerce
  .number("must be a whole number of bytes, for example 10737418240 for 10 GiB")
  .int("must be a whole number of bytes, for example 10737418240 for 10 GiB")
  .min(0, "must not be negative")
  .max(Number.MAX_SAFE_INTEGER, "is too large");
const count = z.coerce
  .number("must be a whole number")
  .int("must be a whole number")
  .min(0, "must not be negative")
  .max(2 ** 31 - 1, "is too large");

const settings = z.object({
  /** Loopback unless told otherwise: reachable by nobody else until someone decides so. */
  HOST: z.string().default("127.0.0.1"),
  PORT: port.default(3000),
  EMULATOR_PORT: port.default(9000),
  EMULATOR_FAULT_TOKEN: z
    .string()
    .min(16, "must have at least 16 characters; make one by: openssl rand -hex 16")
    .optional(),
  DATA_DIR: z.string().optional(),
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: "must be a URL such as postgres://user:password@host:5432/name",
    })
    .optional(),
  ALLOWED_ORIGINS: originList.default([]),
  PUBLIC_URL: origin.optional(),
  TRUST_FORWARDED: booleanSetting.default(false),
  DEFAULT_USER_QUOTA_BYTES: bytes.optional(),
  DEFAULT_WORKSPACE_QUOTA_BYTES: bytes.optional(),
  DEFAULT_USER_QUOTA_FILES: count.optional(),
  DEFAULT_WORKSPACE_QUOTA_FILES: count.optional(),
  ...accessSettings,
  STORAGE_ALLOW_INTERNAL_ENDPOINTS: booleanSetting.default(false),
  SERVICE_TOKEN: z
    .string()
    .transform((list) => list.split(/[\s,]+/).filter((token) => token !== ""))
    .refine(
      (tokens) => tokens.every((token) => token.length >= 32),
      "must have at least 32 characters; make one by: openssl rand -hex 32",
    )
    .default([]),
  STORE_REQUEST_SHARE: z.coerce.number(SHARE_MESSAGE).gt(0, SHARE_MESSAGE).max(1, SHARE_MESSAGE).optional(),
  STORE_REQUESTS_PER_SECOND: z.coerce.number("must be a number").min(1, "must be at least 1").optional(),
  SHUTDOWN_DELAY_SECONDS: z.coerce
    .number("must be a number of seconds")
    .min(0, "must not be negative")
    .max(300, "must be at most 300")
    .default(0),
  ...scanSettings,
  ...backupSettings,
  ...metricsSettings,
  ...tracingSettings,
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`).optional(),
});

/**
 * @param defaultDataDir Absolute; where embedded data lives unless `DATA_DIR` says otherwise.
 * @throws {ConfigError} If anything is wrong or missing.
 */
export function readConfig(environment: Env, defaultDataDir: string): ServerConfig {
  const env = present(environment);
  const isProduction = env.NODE_ENV === "production";
  const problems: string[] = [];
  const parsed = settings.safeParse(env);
  if (!parsed.success)
    for (const { path, message } of parsed.error.issues) problems.push(`${path.join(".")} ${message}.`);
  const spaces = readSpaces(env, problems);
  const auth = readAuth(env, isProduction, problems);
  const webhook = readWebhook(env, problems);
  const encryptionKey = readEncryptionKey(env, problems);
  let metrics: MetricsConfig | undefined;
  if (parsed.data !== undefined) {
    const { PORT, EMULATOR_PORT, EMULATOR_FAULT_TOKEN } = parsed.data;
    if (EMULATOR_FAULT_TOKEN !== undefined && (isProduction || spaces !== undefined))
      problems.push("EMULATOR_FAULT_TOKEN is for tests on the local store: unset it.");
    if (spaces === undefined && PORT === EMULATOR_PORT && PORT !== 0)
      problems.push(`PORT and EMULATOR_PORT are both ${PORT}: give one of them another port.`);
    metrics = readMetrics(parsed.data, spaces === undefined ? { PORT, EMULATOR_PORT } : { PORT }, problems);
  }
  if (problems.length > 0 || parsed.data === undefined || auth === undefined) throw new ConfigError(problems);

  const s = parsed.data;
  return {
    host: s.HOST,
    port: s.PORT,
    emulatorPort: s.EMULATOR_PORT,
    emulatorFaultToken: s.EMULATOR_FAULT_TOKEN,
    dataDir: s.DATA_DIR === undefined ? defaultDataDir : resolve(s.DATA_DIR),
    databaseUrl: s.DATABASE_URL,
    spaces,
    auth,
    allowedOrigins: s.ALLOWED_ORIGINS,
    publicUrl: s.PUBLIC_URL,
    trustForwarded: s.TRUST_FORWARDED,
    limits: {
      userBytes: s.DEFAULT_USER_QUOTA_BYTES,
      workspaceBytes: s.DEFAULT_WORKSPACE_QUOTA_BYTES,
      userFiles: s.DEFAULT_USER_QUOTA_FILES,
      workspaceFiles: s.DEFAULT_WORKSPACE_QUOTA_FILES,
      openUploads: s.MAX_OPEN_UPLOADS,
    },
    operators: s.OPERATORS,
    trustedProxies: s.TRUSTED_PROXIES,
    rateLimits: rateLimitsOf(s),
    maxEventStreams: s.MAX_EVENT_STREAMS,
    encryptionKey,
    allowInternalEndpoints: s.STORAGE_ALLOW_INTERNAL_ENDPOINTS,
    databaseBackup: backupConfigOf(s),
    webhook,
    scan: scanConfigOf(s),
    serviceTokens: s.SERVICE_TOKEN,
    storeRequestShare: s.STORE_REQUEST_SHARE,
    storeRequestsPerSecond: s.STORE_REQUESTS_PER_SECOND,
    shutdownDelayMs: s.SHUTDOWN_DELAY_SECONDS * 1000,
    metrics,
    tracing: tracingConfigOf(parsed.data),
    logLevel: s.LOG_LEVEL ?? (isProduction ? "info" : "warn"),
    isProduction,
  };
}
