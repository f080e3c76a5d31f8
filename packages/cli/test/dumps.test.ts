import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbeddedDatabase } from "@audiotricks/embedded";
import {
  createStorage,
  type Database,
  type DumpAbout,
  openProviders,
  parseEnvelopeKey,
  parseKeyring,
  prepareBucket,
  readDatabaseFacts,
  sealDump,
  sealSecret,
} from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { prepareEmbeddedDatabase } from "@audiotricks/testing/migrated-pglite";
import { seedUser } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { drillDatabase } from "../src/dumps/drill-database.ts";
import { openDatabase } from "../src/open-database.ts";
import { readSettings } from "../src/settings.ts";
import { type CommandRun, ENCRYPTION_KEY, runCommand, runJson } from "./run-command.ts";
import { openEmulator, type TestStore } from "./stores.ts";

let store: TestStore;
let directory: string;
beforeAll(async () => {
  store = await openEmulator();
});
afterAll(() => store[Symbol.asyncDispose]());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "at-dumps-"));
  return () => rm(directory, { recursive: true });
});

async function open() {
  const database = await createTestDatabase<Database>();
  const { db, url } = database;
  const spaces = { ...store, bucket: `cli-${randomUUID()}` };
  await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
  const { id: provider } = await db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
  const env = {
    DATABASE_URL: url,
    STORAGE_ENCRYPTION_KEY: ENCRYPTION_KEY,
    SPACES_ENDPOINT: store.endpoint,
    SPACES_REGION: store.region,
    SPACES_BUCKET: spaces.bucket,
    SPACES_KEY: store.accessKeyId,
    SPACES_SECRET: store.secretAccessKey,
    PATH: process.env.PATH ?? "",
  };
  const made: string[] = [];
  return {
    db,
    url,
    env,
    storage,
    provider,
    bucket: [
      "--endpoint",
      store.endpoint,
      "--region",
      store.region,
      "--bucket",
      spaces.bucket,
      "--access-key-id",
      store.accessKeyId,
    ],
    cli: (words: string[], options: Parameters<typeof runCommand>[1] = {}) =>
      runCommand(words, { directory, ...options, env: { ...env, ...options.env } }),
    json: <Result>(...words: string[]) => runJson<Result>(words, { env, directory }),
    /** URL of a database that is not there, and is gone afterwards. */
    fresh: () => {
      const other = new URL(url);
      other.pathname = `/restored_${randomUUID().replaceAll("-", "")}`;
      made.push(other.pathname.slice(1));
      return other.href;
    },
    isThere: async (other: string) =>
      (await sql`SELECT FROM pg_database WHERE datname = ${new URL(other).pathname.slice(1)}`.execute(db))
        .rows.length > 0,
    async [Symbol.asyncDispose]() {
      await storage.close();
      for (const name of made) await sql`DROP DATABASE IF EXISTS ${sql.id(name)} WITH (FORCE)`.execute(db);
      await database[Symbol.asyncDispose]();
    },
  };
}

async function look<Result>(url: string, work: (db: Kysely<Database>) => Promise<Result>): Promise<Result> {
  const db = await openDatabase(url, { needsNoSchema: true });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

const idsOf = (db: Kysely<Database>) => db.selectFrom("users").select("id").orderBy("id").execute();
const errorOf = ({ exitCode, stdout, stderr }: CommandRun) => {
  expect([exitCode, stdout]).toEqual([1, ""]);
  return (JSON.parse(stderr) as { error: { code: string; message: string } }).error;
};

describe("backup database and restore database", () => {
  it("take all of a database to a bucket and back, also where no database tells of the bucket", async () => {
    await using on = await open();
    for (let user = 0; user < 3; user++) await seedUser(on.db);
    const made = await on.json<{ key: string; id: string }>("backup", "database", "--provider", on.provider);
    const { dumps } = await on.json<{ dumps: unknown[] }>("backup", "list");
    expect(dumps).toMatchObject([{ id: made.id, key: made.key, state: "stored", engine: "postgres" }]);
    expect((await on.cli(["backup", "list"])).stdout).toContain(made.key);

    const lost = on.fresh();
    const restored = await on.cli(
      ["restore", "database", "--from", "latest", "--into", lost, ...on.bucket, "--json"],
      {
        stdin: store.secretAccessKey,
        env: { DATABASE_URL: "" },
      },
    );
    expect(restored).toMatchObject({ exitCode: 0, stderr: "" });
    expect(JSON.parse(restored.stdout)).toMatchObject({
      id: made.id,
      from: made.key,
      applied: [],
      reconciled: { findings: {} },
    });
    expect(await look(lost, idsOf)).toEqual(await idsOf(on.db));
    const audit = await look(lost, (db) =>
      db
        .selectFrom("storage_audit")
        .select(["action", "actor"])
        .where("action", "=", "restoreDatabase")
        .execute(),
    );
    expect(audit).toEqual([{ action: "restoreDatabase", actor: "cli:alice@test" }]);

    const again = await on.cli([
      "restore",
      "database",
      "--from",
      made.key,
      "--provider",
      on.provider,
      "--into",
      lost,
      "--json",
    ]);
    expect(errorOf(again)).toMatchObject({ code: "database_not_empty" });
    expect(await look(lost, idsOf)).toEqual(await idsOf(on.db));
    const other = on.fresh();
    const text = await on.cli([
      "restore",
      "database",
      "--from",
      made.key,
      "--provider",
      on.provider,
      "--into",
      other,
    ]);
    expect(text).toMatchObject({ exitCode: 0, stderr: "" });
    expect(text.stdout).toContain("what happened after that moment is not in it.");
    expect(text.stdout).toContain("No file is held back from expiring.");
  });

  it("go to the bucket that is for backups, where none is named", async () => {
    await using on = await open();
    const spaces = { ...store, bucket: `cli-${randomUUID()}` };
    await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
    const id = randomUUID();
    await on.db
      .insertInto("storage_providers")
      .values({
        id,
        provider_name: "s3",
        endpoint_url: store.endpoint,
        region: store.region,
        bucket_name: spaces.bucket,
        access_key_id: store.accessKeyId,
        secret_access_key_encrypted: sealSecret(store.secretAccessKey, id, parseEnvelopeKey(ENCRYPTION_KEY)),
        purpose: "backup",
      })
      .execute();
    const env = { STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true" };
    const made = await on.cli(["backup", "database", "--json"], { env });
    expect(made).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await on.storage.dumps.list({ limit: 9 })).toMatchObject([{ providerId: id, state: "stored" }]);
    const restored = await on.cli(
      ["restore", "database", "--from", "latest", "--into", on.fresh(), "--no-reconcile"],
      { env },
    );
    expect(restored).toMatchObject({ exitCode: 0, stderr: "" });
    await on.db.updateTable("storage_providers").set({ is_active: false }).where("id", "=", id).execute();
    expect(errorOf(await on.cli(["backup", "database", "--json"], { env }))).toMatchObject({
      code: "backup_provider_missing",
    });
  });

  it("hold back what has a time in a database of before, until somebody answers", async () => {
    await using on = await open();
    const userId = await seedUser(on.db);
    const file = {
      clientId: "1",
      name: "a.wav",
      size: 1000,
      type: "audio/wav",
      contentType: "audio_file",
    } as const;
    await on.storage.uploads.create({ userId }, [file]);
    await sql`UPDATE file_storage SET expires_at = now() + interval '1 day'`.execute(on.db);
    await on.storage.sweep();
    await sql`UPDATE expiry_watch SET seen_at = now() - interval '6 minutes'`.execute(on.db);
    await on.json("backup", "database", "--provider", on.provider);
    const restored = await on.cli([
      "restore",
      "database",
      "--from",
      "latest",
      "--provider",
      on.provider,
      "--into",
      on.fresh(),
    ]);
    expect(restored.exitCode).toBe(2);
    expect(restored.stdout).toMatch(/audiotricks-storage sweep --expire-held [0-9a-f-]{36}/);
  });

  it("make a file that only its owner reads, or write it on stdout", async () => {
    await using on = await open();
    await seedUser(on.db);
    const made = await on.json<{ size: number; file: string; key: null }>(
      "backup",
      "database",
      "--to-file",
      "a.dump",
    );
    expect(made).toMatchObject({ file: "a.dump", key: null });
    const { size, mode } = await stat(join(directory, "a.dump"));
    expect([size, mode & 0o777]).toEqual([made.size, 0o600]);
    expect(errorOf(await on.cli(["backup", "database", "--to-file", "a.dump", "--json"]))).toMatchObject({
      code: "file_not_written",
    });
    expect(errorOf(await on.cli(["backup", "database", "--to-file", "no/a.dump", "--json"]))).toMatchObject({
      code: "file_not_written",
      message: expect.stringContaining("ENOENT"),
    });
    expect(await readFile(join(directory, "a.dump"))).toHaveLength(made.size);
    const written: Buffer[] = [];
    const piped = await on.cli(["backup", "database", "--to-file", "-"], { written });
    expect(piped).toMatchObject({ exitCode: 0, stderr: expect.stringContaining("It opens with key ") });
    await writeFile(join(directory, "b.dump"), Buffer.concat(written));
    for (const file of ["a.dump", "b.dump"]) {
      const into = on.fresh();
      await on.json("restore", "database", "--from", file, "--into", into, "--no-reconcile");
      expect(await look(into, idsOf)).toEqual(await idsOf(on.db));
    }
    expect(await on.storage.dumps.list({ limit: 9 })).toEqual([]);
  });

  it("refuse what cannot be restored, and leave no database behind", async () => {
    await using on = await open();
    const facts = await readDatabaseFacts(on.db);
    const plant = async (about: Partial<DumpAbout>, key = ENCRYPTION_KEY, cut = 0) => {
      const file = join(directory, randomUUID());
      const dump = {
        id: randomUUID(),
        engine: "postgres" as const,
        ...facts,
        startedAt: facts.startedAt.toISOString(),
        ...about,
      };
      const pieces: Uint8Array[] = [];
      const content = (async function* () {
        yield randomBytes(100_000);
      })();
      for await (const piece of sealDump(content, dump, parseKeyring(key))) pieces.push(piece);
      const bytes = Buffer.concat(pieces);
      await writeFile(file, bytes.subarray(0, bytes.length - cut));
      return file;
    };
    const into = on.fresh();
    const refusals: [string, string][] = [
      ["dump_of_other_version", await plant({ serverVersion: "12.3" })],
      ["dump_newer", await plant({ migration: "9999-later" })],
      ["dump_of_other_engine", await plant({ engine: "pglite" })],
      ["dump_key_missing", await plant({}, randomBytes(32).toString("base64"))],
      ["dump_changed", await plant({}, ENCRYPTION_KEY, 5)],
      ["restore_failed", await plant({})],
      ["dump_not_found", "nothing"],
    ];
    for (const [code, file] of refusals) {
      expect([
        file,
        errorOf(await on.cli(["restore", "database", "--from", file, "--into", into, "--json"])).code,
      ]).toEqual([file, code]);
      expect(await on.isThere(into)).toBe(false);
    }
    const nothing = await on.cli([
      "restore",
      "database",
      "--from",
      "latest",
      "--into",
      into,
      "--provider",
      on.provider,
      "--json",
    ]);
    expect(errorOf(nothing)).toMatchObject({ code: "dump_not_found" });
    const keyless = await on.cli(["restore", "database", "--from", "a", "--into", into, "--json"], {
      env: { STORAGE_ENCRYPTION_KEY: "" },
    });
    expect(errorOf(keyless)).toMatchObject({ code: "settings" });
    expect(errorOf(await on.cli(["backup", "database", "--json"]))).toMatchObject({
      code: "backup_provider_missing",
    });
  });

  it("take no password from an argument, and show none", async () => {
    await using on = await open();
    for (const into of [
      "postgres://me:open-sesame@localhost/x",
      "postgres://me@localhost/x?password=open-sesame",
      "postgres://localhost",
    ]) {
      const { exitCode, stderr } = await on.cli(["restore", "database", "--from", "a", "--into", into]);
      expect(exitCode).toBe(64);
      expect(stderr).not.toContain("open-sesame");
    }
    // Of the same user at the same server: it is what DATABASE_URL has.
    const url = new URL(on.url);
    url.password = "open-sesame";
    await seedUser(on.db);
    const env = { DATABASE_URL: url.href };
    expect(await on.cli(["backup", "database", "--to-file", "a.dump"], { env })).toMatchObject({
      exitCode: 0,
    });
    expect(
      await on.cli(["restore", "database", "--from", "a.dump", "--into", on.fresh(), "--no-reconcile"], {
        env,
      }),
    ).toMatchObject({ exitCode: 0 });
  });

  // PGlite starts four times: on a busy machine that takes most of two minutes.
  it("take an embedded database to a file and into another directory", { timeout: 300_000 }, async () => {
    const [from, to] = [join(directory, "from"), join(directory, "to")];
    await mkdir(from, { mode: 0o700 });
    await prepareEmbeddedDatabase(from);
    const env = { DATA_DIR: from, STORAGE_ENCRYPTION_KEY: ENCRYPTION_KEY, EMULATOR_PORT: "0" };
    const made = await runJson<object>(["backup", "database", "--to-file", "a.dump"], { env, directory });
    expect(made).toMatchObject({ engine: "pglite", file: "a.dump" });
    const restore = (into: string) =>
      runCommand(["restore", "database", "--from", "a.dump", "--into", into, "--json"], { env, directory });
    expect(await restore(to)).toMatchObject({ exitCode: 0, stderr: "" });
    const restored = await openEmbeddedDatabase(to);
    try {
      expect(
        await restored.db.selectFrom("storage_settings").select("single_put_max_size").execute(),
      ).toHaveLength(1);
    } finally {
      await restored.close();
    }
    expect(errorOf(await restore(to))).toMatchObject({ code: "embedded_database" });
    expect(errorOf(await restore("postgres://postgres@127.0.0.1:1/x"))).toMatchObject({
      code: "dump_of_other_engine",
    });
  });
});

describe("restore drill", () => {
  it("finds no difference in what it has backed up, and leaves no database behind", async () => {
    await using on = await open();
    for (let user = 0; user < 50; user++) await seedUser(on.db);
    const report = await on.json<{ rows: number; tables: number; objects: number; key: string }>(
      "restore",
      "drill",
      "--provider",
      on.provider,
    );
    expect(report).toMatchObject({ differences: [], key: expect.stringMatching(/^backups\/database\//) });
    expect(report.rows).toBeGreaterThan(74);
    expect(report.objects).toBeGreaterThan(300);
    expect(await on.json("restore", "drill")).toMatchObject({ differences: [], key: null });
    expect((await sql`SELECT FROM pg_database WHERE datname LIKE 'drill\\_%'`.execute(on.db)).rows).toEqual(
      [],
    );
  });

  it("finds a row that is lost, one that is changed, and a definition that is gone", async () => {
    await using on = await open();
    const userId = await seedUser(on.db);
    const { db, env, storage, url } = on;
    const terminal = {
      env,
      actor: "alice@test",
      directory,
      isTyped: false,
      write: () => undefined,
      say: () => undefined,
      read: () => {
        throw new Error("nothing to read");
      },
      now: () => new Date(),
      interrupted: new AbortController().signal,
    };
    const site = {
      db,
      terminal,
      settings: readSettings(terminal),
      by: { actor: "cli:alice@test", requestId: "1" },
    };
    const { differences } = await drillDatabase(site, {
      databaseUrl: url,
      storage,
      onRestored: (scratch) =>
        look(scratch, async (restored) => {
          await sql`DELETE FROM users WHERE id = ${userId}`.execute(restored);
          await sql`UPDATE storage_settings SET max_open_sessions = 7`.execute(restored);
          await sql`DROP INDEX database_dumps_stored`.execute(restored);
          await sql`CREATE TABLE more (id integer)`.execute(restored);
        }),
    });
    expect(differences.map(({ what }) => what).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "column public.more.id integer",
      expect.stringContaining("index CREATE INDEX database_dumps_stored"),
      "table public.more",
      "table public.storage_settings",
      "table public.users",
    ]);
  });
});
