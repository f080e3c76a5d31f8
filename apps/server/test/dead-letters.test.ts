import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { lockDataDirectory } from "@audiotricks/embedded";
import type { Database } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { type Kysely, sql } from "kysely";
import { expect, it, vi } from "vitest";
import { environment, startServerProcess, temporaryDirectory } from "./server-process.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 180_000 });

const MAIN = join(import.meta.dirname, "../src/dead-letters-main.ts");

/** The command as an operator runs it. */
async function deadLetters(env: Record<string, string>, ...args: string[]) {
  return await new Promise<{ code: number; lines: string[]; said: string }>((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: environment(env) }, (error, stdout, stderr) => {
      const lines = stdout.split("\n").filter((line) => line !== "");
      resolve({ code: error === null ? 0 : Number(error.code), lines, said: stderr.trim() });
    });
  });
}

/** Events that were given up, the last of them first. */
async function giveUp(db: Kysely<Database>, count: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO outbox_events (event_type, ordering_key, data, status, attempts, last_error, settled_at)
    SELECT 'file.stored', 'file:' || n, jsonb_build_object('n', n), 'dead', 12, 'http_500', now() - make_interval(mins => n)
    FROM generate_series(1, ${count}::integer) n RETURNING id`.execute(db);
  return rows.map(({ id }) => id);
}

it("lists, sends again and drops what was given up, on the database of a running server", async () => {
  using directory = temporaryDirectory();
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  const taken: (string | undefined)[] = [];
  const receiver = createServer((request, response) => {
    taken.push(request.headers["webhook-id"]?.toString());
    request.resume().on("end", () => response.writeHead(204).end());
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const env = {
    DATABASE_URL: database.url,
    DATA_DIR: join(directory.path, "data"),
    WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    WEBHOOK_ALLOW_HTTP: "true",
    WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 3).toString("base64")}`,
  };
  await using _server = await startServerProcess(env);
  const [first = "", second = "", third = ""] = await giveUp(db, 3);
  const pending = randomUUID();
  await sql`INSERT INTO outbox_events (id, event_type, ordering_key, data, next_attempt_at)
    VALUES (${pending}, 'file.stored', 'file:p', '{}', now() + interval '1 hour')`.execute(db);

  const [listed, asJson, fewer] = await Promise.all([
    deadLetters(env),
    deadLetters(env, "list", "--json"),
    deadLetters(env, "--limit=2"),
  ]);
  expect([listed.code, listed.said]).toEqual([0, "3 events were given up."]);
  expect(listed.lines[0]).toMatch(
    new RegExp(`^${first}  file\\.stored  file:1  \\S+Z  12 attempts  http_500$`),
  );
  expect(asJson.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(
    [first, second, third].map((id, index) => ({ id, attempts: 12, data: { n: index + 1 } })),
  );
  expect([fewer.lines.length, fewer.said]).toEqual([2, expect.stringContaining("--limit=N lists more")]);

  // What is on its way is not the command's to take, and a repeat finds nothing left to do.
  expect(await deadLetters(env, "drop", second, pending, "--json")).toMatchObject({
    code: 1,
    lines: ['{"do":"drop","asked":2,"done":1}'],
    said: "1 events were dropped. 1 are no dead letters.",
  });
  expect(await deadLetters(env, "drop", second)).toMatchObject({ code: 1 });
  const both = await Promise.all([deadLetters(env, "retry", first), deadLetters(env, "retry", first)]);
  expect(both.map(({ code }) => `${code}`).toSorted()).toEqual(["0", "1"]);
  await expect.poll(() => taken, { timeout: 60_000, interval: 100 }).toEqual([first]);

  expect(await deadLetters(env, "drop", "--all")).toMatchObject({ code: 0, said: "1 events were dropped." });
  const left = await db.selectFrom("outbox_events").select(["id", "status"]).orderBy("id").execute();
  expect(left.map(({ id }) => id).toSorted()).toEqual([first, pending].toSorted());
  receiver.closeAllConnections();
  receiver.close();
});

it("refuses while another process has the embedded database, and what is no wish", async () => {
  using directory = temporaryDirectory();
  const dataDir = join(directory.path, "data");
  const lock = lockDataDirectory(dataDir);
  const [refused, wrong] = await Promise.all([
    deadLetters({ DATA_DIR: dataDir }),
    deadLetters({ DATA_DIR: dataDir }, "drop"),
  ]);
  lock.release();
  expect([refused.code, refused.said]).toEqual([1, expect.stringContaining(`kill ${process.pid}`)]);
  expect([wrong.code, wrong.said]).toEqual([1, expect.stringContaining("Usage: npm run dead-letters")]);
});
