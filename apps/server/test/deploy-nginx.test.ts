import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type IncomingMessage, get as plainGet } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Database } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { freePort } from "@audiotricks/testing/free-port";
import { expect, it, vi } from "vitest";
import { startServerProcess, temporaryDirectory } from "./server-process.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 240_000 });

const SITE = join(import.meta.dirname, "../../../deploy/nginx/audiotricks-uploads.conf");
const HOST = "uploads.example.com";
/** Where the test's requests come from: this machine's, but not the proxy's address. */
const CLIENT = "127.0.0.2";
const TOKEN = "S".repeat(43);
/** Debian keeps nginx where only root looks for programs. */
const ENV = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

it("passes nginx's own test, and brings requests to the server as it should, without writing tokens down", async () => {
  using directory = temporaryDirectory();
  await using database = await createTestDatabase<Database>();
  const server = await startServerProcess({
    DATABASE_URL: database.url,
    DATA_DIR: join(directory.path, "data"),
    DEMO: "true",
    TRUSTED_PROXIES: "127.0.0.1",
    LOG_LEVEL: "info",
  });
  await using _server = server;
  const [http, https, closed] = await Promise.all([freePort(), freePort(), freePort()]);
  await using nginx = await startNginx(directory.path, {
    http,
    https,
    servers: [closed, Number(new URL(server.url).port)],
  });

  const redirect = await answerOf(
    plainGet({ port: http, path: "/v1/files?limit=1", headers: { host: HOST } }),
  );
  expect([redirect.status, redirect.headers.location]).toEqual([308, `https://${HOST}/v1/files?limit=1`]);

  const ask = async (path: string, options: Ask = {}) => {
    const { method = "GET", headers = {}, body } = options;
    const asked = request({
      port: https,
      path,
      method,
      servername: HOST,
      ca: nginx.certificate,
      localAddress: CLIENT,
      agent: false,
      headers: { host: HOST, ...headers },
    });
    return await answerOf(asked, body);
  };
  // One of the two servers is not there: the other answers.
  const ready = await ask("/readyz");
  expect(ready.status).toBe(200);
  expect(ready.headers).toMatchObject({
    "strict-transport-security": "max-age=31536000",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  expect(ready.headers.server).toBe("nginx");
  expect((await ask("/metrics")).status).toBe(404);

  const forged = { "x-forwarded-for": "203.0.113.9", "x-request-id": "made-up" };
  const refused = await ask("/v1/files", { headers: forged });
  expect(refused.status).toBe(401);
  const requestId = String(refused.headers["x-request-id"]);
  expect(requestId).toMatch(/^[0-9a-f]{32}$/);
  await expect
    .poll(
      async () =>
        await database.db
          .selectFrom("storage_audit")
          .select("address")
          .where("action", "=", "listFiles")
          .execute(),
      { timeout: 30_000 },
    )
    .toEqual([{ address: CLIENT }]);
  expect(server.output()).toContain(requestId);

  const body = (bytes: number) => ({
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "x".repeat(bytes) }),
  });
  const { token } = JSON.parse(
    (
      await ask("/demo/token", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"user":"alpha"}',
      })
    ).body,
  ) as { token: string };
  // Events come as they happen: neither gathered nor compressed on their way.
  const stream = request({
    port: https,
    path: "/v1/events",
    servername: HOST,
    ca: nginx.certificate,
    localAddress: CLIENT,
    agent: false,
    headers: { host: HOST, authorization: `Bearer ${token}`, "accept-encoding": "gzip" },
  });
  stream.end();
  const [events] = (await once(stream, "response")) as [IncomingMessage];
  expect([events.statusCode, events.headers["content-encoding"]]).toEqual([200, undefined]);
  let told = "";
  events.setEncoding("utf8").on("data", (more: string) => {
    told += more;
  });
  await expect.poll(() => told, { timeout: 5_000 }).toContain('"reservedBytes":0');
  const begun = await ask("/v1/uploads", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ files: [{ clientId: "1", name: "a.wav", size: 4321 }] }),
  });
  expect(begun.status).toBe(200);
  await expect.poll(() => told, { timeout: 15_000 }).toContain('"reservedBytes":4321');
  stream.destroy();

  const large = body(1_500_000);
  const tooLarge = await ask("/v1/uploads", {
    ...large,
    headers: { ...large.headers, authorization: `Bearer ${token}` },
  });
  expect(tooLarge.status).toBe(413);
  expect(JSON.parse(tooLarge.body)).toMatchObject({ error: { code: "body_too_large" } });
  expect((await ask("/v1/uploads", body(3_000_000))).status).toBe(413);

  for (const path of [`/s/${TOKEN}`, `/s3-token/${TOKEN}/s3/params?filename=a.mp3`, `/v1/s3-tokens/${TOKEN}`])
    await ask(path);
  await answerOf(plainGet({ port: http, path: `/s/${TOKEN}`, headers: { host: HOST } }));
  server.kill("SIGKILL");
  await server.ended;
  expect((await ask(`/s/${TOKEN}`)).status).toBe(502);
  const lines = nginx.accessLog().trim().split("\n");
  for (const line of lines) expect(() => void JSON.parse(line)).not.toThrow();
  expect(nginx.accessLog()).toContain(requestId);
  expect(nginx.accessLog()).toContain('"path":"/s3-token/…/s3/params"');
  expect(nginx.accessLog() + nginx.errorLog()).not.toContain(TOKEN);
});

interface Ask {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function answerOf(asked: ReturnType<typeof request>, body?: string) {
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

/** The site as it is, but for ports, files and certificate of this machine. */
async function startNginx(
  root: string,
  { http, https, servers }: { http: number; https: number; servers: [number, number] },
) {
  const certificate = join(root, "certificate.pem");
  const key = join(root, "key.pem");
  const subject = ["-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`];
  const kind = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");
  run("openssl", [...kind, ...subject, "-keyout", key, "-out", certificate]);
  const logs = join(root, "logs");
  mkdirSync(logs);
  const site = readFileSync(SITE, "utf8")
    .replace(/^.*listen \[::\].*$/gm, "")
    .replace("listen 80;", `listen 127.0.0.1:${http};`)
    .replace("listen 443 ", `listen 127.0.0.1:${https} `)
    .replace("127.0.0.1:3001", `127.0.0.1:${servers[0]}`)
    .replace("127.0.0.1:3002", `127.0.0.1:${servers[1]}`)
    .replaceAll("/var/log/nginx", logs)
    .replace(/\/etc\/letsencrypt\S*fullchain\.pem/, certificate)
    .replace(/\/etc\/letsencrypt\S*privkey\.pem/, key);
  const file = join(root, "site.conf");
  writeFileSync(file, site);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(root, kind)};`)
    .join("\n");
  const main = join(root, "nginx.conf");
  // Started by root, its workers would be somebody who may not write here.
  writeFileSync(
    main,
    `${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
pid ${join(root, "nginx.pid")};
events {}
http {
${temporary}
include ${file};
}
`,
  );
  const errorLog = join(logs, "error.log");
  const args = ["-c", main, "-e", errorLog];
  const told = run("nginx", ["-t", ...args]);
  expect(told).not.toMatch(/\[(warn|error|emerg)\]/);
  const child = spawn("nginx", args, { stdio: "ignore", env: ENV });
  const ended = once(child, "exit");
  await expect
    .poll(
      () =>
        answerOf(plainGet({ port: http, path: "/", headers: { host: HOST } })).then(
          ({ status }) => status,
          () => 0,
        ),
      { timeout: 30_000 },
    )
    .toBe(308);
  const readLog = (name: string) => readFileSync(join(logs, name), "utf8");
  return {
    certificate: readFileSync(certificate),
    accessLog: () => readLog("audiotricks-uploads.access.log"),
    errorLog: () => readLog("error.log") + readLog("audiotricks-uploads.error.log"),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Standard error, where both say what they do. */
function run(command: string, args: string[]): string {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", env: ENV });
  if (error !== undefined) throw new Error(`${command} is missing: install ${command}`, { cause: error });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stderr;
}
