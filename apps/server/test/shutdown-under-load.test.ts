import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";
import { expect, it, vi } from "vitest";
import {
  type ServerProcess,
  startServerProcess,
  temporaryDirectory,
  usedDirectory,
} from "./server-process.ts";
import { downloadedSha256, sha256, uploadByApi } from "./upload-by-api.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 180_000 });

const BYTES = wavBytes(200_000);
const SECRET = `whsec_${randomBytes(32).toString("base64")}`;

/** Uploads one file after the other until the server is gone. */
async function load(
  server: ServerProcess,
  token: string,
  acknowledged: string[],
  failures: string[],
): Promise<void> {
  for (;;) {
    try {
      const { id } = await uploadByApi(server, token, { name: "load.wav", bytes: BYTES });
      acknowledged.push(id);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      if (
        await server.fetch("/healthz").then(
          () => false,
          () => true,
        )
      )
        return;
    }
  }
}

it("stops in the middle of work: says so first, loses nothing it acknowledged, and holds nothing up", async () => {
  using directory = temporaryDirectory();
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  const events: { type: string; data: { file: { id: string } } }[] = [];
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (text) => {
      body += String(text);
    });
    // Slowly, so that some are under way at any moment.
    request.on("end", () => {
      events.push(JSON.parse(body) as (typeof events)[number]);
      setTimeout(() => response.writeHead(204).end(), 300);
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const env = {
    DATABASE_URL: database.url,
    DATA_DIR: join(directory.path, "data"),
    WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    WEBHOOK_ALLOW_HTTP: "true",
    WEBHOOK_SECRET: SECRET,
    SHUTDOWN_DELAY_SECONDS: "1",
  };
  const acknowledged: string[] = [];
  const failures: string[] = [];
  {
    await using server = await startServerProcess(env);
    const { token } = await server.signIn("alpha");
    const clients = Array.from({ length: 6 }, () => load(server, token, acknowledged, failures));
    await expect.poll(() => acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(6);

    server.kill("SIGTERM");
    const start = performance.now();
    await delay(300);
    expect((await server.fetch("/readyz")).status).toBe(503);
    // Not ready for new traffic, and good for what still comes.
    expect((await server.fetch("/healthz")).status).toBe(200);
    expect((await server.fetch("/v1/files", { token })).status).toBe(200);
    expect(await server.ended).toBe(0);
    expect(performance.now() - start).toBeLessThan(1_000 + 5_000);
    await Promise.all(clients);
    expect(server.output()).not.toMatch(/"level":"(?:error|fatal)"/);
  }
  // Refused or cut connections, and nothing that looks like an answer.
  expect(failures.join("\n")).not.toMatch(/: (?:4|5)\d\d /);

  const { rows: leased } = await sql`
    SELECT id FROM multipart_uploads WHERE lease_expires_at > now()
    UNION ALL SELECT id FROM outbox_events WHERE status = 'pending' AND lease_token IS NOT NULL`.execute(db);
  expect(leased).toEqual([]);
  // The log was written out: every acknowledged file has its calls in it.
  const logged = await db
    .selectFrom("spaces_operations")
    .select("file_storage_id")
    .distinct()
    .where("file_storage_id", "in", acknowledged)
    .execute();
  expect(logged).toHaveLength(acknowledged.length);

  await using server = await startServerProcess({ ...env, SHUTDOWN_DELAY_SECONDS: "0" });
  const { token } = await server.signIn("alpha");
  for (const id of acknowledged) expect(await downloadedSha256(server, token, id)).toBe(sha256(BYTES));
  const stored = await db.selectFrom("file_storage").select("id").where("status", "=", "stored").execute();
  const told = () =>
    new Set(events.filter(({ type }) => type === "file.stored").map(({ data }) => data.file.id));
  await expect.poll(() => stored.every(({ id }) => told().has(id)), { timeout: 60_000 }).toBe(true);
  const { rows: miscounted } = await sql`SELECT * FROM recount_storage()`.execute(db);
  expect(miscounted).toEqual([]);
  receiver.closeAllConnections();
  receiver.close();
});

it("closes connections that are kept alive as soon as their answer is out", async () => {
  using directory = await usedDirectory();
  await using server = await startServerProcess({ DATA_DIR: join(directory.path, "data") });
  // Node keeps the connection of this one for the next.
  await server.fetch("/healthz");
  const start = performance.now();
  server.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(2_400);
});

it("ends event streams at once when told to stop, in good order, and waits for none of them", async () => {
  using directory = await usedDirectory();
  await using server = await startServerProcess({
    DATA_DIR: join(directory.path, "data"),
    SHUTDOWN_DELAY_SECONDS: "2",
  });
  const { token } = await server.signIn("alpha");
  const streams = await Promise.all(Array.from({ length: 3 }, () => server.fetch("/v1/events", { token })));
  expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
  const texts = streams.map((stream) => stream.text());
  await delay(200);
  const start = performance.now();
  server.kill("SIGTERM");
  for (const text of await Promise.all(texts)) expect(text).toMatch(/^event: quota\ndata: \{.*\}\n\n$/);
  expect(performance.now() - start).toBeLessThan(1_500);
  // It still serves, and opens none that it would have to end.
  const late = await server.fetch("/v1/events", { token });
  expect([late.status, late.headers.get("retry-after")]).toEqual([503, "30"]);
  expect((await server.fetch("/v1/quota", { token })).status).toBe(200);
  expect(await server.ended).toBe(0);
  expect(performance.now() - start).toBeLessThan(2_000 + 2_400);
});
