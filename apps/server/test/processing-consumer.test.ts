import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import type { Database } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { freePort } from "@audiotricks/testing/free-port";
import { sql } from "kysely";
import { expect, it, onTestFailed, vi } from "vitest";
import { startServerProcess, temporaryDirectory } from "./server-process.ts";
import { downloadedSha256, sha256, uploadByApi } from "./upload-by-api.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 180_000 });

const MAIN = join(import.meta.dirname, "../../processing-consumer/src/main.ts");

async function startConsumer(env: Record<string, string>) {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes("Receiving events")) resolve();
    });
  const ended = once(child, "exit");
  onTestFailed(() => console.error(output));
  await Promise.race([ready, ended.then(() => Promise.reject(new Error(`It ended:\n${output}`)))]);
  return {
    output: () => output,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    ended,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}

it("tells the example pipeline of a file, which makes files of it and links the history, also over its own crash", async () => {
  using directory = temporaryDirectory();
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  const port = await freePort();
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const token = randomBytes(32).toString("hex");
  const shared = { WEBHOOK_SECRET: secret, SERVICE_TOKEN: token, DATABASE_URL: database.url };
  await using server = await startServerProcess({
    ...shared,
    WEBHOOK_URL: `http://127.0.0.1:${port}/events`,
    WEBHOOK_ALLOW_HTTP: "true",
    DATA_DIR: join(directory.path, "data"),
  });
  const consumerEnv = { ...shared, STORAGE_URL: server.url, PORT: String(port), CHUNK_SECONDS: "2" };
  const { token: alpha, workspaces } = await server.signIn("alpha");
  const workspaceId = workspaces[0]?.id ?? "";
  const stateOf = async (id: string) => {
    const row = await db.selectFrom("file_storage").select("status").where("id", "=", id).executeTakeFirst();
    return row?.status;
  };
  const processed = { timeout: 60_000, interval: 200 };

  // 5 s of 16-bit stereo at 44.1 kHz: three pieces of 2 s.
  const bytes = wavBytes(44 + 5 * 176_400);
  let first: string;
  {
    await using consumer = await startConsumer(consumerEnv);
    const file = await uploadByApi(server, alpha, { name: "Take 1.wav", bytes, workspaceId });
    first = file.id;
    await expect.poll(() => stateOf(first), processed).toBe("processed");
    const derived = await db
      .selectFrom("file_storage")
      .selectAll()
      .where("derived_from", "=", first)
      .orderBy("created_at")
      .execute();
    expect(derived.map((row) => [row.original_filename, row.status, row.content_category])).toEqual([
      ["Take 1 (processed).wav", "stored", "processed"],
      ["Take 1 (1).wav", "stored", "chunk"],
      ["Take 1 (2).wav", "stored", "chunk"],
      ["Take 1 (3).wav", "stored", "chunk"],
    ]);
    for (const row of derived) {
      const place = row.content_category === "chunk" ? "chunks" : "processed";
      expect(row.storage_path).toMatch(new RegExp(`^audio/${place}/\\d{4}/\\d\\d/${row.id}\\.wav$`));
      expect(row).toMatchObject({
        user_id: file.ownerId,
        workspace_id: workspaceId,
        access_level: "workspace",
      });
    }
    expect(await downloadedSha256(server, alpha, derived[0]?.id ?? "")).toBe(sha256(bytes));
    const history = await db.selectFrom("audio_history").selectAll().execute();
    expect(history).toMatchObject([
      {
        title: "Take 1.wav",
        file_storage_id: first,
        audio_url: `/v1/files/${first}/content`,
        user_id: file.ownerId,
      },
    ]);
    // What a service reads is no download.
    await expect.poll(() => countDownloads(), processed).toEqual([1]);
    const { rows: miscounted } = await sql`SELECT * FROM recount_storage()`.execute(db);
    expect(miscounted).toEqual([]);

    // The same event again, as after an answer that was lost: nothing is made twice.
    await sql`UPDATE outbox_events SET status = 'pending', settled_at = NULL, next_attempt_at = now()`.execute(
      db,
    );
    await expect
      .poll(
        () => db.selectFrom("outbox_events").select("id").where("status", "=", "pending").execute(),
        processed,
      )
      .toEqual([]);
    expect(await db.selectFrom("file_storage").select("id").execute()).toHaveLength(5);
    expect(await db.selectFrom("audio_history").select("id").execute()).toHaveLength(1);
    expect(consumer.output()).not.toContain(token);
    consumer.kill("SIGKILL");
    await consumer.ended;
  }
  async function countDownloads(): Promise<number[]> {
    const rows = await db
      .selectFrom("file_storage")
      .select("download_count")
      .where("download_count", ">", 0)
      .execute();
    return rows.map((row) => row.download_count);
  }

  // Stored while nobody listened; and one that was left in the middle.
  const second = await uploadByApi(server, alpha, { name: "Take 2.wav", bytes });
  await sql`UPDATE file_storage SET status = 'processing' WHERE id = ${first}`.execute(db);
  await using _again = await startConsumer(consumerEnv);
  await expect
    .poll(() => Promise.all([stateOf(first), stateOf(second.id)]), processed)
    .toEqual(["processed", "processed"]);
  expect(await db.selectFrom("file_storage").select("id").execute()).toHaveLength(10);
  expect(await db.selectFrom("audio_history").select("id").execute()).toHaveLength(2);

  // A stranger's delivery, and one with another secret.
  const forged = await fetch(`http://127.0.0.1:${port}/events`, {
    method: "POST",
    headers: {
      "webhook-id": "1",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": "v1,AAAA",
    },
    body: "{}",
  });
  expect(forged.status).toBe(401);
  expect(server.output()).not.toContain(secret);

  // What was made of a file goes with it.
  expect((await server.fetch(`/v1/files/${first}`, { method: "DELETE", token: alpha })).status).toBe(200);
  const left = await db
    .selectFrom("file_storage")
    .select("id")
    .where("derived_from", "=", first)
    .where("status", "not in", ["deleting", "deleted"])
    .execute();
  expect(left).toEqual([]);
});
