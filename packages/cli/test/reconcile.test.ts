import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import {
  CreateMultipartUploadCommand,
  ListObjectsCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readUnknownList } from "../src/reconcile/unknown-list.ts";
import { openS3 } from "./bucket-contents.ts";
import { runCommand, runJson } from "./run-command.ts";
import { STORES, type TestStore } from "./stores.ts";

const DAY_MS = 86_400_000;
const newKey = () => `audio/uploads/2026/11/${randomUUID()}.wav`;

interface Report {
  objects: number;
  findings: Record<string, { count: number; samples: unknown[] }>;
  deletion?: Record<string, number>;
}

describe.each(STORES)("reconcile on %s", (_name, open) => {
  let store: TestStore;
  let s3: S3Client;
  beforeAll(async () => {
    store = await open();
    s3 = openS3(store);
  });
  afterAll(async () => {
    s3.destroy();
    await store[Symbol.asyncDispose]();
  });

  /** A bucket with its provider; the command in it, with a clock of its own. */
  async function openSite() {
    const database = await createTestDatabase<Database>();
    const bucket = `cli-${randomUUID()}`;
    await prepareBucket({ ...store, bucket }, { allowedOrigins: ["https://app.example.com"] });
    const providers = await openProviders({ db: database.db, spaces: { ...store, bucket } });
    const providerId = (await providers.findPrimary())?.id ?? "";
    const env = {
      DATABASE_URL: database.url,
      SPACES_ENDPOINT: store.endpoint,
      SPACES_REGION: store.region,
      SPACES_BUCKET: bucket,
      SPACES_KEY: store.accessKeyId,
      SPACES_SECRET: store.secretAccessKey,
    };
    return {
      db: database.db,
      bucket,
      providerId,
      reconcile: (
        words: string[],
        options: { stdin?: string; aheadMs?: number; interrupted?: AbortSignal } = {},
      ) => runCommand(["reconcile", ...words], { env, ...options }),
      report: async (words: string[] = [], options: { stdin?: string; aheadMs?: number } = {}) => {
        const { stdout } = await runCommand(["reconcile", "--json", ...words], { env, ...options });
        return JSON.parse(stdout) as Report;
      },
      put: (Key: string, Body = "12345") => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body })),
      keys: async () => {
        const { Contents = [] } = await s3.send(new ListObjectsCommand({ Bucket: bucket }));
        return Contents.map(({ Key }) => Key);
      },
      /** A row as of a file that was promised. */
      know: async (key: string) => {
        const userId = await seedUser(database.db);
        await sql`
          INSERT INTO file_storage (original_filename, stored_filename, storage_provider_id, storage_path, storage_url,
            file_size, content_type, user_id, status)
          VALUES ('known.wav', 'known.wav', ${providerId}, ${key}, '', 5, 'audio_file', ${userId}, 'stored')
        `.execute(database.db);
      },
      [Symbol.asyncDispose]: database[Symbol.asyncDispose],
    };
  }

  it("counts findings by name, with samples, and changes nothing", async () => {
    await using site = await openSite();
    const unknown = [newKey(), newKey(), newKey()].toSorted();
    for (const key of [...unknown, "holiday.jpg"]) await site.put(key);
    const missing = newKey();
    await site.know(missing);
    const Key = newKey();
    await s3.send(new CreateMultipartUploadCommand({ Bucket: site.bucket, Key }));
    const before = await site.keys();
    const { objects, findings } = await site.report(["--limit", "2"]);
    expect(objects).toBe(4);
    expect(Object.fromEntries(Object.entries(findings).map(([kind, { count }]) => [kind, count]))).toEqual({
      unknown_object: 3,
      foreign_object: 1,
      object_missing: 1,
      unknown_upload: 1,
    });
    expect(findings.unknown_object?.samples).toMatchObject(
      unknown.slice(0, 2).map((key) => ({ kind: "unknown_object", object: { key, size: 5 } })),
    );
    const { exitCode, stdout } = await site.reconcile([]);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(
      /^4 objects and 1 rows in 1 buckets\.\nobject_missing: 1\. A file that was promised/,
    );
    expect(stdout).toContain(`  ${missing} (file `);
    expect(await site.keys()).toEqual(before);
  });

  it("ends with 0 where there is nothing to look at", async () => {
    await using site = await openSite();
    expect(await site.reconcile([])).toMatchObject({
      exitCode: 0,
      stdout: "0 objects and 0 rows in 1 buckets.\nBuckets and database agree.\n",
    });
    await site.put("holiday.jpg");
    expect(await site.reconcile([])).toMatchObject({ exitCode: 0 });
  });

  it("deletes exactly what was listed and is still unknown, unchanged and old", async () => {
    await using site = await openSite();
    const [gone, kept, known, changed, put] = [newKey(), newKey(), newKey(), newKey(), newKey()];
    for (const key of [gone, kept, known, changed, put]) await site.put(key);
    const listing = await site.reconcile(["--list"]);
    expect(listing.exitCode).toBe(2);
    expect(listing.stderr).toContain("unknown_object: 5.");
    const lines = listing.stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).key)).toEqual([gone, kept, known, changed, put].toSorted());

    // A person takes one away; the world goes on; something is put there that is on no list.
    const list = `${lines.filter((line) => !line.includes(kept)).join("\n")}\n`;
    const later = newKey();
    await site.put(later);
    await site.know(known);
    await site.put(changed, "54321");
    // The same bytes are another object all the same; stores tell time by the second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await site.put(put);
    const before = await site.keys();

    const young = await site.report(["--delete-unknown", "-"], { stdin: list });
    expect(young.deletion).toEqual({ young: 1, not_unknown: 1, changed: 2 });
    expect(await site.keys()).toEqual(before);
    const almost = await site.report(["--delete-unknown", "-"], {
      stdin: list,
      aheadMs: 3 * DAY_MS - 60_000,
    });
    expect(almost.deletion).toEqual({ young: 1, not_unknown: 1, changed: 2 });

    const old = { stdin: list, aheadMs: 3 * DAY_MS + 60_000 };
    const done = await site.reconcile(["--delete-unknown", "-"], old);
    expect(done.exitCode).toBe(2);
    expect(done.stdout).toContain(
      "Of the list: 1 deleted; 1 gone, or known to a row by now; 2 kept: not as listed any more.",
    );
    expect(await site.keys()).toEqual(before.filter((key) => key !== gone));
    // Again: nothing more goes.
    expect((await site.report(["--delete-unknown", "-"], old)).deletion).toEqual({
      not_unknown: 2,
      changed: 2,
    });
    expect(await site.keys()).toEqual(before.filter((key) => key !== gone));
  });

  it("takes the list from a file, and ends with 0 when all of it is gone", async () => {
    await using site = await openSite();
    for (const key of [newKey(), newKey()]) await site.put(key);
    const directory = await mkdtemp(join(tmpdir(), "at-cli-"));
    try {
      const file = join(directory, "unknown.jsonl");
      await writeFile(file, (await site.reconcile(["--list"])).stdout);
      const run = await site.reconcile(["--delete-unknown", file], { aheadMs: 4 * DAY_MS });
      expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("Of the list: 2 deleted.") });
      expect(await site.keys()).toEqual([]);
      const absent = await site.reconcile(["--delete-unknown", `${file}.absent`, "--json"]);
      expect(absent.exitCode).toBe(1);
      expect(JSON.parse(absent.stderr)).toMatchObject({ error: { code: "list_invalid" } });
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it("deletes nothing by a list that is broken anywhere, or for another bucket or a key of somebody else's", async () => {
    await using site = await openSite();
    await site.put(newKey());
    await site.put("holiday.jpg");
    const before = await site.keys();
    const { stdout: list } = await site.reconcile(["--list"]);
    const old = { aheadMs: 4 * DAY_MS };
    for (const stdin of [
      list.slice(0, -1),
      list.slice(0, -20),
      `${list}nonsense\n`,
      `${list}null\n`,
      `${list}{"providerId":"x","key":"y","size":1,"etag":"z","lastModified":"2026-01-01"}\n`,
      list.replace('"size":5', '"size":-5'),
      list.replace('"size":5', '"size":"5"'),
      `${list}${"x".repeat(100_000)}`,
    ]) {
      const { exitCode, stderr } = await site.reconcile(["--json", "--delete-unknown", "-"], {
        stdin,
        ...old,
      });
      expect(exitCode).toBe(1);
      expect(JSON.parse(stderr)).toMatchObject({
        error: { code: "list_invalid", message: expect.stringMatching(/nothing was deleted\.$/) },
      });
    }
    const elsewhere = list.replace(site.providerId, randomUUID());
    expect((await site.report(["--delete-unknown", "-"], { stdin: elsewhere, ...old })).deletion).toEqual({
      not_unknown: 1,
    });
    const foreign = list.replace(/"key":"[^"]+"/, '"key":"holiday.jpg"');
    expect((await site.report(["--delete-unknown", "-"], { stdin: foreign, ...old })).deletion).toEqual({
      not_unknown: 1,
    });
    expect((await site.report(["--delete-unknown", "-"], { stdin: "", ...old })).deletion).toEqual({});
    expect(await site.keys()).toEqual(before);
    for (const words of [["--list", "--json"], ["--list", "--delete-unknown", "-"], ["--delete-unknown"]])
      expect(await site.reconcile(words)).toMatchObject({ exitCode: 64 });
  });

  it("of many that delete by one list each object is deleted once", async () => {
    await using site = await openSite();
    for (let n = 0; n < 5; n++) await site.put(newKey());
    const { stdout: stdin } = await site.reconcile(["--list"]);
    const reports = await Promise.all(
      [1, 2, 3].map(() => site.report(["--delete-unknown", "-"], { stdin, aheadMs: 4 * DAY_MS })),
    );
    for (const { deletion = {} } of reports)
      expect(Object.values(deletion).reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(await site.keys()).toEqual([]);
  });

  it("deletes nothing once it is interrupted", async () => {
    await using site = await openSite();
    await site.put(newKey());
    const { stdout: stdin } = await site.reconcile(["--list"]);
    const run = await site.reconcile(["--delete-unknown", "-"], {
      stdin,
      aheadMs: 4 * DAY_MS,
      interrupted: AbortSignal.abort(),
    });
    expect(run).toMatchObject({ exitCode: 1, stderr: "Stopped before the end: nothing was deleted.\n" });
    expect(await site.keys()).toHaveLength(1);
  });
});

describe("reconcile", () => {
  it("names the bucket that it could not look through, and ends with 2", async () => {
    await using database = await createTestDatabase<Database>();
    const spaces = { endpoint: "http://127.0.0.1:9", region: "r", bucket: "audio" };
    await openProviders({
      db: database.db,
      spaces: { ...spaces, accessKeyId: "AK", secretAccessKey: "very-secret" },
    });
    const env = {
      DATABASE_URL: database.url,
      SPACES_ENDPOINT: spaces.endpoint,
      SPACES_REGION: "r",
      SPACES_BUCKET: "audio",
      SPACES_KEY: "AK",
      SPACES_SECRET: "very-secret",
    };
    const { exitCode, stdout } = await runCommand(["reconcile"], { env });
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/provider_failed: 1\. .*\n {2}[0-9a-f-]{36}: storage_unavailable: /);
    await expect(runJson(["reconcile"], { env })).rejects.toThrow("ended with 2");
  });

  it("puts lines together that came in pieces, in the middle of a character as well", async () => {
    const object = { key: "audio/ü/日本.wav", size: 1, etag: "e", lastModified: "2026-01-01T00:00:00.000Z" };
    const bytes = Buffer.from(`${JSON.stringify({ providerId: randomUUID(), ...object })}\n`.repeat(2));
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
    const entries = await readUnknownList(
      (async function* () {
        yield* pieces;
      })(),
    );
    expect([...entries.values()].map((entry) => entry.object.key)).toEqual(["audio/ü/日本.wav"]);
  });
});
