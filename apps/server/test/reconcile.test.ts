import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startSpacesEmulator } from "@audiotricks/spaces-emulator";
import { createTestDatabase } from "@audiotricks/testing/database";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { expect, it, vi } from "vitest";
import { environment, startServerProcess, temporaryDirectory, usedDirectory } from "./server-process.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = join(import.meta.dirname, "../src/reconcile-main.ts");

/** The command as an operator runs it. */
async function reconcile(env: Record<string, string>, ...args: string[]) {
  return await new Promise<{ code: number; lines: Record<string, unknown>[]; said: string }>((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env: environment(env) }, (error, stdout, stderr) => {
      const lines = stdout.split("\n").filter((line) => line !== "");
      resolve({
        code: error === null ? 0 : Number(error.code),
        lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
        said: stderr,
      });
    });
  });
}

it("lists what no row knows, and deletes it by the word of that very list alone", async () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "store"));
  await using database = await createTestDatabase<unknown>();
  const credentials = { accessKeyId: "key", secretAccessKey: "secret" };
  await using store = await startSpacesEmulator({
    port: 0,
    dataDir: join(directory.path, "store"),
    credentials: [credentials],
  });
  const env = {
    DATABASE_URL: database.url,
    SPACES_ENDPOINT: store.endpoint,
    SPACES_REGION: "us-east-1",
    SPACES_BUCKET: "audio",
    SPACES_KEY: credentials.accessKeyId,
    SPACES_SECRET: credentials.secretAccessKey,
    SPACES_PREPARE: "true",
    DATA_DIR: join(directory.path, "data"),
  };
  {
    await using server = await startServerProcess(env);
    expect((await server.fetch("/readyz")).status).toBe(200);
  }
  const s3 = new S3Client({
    endpoint: store.endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const key = () => `audio/uploads/2026/11/${randomUUID()}.wav`;
  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: "audio", Key, Body: "12345" }));
  for (const name of [key(), key(), "holiday.jpg"]) await put(name);

  const found = await reconcile(env, "--delete-unknown");
  expect(found.code).toBe(2);
  expect(found.lines.map(({ kind }) => String(kind)).toSorted()).toEqual(
    ["foreign_object", "report", "unknown_object", "unknown_object"].toSorted(),
  );
  const word = /--delete-unknown=([0-9a-f]{12}) /.exec(found.said)?.[1] ?? "";
  expect(found.said).toContain("2 objects (10 bytes)");

  // The list has grown since: what was confirmed is another one.
  await put(key());
  const stale = await reconcile(env, `--delete-unknown=${word}`);
  expect([stale.code, stale.said]).toEqual([1, expect.stringContaining("nothing was deleted")]);
  const fresh = /--delete-unknown=([0-9a-f]{12}) /.exec(stale.said)?.[1] ?? "";
  const deleted = await reconcile(env, `--delete-unknown=${fresh}`);
  expect(deleted.lines.at(-1)).toEqual({ kind: "deletion", deleted: 3 });
  const after = await reconcile(env);
  expect([after.code, after.lines.map(({ kind }) => kind)]).toEqual([0, ["foreign_object", "report"]]);
  s3.destroy();
});

it("refuses while the server has the embedded database, and says what to stop", async () => {
  using directory = await usedDirectory();
  const env = { DATA_DIR: join(directory.path, "data") };
  {
    await using server = await startServerProcess(env);
    const refused = await reconcile(env);
    expect(refused.code).toBe(1);
    expect(refused.said).toContain(`is in use by process ${server.pid}. Stop that one (kill ${server.pid})`);
    server.kill("SIGTERM");
    await server.ended;
  }
  expect(await reconcile(env)).toMatchObject({
    code: 0,
    lines: [{ kind: "report", providers: 1, objects: 0 }],
  });
});

it("says how it is called, and does not touch a schema that is not up to date", async () => {
  using directory = temporaryDirectory();
  const env = { DATA_DIR: join(directory.path, "data") };
  expect(await reconcile(env, "--delete")).toMatchObject({
    code: 1,
    said: "Usage: npm run reconcile -- [--delete-unknown[=WORD]]\n",
  });
  await using database = await createTestDatabase<unknown>();
  await sql`DELETE FROM kysely_migration WHERE name = '0008-jobs'`.execute(database.db);
  const old = await reconcile({ ...env, DATABASE_URL: database.url });
  expect([old.code, old.said]).toEqual([1, expect.stringContaining("lacks 1 migrations")]);
});
