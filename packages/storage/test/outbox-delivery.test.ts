import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { storageEvent } from "@audiotricks/protocol/events";
import { createTestDatabase, type TestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createOutboxDelivery,
  type Database,
  listDeadLetters,
  type OutboxDeliveryOptions,
  parseWebhookSecrets,
  purgeOutbox,
  replayDeadLetters,
} from "../src/index.ts";
import { startWebhookReceiver, WEBHOOK_SECRET, type WebhookReceiver } from "./webhook-receiver.ts";

let database: TestDatabase<Database>;
let receiver: WebhookReceiver;
beforeEach(async () => {
  [database, receiver] = await Promise.all([createTestDatabase<Database>(), startWebhookReceiver()]);
});
afterEach(async () => {
  expect(receiver.forged).toEqual([]);
  await receiver[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

function worker(options: Partial<OutboxDeliveryOptions> = {}) {
  const endpoint = { url: receiver.url, secrets: parseWebhookSecrets(WEBHOOK_SECRET) };
  return createOutboxDelivery({ db: database.db, endpoint, ...options });
}

/** Events as the triggers write them; `keys` in the order they happened. */
async function happen(...keys: string[]): Promise<void> {
  for (const key of keys)
    await sql`INSERT INTO outbox_events (event_type, ordering_key, data)
      VALUES ('file.stored', ${key}, jsonb_build_object('key', ${key}::text))`.execute(database.db);
}

async function eventsBy(status: string) {
  return database.db
    .selectFrom("outbox_events")
    .selectAll()
    .where("status", "=", status)
    .orderBy("sequence")
    .execute();
}

const inMinutes = (minutes: number) => () => new Date(Date.now() + minutes * 60_000);

describe("delivery of the outbox", () => {
  it("delivers each event once, signed, with its version, and in order for each key", async () => {
    const keys = Array.from({ length: 60 }, (_, index) => `file:${index % 7}`);
    await happen(...keys);
    const reports = await Promise.all([worker()(), worker()(), worker()()]);
    expect(reports.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(60);
    expect(new Set(receiver.deliveries.map(({ id }) => id)).size).toBe(60);
    expect(receiver.deliveries).toHaveLength(60);
    for (const ofKey of Map.groupBy(receiver.deliveries, ({ event }) => event.data.key).values()) {
      const sequences = ofKey.map(({ event }) => event.sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    }
    expect(receiver.deliveries[0]?.event).toMatchObject({ type: "file.stored", version: 1 });
    expect(await eventsBy("pending")).toEqual([]);
  });

  it("delivers what the triggers wrote as the contract has it, of every type", async () => {
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${user}, 100)`.execute(db);
    const { rows } = await sql<{ id: string }>`
      INSERT INTO file_storage (original_filename, stored_filename, storage_provider_id, storage_path, storage_url, file_size,
        content_type, user_id, status)
      SELECT 'a.wav', 'a.wav', id, 'audio/' || s.n, '/x', 85, 'audio_file', ${user}, s.status
      FROM storage_providers, (VALUES (1, 'stored'), (2, 'uploading')) s (n, status) RETURNING id`.execute(
      db,
    );
    const [stored, uploading] = rows.map(({ id }) => id);
    await sql`UPDATE file_storage SET status = 'failed' WHERE id = ${uploading}`.execute(db);
    await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${stored}`.execute(db);
    await sql`UPDATE file_storage SET status = 'deleted', deleted_at = now() WHERE id = ${stored}`.execute(
      db,
    );
    await worker()();
    const events = receiver.deliveries.map(({ event }) => storageEvent.parse(event));
    expect(events.map(({ type }) => type).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "file.deleted",
      "file.stored",
      "quota.warning",
      "upload.failed",
    ]);
    expect(events.find(({ type }) => type === "quota.warning")).toMatchObject({
      data: { scope: "user", scopeId: user, threshold: 80, usedBytes: 85, limitBytes: 100 },
    });
  });

  it("sends nothing about a file before what came earlier was taken, whoever tries", async () => {
    await happen("file:a", "file:a", "file:b");
    receiver.answer = ({ event }, response) =>
      response.writeHead(event.data.key === "file:a" ? 500 : 204).end();
    await Promise.all([worker()(), worker()()]);
    expect(receiver.deliveries).toHaveLength(2);
    expect(new Set(receiver.deliveries.map(({ event }) => event.data.key))).toEqual(
      new Set(["file:a", "file:b"]),
    );
    receiver.answer = (_, response) => response.writeHead(204).end();
    await worker({ now: inMinutes(1) })();
    expect(receiver.deliveries.slice(2).map(({ event }) => event.sequence)).toEqual([1, 2]);
  });

  it("delivers again, under the same id, what a worker was killed over between sending and noting", async () => {
    await happen("file:a", "file:a");
    const arrived = Promise.withResolvers<void>();
    // The first answer never comes: to the database that is a process that died after it had sent.
    receiver.answer = () => arrived.resolve();
    const killed = worker({ lanes: 1, timeoutMs: 60_000 })();
    await arrived.promise;
    receiver.answer = (_, response) => response.writeHead(204).end();
    expect(await worker()()).toMatchObject({ delivered: 0 });
    expect(await worker({ now: inMinutes(2) })()).toMatchObject({ delivered: 2 });
    const ids = receiver.deliveries.map(({ id }) => id);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[1]);
    // It wakes after all, and must not undo what the other noted.
    await receiver[Symbol.asyncDispose]();
    receiver = await startWebhookReceiver();
    await killed;
    expect((await eventsBy("delivered")).map(({ last_error, attempts }) => [last_error, attempts])).toEqual([
      [null, 2],
      [null, 1],
    ]);
  });

  it.each<[string, WebhookReceiver["answer"], string]>([
    ["answers 500", (_, response) => response.writeHead(500).end("secret words"), "http_500"],
    ["answers 404", (_, response) => response.writeHead(404).end(), "http_404"],
    ["redirects", (_, response) => response.writeHead(307, { location: "/elsewhere" }).end(), "http_307"],
    ["hangs", () => undefined, "timeout"],
    ["hangs up", (_, response) => response.socket?.destroy(), "network_UND_ERR_SOCKET"],
  ])("tries again later when the endpoint %s", async (_, answer, reason) => {
    await happen("file:a");
    receiver.answer = answer;
    const start = performance.now();
    expect(await worker({ timeoutMs: 300 })()).toMatchObject({ delivered: 0, refused: 1, dead: [] });
    expect(performance.now() - start).toBeLessThan(5_000);
    // Nothing is followed, and nothing is due at once.
    expect(await worker()()).toMatchObject({ delivered: 0, refused: 0 });
    expect(receiver.deliveries).toHaveLength(1);
    const [event] = await eventsBy("pending");
    expect(event).toMatchObject({ attempts: 1, last_error: reason });
    receiver.answer = (__, response) => response.writeHead(204).end();
    expect(await worker({ now: inMinutes(1) })()).toMatchObject({ delivered: 1 });
  });

  it("takes the word of an endpoint that then answers 10 MB or never ends, and reads none of it", async () => {
    await happen("file:a", "file:b");
    let written = 0;
    receiver.answer = ({ event }, response) => {
      response.writeHead(200);
      if (event.data.key === "file:a") {
        response.write(Buffer.alloc(10_000_000), () => {
          written += 1;
        });
        response.end();
      } else response.write("…");
    };
    const start = performance.now();
    expect(await worker()()).toMatchObject({ delivered: 2 });
    expect(performance.now() - start).toBeLessThan(5_000);
    await delay(200);
    expect(written).toBeLessThanOrEqual(1);
  });

  it("waits as long as it is asked to", async () => {
    await happen("file:a");
    receiver.answer = (_, response) => response.writeHead(429, { "retry-after": "1800" }).end();
    await worker()();
    expect(await worker({ now: inMinutes(29) })()).toMatchObject({ refused: 0 });
    expect(await worker({ now: inMinutes(31) })()).toMatchObject({ refused: 1 });
  });

  it("gives up at last, keeps what it gave up for people, and sends it again on demand", async () => {
    await happen("file:a", "file:a", "file:b");
    receiver.answer = ({ event }, response) => response.writeHead(event.sequence === 1 ? 500 : 204).end();
    const first = await worker({ maxAttempts: 2 })();
    expect(first.dead).toEqual([]);
    const poison = receiver.deliveries.find(({ event }) => event.sequence === 1);
    const second = await worker({ maxAttempts: 2, now: inMinutes(1) })();
    expect(second.dead).toEqual([{ id: poison?.id, type: "file.stored", reason: "http_500" }]);
    // What came later about the file is not held up for ever.
    expect(second.delivered).toBe(1);
    expect(await eventsBy("pending")).toEqual([]);
    const letters = await listDeadLetters(database.db);
    expect(letters).toMatchObject([
      {
        type: "file.stored",
        orderingKey: "file:a",
        attempts: 2,
        lastError: "http_500",
        data: { key: "file:a" },
      },
    ]);
    const { rows } = await sql<{ id: string }>`SELECT id FROM outbox_dead_letters`.execute(database.db);
    expect(rows).toEqual([{ id: letters[0]?.id }]);

    expect(await replayDeadLetters(database.db, [randomUUID()])).toBe(0);
    expect(await replayDeadLetters(database.db, [letters[0]?.id ?? ""])).toBe(1);
    receiver.answer = (_, response) => response.writeHead(204).end();
    expect(await worker({ now: inMinutes(1) })()).toMatchObject({ delivered: 1 });
    expect(receiver.deliveries.at(-1)?.id).toBe(letters[0]?.id);
    expect(await listDeadLetters(database.db)).toEqual([]);
    expect(await replayDeadLetters(database.db)).toBe(0);
  });

  it("leaves an endpoint alone that is down, instead of spending the attempts of everything on it", async () => {
    await happen(...Array.from({ length: 100 }, (_, index) => `file:${index}`));
    receiver.answer = (_, response) => response.writeHead(503).end();
    const report = await worker({ lanes: 4 })();
    expect(report.isEndpointDown).toBe(true);
    expect(report.refused).toBeLessThanOrEqual(8 + 4);
    const pending = await eventsBy("pending");
    expect(pending.filter(({ attempts }) => attempts === 0).length).toBeGreaterThanOrEqual(88);
  });

  it("stops at once when told to, and leaves what was under way to others", async () => {
    await happen("file:a");
    const controller = new AbortController();
    receiver.answer = () => controller.abort();
    const start = performance.now();
    await worker()({ signal: controller.signal });
    expect(performance.now() - start).toBeLessThan(5_000);
    receiver.answer = (_, response) => response.writeHead(204).end();
    expect(await worker()()).toMatchObject({ delivered: 1 });
    expect(receiver.deliveries.map(({ id }) => id)).toEqual([
      receiver.deliveries[0]?.id,
      receiver.deliveries[0]?.id,
    ]);
    expect(await eventsBy("delivered")).toMatchObject([{ attempts: 1 }]);
  });

  it("stamps deliveries by the database's clock, not by the server's own", async () => {
    await happen("file:a");
    const stamps: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      stamps.push(request.headers["webhook-timestamp"]?.toString());
      response.writeHead(204).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const real = Date.now;
    // The process believes it is an hour later: receivers would refuse that.
    Date.now = () => real() + 3_600_000;
    try {
      const endpoint = { url: `http://127.0.0.1:${port}/`, secrets: parseWebhookSecrets(WEBHOOK_SECRET) };
      expect(await worker({ endpoint })()).toMatchObject({ delivered: 1 });
    } finally {
      Date.now = real;
      server.closeAllConnections();
      server.close();
    }
    expect(Math.abs(Number(stamps[0]) - Date.now() / 1000)).toBeLessThan(60);
  });

  it("keeps what was delivered for a week, dead letters for good, and the unsent only while somebody is to be told", async () => {
    await happen("file:old", "file:new", "file:dead", "file:unsent");
    await sql`UPDATE outbox_events SET status = 'delivered', settled_at = now() - interval '8 days'
      WHERE ordering_key = 'file:old'`.execute(database.db);
    await sql`UPDATE outbox_events SET status = 'delivered', settled_at = now() WHERE ordering_key = 'file:new'`.execute(
      database.db,
    );
    await sql`UPDATE outbox_events SET status = 'dead', settled_at = now() - interval '1 year'
      WHERE ordering_key = 'file:dead'`.execute(database.db);
    await sql`UPDATE outbox_events SET occurred_at = now() - interval '8 days' WHERE ordering_key = 'file:unsent'`.execute(
      database.db,
    );
    expect(await purgeOutbox(database.db, { hasEndpoint: true })).toBe(1);
    expect(await purgeOutbox(database.db, { hasEndpoint: false })).toBe(1);
    const left = await database.db
      .selectFrom("outbox_events")
      .select("ordering_key")
      .orderBy("sequence")
      .execute();
    expect(left.map((row) => row.ordering_key)).toEqual(["file:new", "file:dead"]);
  });
});
