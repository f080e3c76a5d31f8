import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "./config.ts";

const DATA_DIR = "/srv/data";
const CDN_ID = "9f6d1b2e-3c4a-4d5e-8f70-a1b2c3d4e5f6";
const SPACES = {
  SPACES_ENDPOINT: "https://fra1.digitaloceanspaces.com",
  SPACES_REGION: "fra1",
  SPACES_BUCKET: "audio",
  SPACES_KEY: "key",
  SPACES_SECRET: "very secret",
};
const JWT = { JWT_ISSUER: "https://issuer.example", JWT_AUDIENCE: "uploads", JWT_SECRET: "s".repeat(32) };

const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;

function problemsOf(env: Record<string, string>): string[] {
  try {
    readConfig(env, DATA_DIR);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("readConfig", () => {
  it("has files scanned by clamd, held until then unless told otherwise", () => {
    const read = (env: Record<string, string>) => readConfig(env, DATA_DIR).scan;
    expect(read({})).toBeUndefined();
    expect(read({ CLAMD_ADDRESS: "/run/clamav/clamd.ctl" })).toEqual({
      policy: "before",
      clamd: { address: { path: "/run/clamav/clamd.ctl" }, maxFileSize: 104_857_600 },
      tooLarge: "quarantine",
    });
    expect(
      read({
        CLAMD_ADDRESS: "clamd.internal:3310",
        CLAMD_STREAM_MAX_LENGTH: "1000",
        SCAN_REQUIRED: "false",
        SCAN_TOO_LARGE: "allow",
      }),
    ).toEqual({
      policy: "after",
      clamd: { address: { host: "clamd.internal", port: 3310 }, maxFileSize: 1000 },
      tooLarge: "allow",
    });
    expect(read({ CLAMD_ADDRESS: "[::1]:3310" })?.clamd.address).toEqual({ host: "::1", port: 3310 });
    for (const address of [
      "clamd",
      "clamd:",
      ":3310",
      "clamd:0",
      "clamd:65536",
      "tcp://clamd:3310",
      "a b:1",
      "[::1:3310",
      "::1:3310",
    ])
      expect(problemsOf({ CLAMD_ADDRESS: address })).toEqual([
        "CLAMD_ADDRESS must be a host and port such as 127.0.0.1:3310, or the path of a Unix socket.",
      ]);
    for (const env of [
      { CLAMD_STREAM_MAX_LENGTH: "0" },
      { CLAMD_STREAM_MAX_LENGTH: "5000000000" },
      { CLAMD_STREAM_MAX_LENGTH: "100M" },
      { SCAN_REQUIRED: "yes" },
      { SCAN_TOO_LARGE: "ignore" },
    ])
      expect(problemsOf(env)).toEqual([expect.stringContaining(Object.keys(env)[0] ?? "")]);
  });

  it("backs the database up where it is told to, and keeps what it is told to", () => {
    const id = "9f6d1b2e-3c4a-4d5e-8f70-a1b2c3d4e5f6";
    const env = {
      DATABASE_BACKUP_PROVIDER: id,
      DATABASE_BACKUP_KEEP_DAILY: "0",
      POSTGRES_BIN: "/opt/pg/bin",
    };
    expect(readConfig(env, DATA_DIR).databaseBackup).toEqual({
      providerId: id,
      policy: { daily: 0, weekly: 5, monthly: 12 },
      postgresBin: "/opt/pg/bin",
    });
    for (const wrong of [
      { DATABASE_BACKUP_PROVIDER: "backups" },
      { DATABASE_BACKUP_KEEP_WEEKLY: "-1" },
      { DATABASE_BACKUP_KEEP_MONTHLY: "1.5" },
      { DATABASE_BACKUP_KEEP_DAILY: "all" },
      { POSTGRES_BIN: "bin" },
    ])
      expect(problemsOf(wrong)).toEqual([expect.stringContaining(Object.keys(wrong)[0] ?? "")]);
  });

  it("runs the demo, embedded and on loopback, where nothing is said", () => {
    expect(readConfig({}, DATA_DIR)).toEqual({
      host: "127.0.0.1",
      port: 3000,
      emulatorPort: 9000,
      emulatorFaultToken: undefined,
      dataDir: DATA_DIR,
      databaseUrl: undefined,
      spaces: undefined,
      auth: { kind: "demo" },
      allowedOrigins: [],
      publicUrl: undefined,
      trustForwarded: false,
      limits: {
        userBytes: undefined,
        workspaceBytes: undefined,
        userFiles: undefined,
        workspaceFiles: undefined,
        openUploads: undefined,
      },
      scan: undefined,
      operators: [],
      trustedProxies: [],
      rateLimits: {
        callerReads: 12_000,
        callerWrites: 6_000,
        addressRequests: 60_000,
        addressWrites: 30_000,
        addressShares: 600,
      },
      maxEventStreams: 1000,
      encryptionKey: undefined,
      databaseBackup: {
        providerId: undefined,
        policy: { daily: 7, weekly: 5, monthly: 12 },
        postgresBin: undefined,
      },
      allowInternalEndpoints: false,
      webhook: undefined,
      serviceTokens: [],
      storeRequestShare: undefined,
      storeRequestsPerSecond: undefined,
      shutdownDelayMs: 0,
      metrics: undefined,
      logLevel: "warn",
      isProduction: false,
    });
  });

  it("takes an empty setting for one that is not there", () => {
    const env = { PORT: "", DATABASE_URL: " ", SPACES_KEY: "", JWT_ISSUER: "", DEMO: "" };
    expect(readConfig(env, DATA_DIR)).toEqual(readConfig({}, DATA_DIR));
  });

  it("reads a production set-up", () => {
    const config = readConfig(
      {
        ...SPACES,
        ...JWT,
        NODE_ENV: "production",
        DATABASE_URL: "postgres://u:p@db/x",
        ALLOWED_ORIGINS: "https://a.example, https://b.example/",
        PUBLIC_URL: "https://uploads.example.com/",
        DEFAULT_USER_QUOTA_BYTES: "0",
        SPACES_FORCE_PATH_STYLE: "true",
      },
      DATA_DIR,
    );
    expect(config).toMatchObject({
      databaseUrl: "postgres://u:p@db/x",
      spaces: { bucket: "audio", secretAccessKey: "very secret", forcePathStyle: true, prepare: false },
      auth: { kind: "jwt", algorithms: ["HS256"], source: { secret: JWT.JWT_SECRET } },
      allowedOrigins: ["https://a.example", "https://b.example"],
      publicUrl: "https://uploads.example.com",
      limits: { userBytes: 0 },
      logLevel: "info",
    });
  });

  it("takes a token for CDNs that were made by a command, before other buckets than its own", () => {
    const { spaces } = readConfig({ ...SPACES, DIGITALOCEAN_TOKEN: "t" }, DATA_DIR);
    expect(spaces).toMatchObject({ apiToken: "t", cdnId: undefined, cdnEndpoint: undefined });
  });

  it("reads who is told of events, which services there are, and what they may ask of the store", () => {
    const env = {
      WEBHOOK_URL: "http://127.0.0.1:9/events",
      WEBHOOK_ALLOW_HTTP: "true",
      WEBHOOK_SECRET: `${WEBHOOK_SECRET} whsec_${Buffer.alloc(24, 2).toString("base64")}`,
      SERVICE_TOKEN: `${"a".repeat(32)},${"b".repeat(40)}`,
      STORE_REQUEST_SHARE: "0.25",
      STORE_REQUESTS_PER_SECOND: "300",
      SHUTDOWN_DELAY_SECONDS: "1.5",
    };
    expect(readConfig(env, DATA_DIR)).toMatchObject({
      webhook: { url: "http://127.0.0.1:9/events", secrets: [Buffer.alloc(32, 1), Buffer.alloc(24, 2)] },
      serviceTokens: ["a".repeat(32), "b".repeat(40)],
      storeRequestShare: 0.25,
      storeRequestsPerSecond: 300,
      shutdownDelayMs: 1500,
    });
  });

  it("reads who may do more, how often anybody may ask, and whom to believe", () => {
    const operator = "aaaaaaaa-0000-4000-8000-000000000001";
    const env = {
      ...JWT,
      JWT_CREATE_USERS: "true",
      OPERATORS: ` ${operator},`,
      TRUSTED_PROXIES: "10.0.0.0/8, ::1",
      RATE_LIMIT_USER_READS: "0",
      RATE_LIMIT_ADDRESS_WRITES: "7",
      MAX_OPEN_UPLOADS: "50",
      MAX_EVENT_STREAMS: "0",
    };
    expect(readConfig(env, DATA_DIR)).toMatchObject({
      auth: { createsUsers: true },
      operators: [operator],
      trustedProxies: ["10.0.0.0/8", "::1"],
      rateLimits: { callerReads: 0, callerWrites: 6_000, addressWrites: 7 },
      limits: { openUploads: 50 },
      maxEventStreams: 0,
    });
  });

  it("pins the algorithm to the kind of key", () => {
    const algorithmsOf = (publicKey: { export(o: { type: "spki"; format: "pem" }): string | Buffer }) => {
      const pem = String(publicKey.export({ type: "spki", format: "pem" })).replaceAll("\n", "\\n");
      const { JWT_SECRET: _secret, ...claims } = JWT;
      const { auth } = readConfig({ ...claims, JWT_PUBLIC_KEY: pem }, DATA_DIR);
      return auth.kind === "jwt" ? auth.algorithms : [];
    };
    expect(algorithmsOf(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey)).toEqual(["RS256"]);
    expect(algorithmsOf(generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey)).toEqual(["ES384"]);
    expect(algorithmsOf(generateKeyPairSync("ed25519").publicKey)).toEqual(["EdDSA"]);
  });

  it.each<[string, Record<string, string>]>([
    ["PORT", { PORT: "http" }],
    ["PORT", { PORT: "70000" }],
    ["PORT", { PORT: "1e2" }],
    ["PORT", { PORT: "0x50" }],
    ["EMULATOR_PORT", { EMULATOR_PORT: "-1" }],
    ["EMULATOR_PORT", { PORT: "9000" }],
    ["EMULATOR_FAULT_TOKEN", { EMULATOR_FAULT_TOKEN: "guessable" }],
    ["EMULATOR_FAULT_TOKEN", { ...JWT, EMULATOR_FAULT_TOKEN: "t".repeat(16), NODE_ENV: "production" }],
    ["EMULATOR_FAULT_TOKEN", { ...SPACES, EMULATOR_FAULT_TOKEN: "t".repeat(16) }],
    ["DATABASE_URL", { DATABASE_URL: "mysql://x" }],
    ["DATABASE_URL", { DATABASE_URL: "localhost" }],
    ["ALLOWED_ORIGINS", { ALLOWED_ORIGINS: "*" }],
    ["ALLOWED_ORIGINS", { ALLOWED_ORIGINS: "https://a.example,https://b.example/app" }],
    ["PUBLIC_URL", { PUBLIC_URL: "uploads.example.com" }],
    ["TRUST_FORWARDED", { TRUST_FORWARDED: "yes" }],
    ["LOG_LEVEL", { LOG_LEVEL: "loud" }],
    ["STORAGE_ENCRYPTION_KEY", { STORAGE_ENCRYPTION_KEY: "short" }],
    ["DEFAULT_USER_QUOTA_BYTES", { DEFAULT_USER_QUOTA_BYTES: "10 GB" }],
    ["DEFAULT_WORKSPACE_QUOTA_FILES", { DEFAULT_WORKSPACE_QUOTA_FILES: "-1" }],
    ["SPACES_ENDPOINT", { ...SPACES, SPACES_ENDPOINT: "ftp://fra1.digitaloceanspaces.com" }],
    ["SPACES_BUCKET", { ...SPACES, SPACES_BUCKET: "Not A Bucket" }],
    ["SPACES_PREPARE", { ...SPACES, SPACES_PREPARE: "1" }],
    ["SPACES_CDN_ID", { ...SPACES, SPACES_CDN_ID: "fra1", DIGITALOCEAN_TOKEN: "t" }],
    ["DIGITALOCEAN_TOKEN", { ...SPACES, SPACES_CDN_ENDPOINT: "cdn.example", SPACES_CDN_ID: CDN_ID }],
    ["SPACES_CDN_ID", { ...SPACES, SPACES_CDN_ENDPOINT: "cdn.example", DIGITALOCEAN_TOKEN: "t" }],
    ["SPACES_CDN_ENDPOINT", { ...SPACES, SPACES_CDN_ID: CDN_ID, DIGITALOCEAN_TOKEN: "t" }],
    ["DEMO", { DEMO: "maybe" }],
    ["DEMO", { DEMO: "true", NODE_ENV: "production" }],
    ["DEMO", { DEMO: "true", ...JWT }],
    ["JWT_ISSUER", { DEMO: "false" }],
    ["JWT_ISSUER", { NODE_ENV: "production" }],
    ["JWT_AUDIENCE", { JWT_ISSUER: "https://issuer.example" }],
    ["JWT_SECRET", { ...JWT, JWT_SECRET: "short" }],
    ["JWT_SECRET", { ...JWT, JWT_JWKS_URL: "https://issuer.example/jwks" }],
    ["JWT_ALGORITHMS", { ...JWT, JWT_ALGORITHMS: "RS256" }],
    ["JWT_ALGORITHMS", { ...JWT, JWT_ALGORITHMS: "none" }],
    ["JWT_PUBLIC_KEY", { JWT_ISSUER: "i", JWT_AUDIENCE: "a", JWT_PUBLIC_KEY: "nonsense" }],
    ["JWT_JWKS_URL", { JWT_ISSUER: "i", JWT_AUDIENCE: "a", JWT_JWKS_URL: "file:///etc/passwd" }],
    ["JWT_JWKS_URL", { JWT_ISSUER: "i", JWT_AUDIENCE: "a", JWT_JWKS_URL: "http://issuer.example/jwks" }],
    ["JWT_CREATE_USERS", { ...JWT, JWT_CREATE_USERS: "yes" }],
    ["OPERATORS", { OPERATORS: "alpha" }],
    ["TRUSTED_PROXIES", { TRUSTED_PROXIES: "10.0.0.0/99" }],
    ["TRUSTED_PROXIES", { TRUSTED_PROXIES: "proxy.example" }],
    ["TRUSTED_PROXIES", { TRUSTED_PROXIES: "10.0.0.0/" }],
    ["RATE_LIMIT_USER_WRITES", { RATE_LIMIT_USER_WRITES: "-1" }],
    ["RATE_LIMIT_ADDRESS_REQUESTS", { RATE_LIMIT_ADDRESS_REQUESTS: "1.5" }],
    ["MAX_OPEN_UPLOADS", { MAX_OPEN_UPLOADS: "0" }],
    ["MAX_EVENT_STREAMS", { MAX_EVENT_STREAMS: "-1" }],
    ["WEBHOOK_URL", { WEBHOOK_SECRET }],
    ["WEBHOOK_URL", { WEBHOOK_SECRET, WEBHOOK_URL: "pipeline.example.com" }],
    ["WEBHOOK_URL", { WEBHOOK_SECRET, WEBHOOK_URL: "https://u:p@pipeline.example.com/" }],
    ["WEBHOOK_ALLOW_HTTP=true", { WEBHOOK_SECRET, WEBHOOK_URL: "http://pipeline.example.com/" }],
    ["WEBHOOK_ALLOW_HTTP", { WEBHOOK_ALLOW_HTTP: "1" }],
    ["WEBHOOK_SECRET", { WEBHOOK_URL: "https://pipeline.example.com/" }],
    ["WEBHOOK_SECRET", { WEBHOOK_URL: "https://pipeline.example.com/", WEBHOOK_SECRET: "hunter2" }],
    ["SERVICE_TOKEN", { SERVICE_TOKEN: "short" }],
    ["SERVICE_TOKEN", { SERVICE_TOKEN: `${"s".repeat(32)} short` }],
    ["STORE_REQUEST_SHARE", { STORE_REQUEST_SHARE: "0" }],
    ["STORE_REQUEST_SHARE", { STORE_REQUEST_SHARE: "2" }],
    ["STORE_REQUESTS_PER_SECOND", { STORE_REQUESTS_PER_SECOND: "many" }],
    ["SHUTDOWN_DELAY_SECONDS", { SHUTDOWN_DELAY_SECONDS: "-1" }],
  ])("names %s in %j", (name, env) => {
    expect(problemsOf(env).join("\n")).toContain(name);
  });

  it.each(Object.keys(SPACES))("names %s when it alone is missing", (name) => {
    const { [name]: _missing, ...rest } = SPACES as Record<string, string>;
    const problems = problemsOf(rest);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name} is missing`));
  });

  it("says everything that is wrong at once, and no secret", () => {
    const { SPACES_REGION: _missing, ...spaces } = SPACES;
    const problems = problemsOf({
      ...spaces,
      PORT: "x",
      JWT_SECRET: "tell nobody",
      DATABASE_URL: "mysql://u:pw@x",
    });
    const names = problems
      .map((problem) => /^\w+/.exec(problem)?.[0] ?? "")
      .toSorted((a, b) => a.localeCompare(b));
    expect(names).toEqual([
      "DATABASE_URL",
      "JWT_AUDIENCE",
      "JWT_ISSUER",
      "JWT_SECRET",
      "PORT",
      "SPACES_REGION",
    ]);
    expect(problems.join()).not.toMatch(/tell nobody|very secret|u:pw/);
  });
});

describe("where metrics are served", () => {
  it("is nowhere unless told, then on loopback unless told", () => {
    expect(readConfig({ METRICS_PORT: "9464" }, DATA_DIR).metrics).toEqual({ host: "127.0.0.1", port: 9464 });
    const env = { METRICS_PORT: "0", METRICS_HOST: "::" };
    expect(readConfig(env, DATA_DIR).metrics).toEqual({ host: "::", port: 0 });
  });

  it.each<[Record<string, string>, string]>([
    [{ METRICS_PORT: "metrics" }, "METRICS_PORT must be a port, from 0 to 65535."],
    [
      { METRICS_PORT: "9464", METRICS_HOST: "http://10.0.0.1" },
      "METRICS_HOST must be an address such as 127.0.0.1, without a scheme and without a port.",
    ],
    [
      { METRICS_HOST: "10.0.0.1" },
      "METRICS_PORT is missing: set it, for example to 9464, or unset METRICS_HOST.",
    ],
    [{ METRICS_PORT: "3000" }, "METRICS_PORT and PORT are both 3000: give one of them another port."],
    [
      { METRICS_PORT: "9000" },
      "METRICS_PORT and EMULATOR_PORT are both 9000: give one of them another port.",
    ],
  ])("says of %j what to change", (env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });

  it("may be the local store's port where there is none", () => {
    expect(problemsOf({ ...SPACES, METRICS_PORT: "9000" })).toEqual([]);
  });
});

describe("tracing", () => {
  it("is off unless told where to", () => {
    expect(readConfig({}, DATA_DIR).tracing).toBeUndefined();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", OTEL_TRACES_SAMPLER_ARG: "0.25" };
    expect(readConfig(env, DATA_DIR).tracing).toEqual({
      endpoint: "http://127.0.0.1:4318",
      serviceName: "audiotricks-storage",
      ratio: 0.25,
    });
  });

  it.each<[Record<string, string>, string]>([
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" },
      "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://127.0.0.1:4318.",
    ],
    [{ OTEL_TRACES_SAMPLER_ARG: "often" }, "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1."],
  ])("says of %j what to change", (env, problem) => {
    expect(problemsOf(env)).toEqual([problem]);
  });
});
