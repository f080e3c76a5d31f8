import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer, type Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createTemplate, createTestDatabase } from "@audiotricks/testing/database";
import { freePort } from "@audiotricks/testing/free-port";
import { startPostgres } from "@audiotricks/testing/postgres";
import { exportJWK, generateKeyPair } from "jose";
import type { TestProject } from "vitest/node";
import { ServerProcess } from "../../harness/server-process.ts";
import type { Target } from "./about.ts";
import { writeDown } from "./evidence.ts";
import { seedPeople } from "./seed-people.ts";

const PAGE = "https://app.example.com";
const BUCKET = "audiotricks-local";
const ISSUER = "https://issuer.example";
const AUDIENCE = "uploads";

/**
 * What the suite attacks: the server as people run it, with PostgreSQL and the local store, told to write down all it can; a
 * second one beside it; and around them what an attacker would have: a trap, a redirector, a name server.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "at-attack-"));
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const postgres = stack.use(
    await startPostgres({
      // Every statement with its values: what passes through the database without staying there counts too.
      settings: { logging_collector: "on", log_directory: "log", log_statement: "all" },
    }),
  );
  await createTemplate(postgres.url);
  const database = await createTestDatabase<object>(postgres.url);
  stack.defer(() => database.pool.end());
  const people = await seedPeople(database.db);

  const trap = await listen(
    stack,
    createServer((socket) => {
      writeDown(folder, "trap", `${socket.remoteAddress}\n`);
      socket.on("error", () => undefined).destroy();
    }),
  );
  const redirector = await listen(
    stack,
    createHttpServer((request, response) => {
      writeDown(folder, "redirector", `${request.method} ${request.url?.split("?")[0]}\n`);
      response.writeHead(307, { location: `http://127.0.0.1:${trap}/` }).end();
    }),
  );
  let deliveries = 0;
  const webhook = await listen(
    stack,
    createHttpServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        writeDown(folder, "events", `${body}\n`);
        if (deliveries++ < 3)
          response.writeHead(307, { location: `http://127.0.0.1:${redirector}/from-webhook` }).end();
        else response.writeHead(204).end();
      });
    }),
  );
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const keyId = "key-1";
  const publicJwk = { ...(await exportJWK(publicKey)), kid: keyId, alg: "RS256", use: "sig" };
  const keys = await listen(
    stack,
    createHttpServer((_request, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify({ keys: [publicJwk] }));
    }),
  );

  const dataDir = join(folder, "data");
  await mkdir(dataDir);
  const [port, strictPort, storePort] = [await freePort(), await freePort(), await freePort()];
  const serviceToken = `service-${randomBytes(24).toString("hex")}`;
  const encryptionKey = randomBytes(32).toString("base64");
  const webhookSecret = `whsec_${randomBytes(32).toString("base64")}`;
  const common = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
    JWT_JWKS_URL: `http://127.0.0.1:${keys}/jwks.json`,
    ALLOWED_ORIGINS: PAGE,
    OPERATORS: people.operator,
    SERVICE_TOKEN: serviceToken,
    STORAGE_ENCRYPTION_KEY: encryptionKey,
    LOG_LEVEL: "trace",
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, "hostile-dns.mjs")).href}`,
  };
  const keepLog = (text: string) => writeDown(folder, "log", text);
  const server = stack.use(
    new ServerProcess(
      port,
      {
        ...common,
        EMULATOR_PORT: `${storePort}`,
        WEBHOOK_URL: `http://127.0.0.1:${webhook}/events`,
        WEBHOOK_ALLOW_HTTP: "true",
        WEBHOOK_SECRET: webhookSecret,
        // Thousands of requests by a handful of users are what this is about; limits are the second server's.
        RATE_LIMIT_USER_READS: "0",
        RATE_LIMIT_USER_WRITES: "0",
        RATE_LIMIT_ADDRESS_REQUESTS: "0",
        RATE_LIMIT_ADDRESS_WRITES: "0",
        RATE_LIMIT_ADDRESS_SHARES: "0",
      },
      keepLog,
    ),
  );
  await server.start();
  const secretAccessKey = (await readFile(join(dataDir, "secrets", "spaces-secret-key"), "utf8")).trim();
  const store = {
    endpoint: `http://127.0.0.1:${storePort}`,
    region: "us-east-1",
    bucket: BUCKET,
    accessKeyId: "local",
    secretAccessKey,
  };
  const strict = stack.use(
    new ServerProcess(
      strictPort,
      {
        ...common,
        SPACES_ENDPOINT: store.endpoint,
        SPACES_REGION: store.region,
        SPACES_BUCKET: store.bucket,
        SPACES_KEY: store.accessKeyId,
        SPACES_SECRET: secretAccessKey,
        STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
        RATE_LIMIT_USER_READS: "50",
        RATE_LIMIT_USER_WRITES: "20",
        RATE_LIMIT_ADDRESS_REQUESTS: "1000",
      },
      keepLog,
    ),
  );
  await strict.start();

  const target: Target = {
    url: server.url,
    pid: server.pid,
    strictUrl: strict.url,
    strictPid: strict.pid,
    store,
    databaseUrl: database.url,
    pageOrigin: PAGE,
    issuer: {
      name: ISSUER,
      audience: AUDIENCE,
      keyId,
      privateJwk: await exportJWK(privateKey),
      publicJwk,
      url: common.JWT_JWKS_URL,
    },
    serviceToken,
    encryptionKey,
    trapPort: trap,
    redirectorPort: redirector,
    people,
    standingSecrets: [
      secretAccessKey,
      serviceToken,
      encryptionKey,
      webhookSecret,
      webhookSecret.slice("whsec_".length),
    ],
    folder,
    postgresLogs: join(postgres.data, "log"),
    openedAt: Date.now(),
  };
  project.provide("target", target);
  const opened = stack.move();
  return () => opened.disposeAsync();
}

/** On every address of this machine, of either family. */
async function listen(stack: AsyncDisposableStack, server: Server | NetServer): Promise<number> {
  server.listen(0);
  await once(server, "listening");
  stack.defer(async () => {
    if ("closeAllConnections" in server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
