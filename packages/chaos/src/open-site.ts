import { randomBytes } from "node:crypto";
import { startPostgres, type TestPostgres } from "@audiotricks/testing/postgres";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import pg from "pg";
import { readLogLine } from "./check/logs.ts";
import { Secrets } from "./check/secrets.ts";
import { type HttpProxy, startHttpProxy } from "./http-proxy.ts";
import type { Ledger } from "./ledger.ts";
import { JWT } from "./people.ts";
import { Random } from "./random.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { announce } from "./say.ts";
import { ServerProcess } from "./server-process.ts";
import { type Store, startCeph, startEmulator } from "./store.ts";
import { startWire, type Wire } from "./wire.ts";

const COMPANIONS = 3;
const WORKERS = 2;

/** The real parts, and the ways to them that can be cut. */
export interface Site {
  ledger: Ledger;
  postgres: TestPostgres;
  store: Store;
  receiver: Receiver;
  /** Between the servers and the database. */
  wire: Wire;
  /** What everybody takes for the store, and people for the companion. */
  toStore: HttpProxy;
  toCompanions: HttpProxy;
  /** Around everything of ours: the database and the bucket themselves. */
  pool: pg.Pool;
  s3: S3Client;
  bucket: string;
  /** What the servers are told. */
  env: Record<string, string>;
  jwtSecret: string;
  secrets: Secrets;
  companions: ServerProcess[];
  /** Servers that get no requests. */
  workers: ServerProcess[];
  /** One more of them. */
  begin: (name: string) => ServerProcess;
}

/** What the checks look at. */
export type Evidence = Pick<Site, "ledger" | "pool" | "s3" | "bucket" | "receiver">;

/** Starts everything; `stack` ends it, whatever comes in between. */
export async function openSite(
  stack: AsyncDisposableStack,
  { ledger, seed, store: kind }: { ledger: Ledger; seed: number; store: "ceph" | "emulator" },
): Promise<Site> {
  announce("starting the database and the store");
  // What was said to be committed must be there after a kill: by default of the tests it may be lost.
  const postgres = stack.use(await startPostgres({ settings: { synchronous_commit: "on" } }));
  const store = stack.use(kind === "ceph" ? await startCeph() : await startEmulator(seed));
  const wire = stack.use(await startWire(Number(new URL(postgres.url).port), new Random(seed, "wire")));
  const toStore = stack.use(await startHttpProxy(() => [store.endpoint], new Random(seed, "to the store")));
  const receiver = stack.use(await startReceiver(new Random(seed, "receiver")));
  const pool = openPool(postgres.url);
  stack.defer(() => pool.end());
  const s3 = openS3(store);
  stack.defer(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: store.bucket }));

  const jwtSecret = randomBytes(32).toString("hex");
  const webhookSecret = `whsec_${randomBytes(32).toString("base64")}`;
  const secrets = new Secrets([store.secretAccessKey, jwtSecret, webhookSecret], ledger);
  const { PATH = "", HOME = "", TMPDIR = "", NODE_COMPILE_CACHE = "" } = process.env;
  const env = {
    PATH,
    HOME,
    TMPDIR,
    NODE_COMPILE_CACHE,
    PORT: "0",
    LOG_LEVEL: "info",
    DATABASE_URL: `postgres://postgres@127.0.0.1:${wire.port}/postgres`,
    SPACES_ENDPOINT: toStore.endpoint,
    SPACES_REGION: store.region,
    SPACES_BUCKET: store.bucket,
    SPACES_KEY: store.accessKeyId,
    SPACES_SECRET: store.secretAccessKey,
    JWT_ISSUER: JWT.issuer,
    JWT_AUDIENCE: JWT.audience,
    JWT_SECRET: jwtSecret,
    WEBHOOK_URL: receiver.url,
    WEBHOOK_ALLOW_HTTP: "true",
    WEBHOOK_SECRET: webhookSecret,
  };
  const begin = (name: string): ServerProcess => {
    const server = new ServerProcess(name, {
      env,
      onLine: (line) => {
        secrets.line(line);
        readLogLine(line, ledger);
      },
      onOwnEnd: (how) => ledger.wrong(`${name} ended by itself (${how}):\n${server.tail.slice(-2000)}`),
    });
    stack.defer(() => server.kill());
    server.start();
    return server;
  };
  announce("starting the servers");
  const companions = Array.from({ length: COMPANIONS }, (_, index) => begin(`companion ${index + 1}`));
  const workers = Array.from({ length: WORKERS }, (_, index) => begin(`worker ${index + 1}`));
  await Promise.all([...companions, ...workers].map((server) => server.untilReady()));
  // Parts as small as they may be, so that files of several can be sent by the thousand.
  await pool.query("UPDATE storage_providers SET preferred_part_size = 5242880");
  const alive = () => companions.flatMap(({ url }) => (url === undefined ? [] : [url]));
  const toCompanions = stack.use(await startHttpProxy(alive, new Random(seed, "to the companions")));
  return {
    ledger,
    postgres,
    store,
    receiver,
    wire,
    toStore,
    toCompanions,
    pool,
    s3,
    bucket: store.bucket,
    env,
    jwtSecret,
    secrets,
    companions,
    workers,
    begin,
  };
}

function openPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 5000 });
  // The database is to die under it.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

function openS3({ endpoint, region, accessKeyId, secretAccessKey }: Store): S3Client {
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}
