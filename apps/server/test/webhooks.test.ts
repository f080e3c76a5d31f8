import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Database } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { sql } from "kysely";
import { expect, it, vi } from "vitest";
import { startServerProcess, temporaryDirectory } from "./server-process.ts";
import { uploadByApi } from "./upload-by-api.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 180_000 });

const SECRET = `whsec_${Buffer.alloc(32, 3).toString("base64")}`;
const arriving = { timeout: 60_000, interval: 100 };

async function startReceiver() {
  const ids: (string | undefined)[] = [];
  let answer = (response: ServerResponse): void => {
    response.writeHead(204).end();
  };
  const server = createServer((request, response) => {
    ids.push(request.headers["webhook-id"]?.toString());
    request.resume().on("end", () => answer(response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    ids,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    answerBy: (next: typeof answer) => {
      answer = next;
    },
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

it("delivers once what nothing goes wrong with, and again, under the same id, what it was killed over", async () => {
  using directory = temporaryDirectory();
  using receiver = await startReceiver();
  await using database = await createTestDatabase<Database>();
  const env = {
    DATABASE_URL: database.url,
    DATA_DIR: join(directory.path, "data"),
    WEBHOOK_URL: receiver.url,
    WEBHOOK_ALLOW_HTTP: "true",
    WEBHOOK_SECRET: SECRET,
  };
  {
    await using server = await startServerProcess(env);
    const { token } = await server.signIn("alpha");
    await uploadByApi(server, token, { name: "a.wav", bytes: wavBytes(5000) });
    await expect.poll(() => receiver.ids, arriving).toHaveLength(1);
    // It has arrived, and the server is gone before it hears so.
    receiver.answerBy(() => server.kill("SIGKILL"));
    // Its own answer may be lost with the server; the file is not.
    await uploadByApi(server, token, { name: "b.wav", bytes: wavBytes(6000) }).catch(() => undefined);
    expect(await server.ended).toBe("SIGKILL");
  }
  receiver.answerBy((response) => response.writeHead(204).end());
  await using _next = await startServerProcess(env);
  await delay(2_000);
  expect(receiver.ids).toHaveLength(2);
  // As time does.
  await sql`UPDATE outbox_events SET next_attempt_at = next_attempt_at - interval '1 minute' WHERE status = 'pending'`.execute(
    database.db,
  );
  await expect.poll(() => receiver.ids, arriving).toHaveLength(3);
  expect(receiver.ids[2]).toBe(receiver.ids[1]);
  expect(receiver.ids[1]).not.toBe(receiver.ids[0]);
  await expect
    .poll(async () => {
      const events = await database.db
        .selectFrom("outbox_events")
        .select(["status", "attempts"])
        .orderBy("sequence")
        .execute();
      return events.map(({ status, attempts }) => `${status} ${attempts}`);
    }, arriving)
    .toEqual(["delivered 1", "delivered 2"]);
});
