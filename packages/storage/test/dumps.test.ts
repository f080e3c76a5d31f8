import { createHash, randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createEmptyDatabase, createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dumpKey } from "../src/dumps/dump-key.ts";
import { openDump, sealDump } from "../src/dumps/sealed-dump.ts";
import {
  createStorage,
  type Database,
  type DumpAbout,
  type DumpSource,
  openProviders,
  parseKeyring,
  pgDumpSource,
  prepareBucket,
  readDatabaseFacts,
  runPgRestore,
} from "../src/index.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { openEmulator } from "./open-emulator.ts";
import { type TestStore, viewBucket } from "./test-storage.ts";

const keyring = parseKeyring(randomBytes(32).toString("base64"));
const POLICY = { daily: 2, weekly: 0, monthly: 0 };
/** In `pg_dump`'s way, and never on the command line or in an error. */
const PASSWORD = "sesame-of-the-database";

let store: TestStore & { close(): Promise<void> };
beforeAll(async () => {
  store = await openEmulator();
});
afterAll(async () => await store.close());

async function openDumps() {
  const database = await createTestDatabase<Database>();
  const { db } = database;
  const proxy = await startFaultProxy(store.endpoint);
  const bucket = `dumps-${randomUUID()}`;
  const spaces = { ...store, endpoint: proxy.endpoint, bucket };
  await prepareBucket({ ...store, bucket }, { allowedOrigins: ["http://localhost:3000"] });
  const providers = await openProviders({ db, spaces });
  const [{ id: providerId } = { id: "" }] = await db.selectFrom("storage_providers").select("id").execute();
  const storage = createStorage({ db, providers });
  const url = new URL(database.url);
  url.password = PASSWORD;
  const source = pgDumpSource({ databaseUrl: url.href, env: process.env });
  const view = viewBucket(store, bucket);
  return {
    db,
    storage,
    providerId,
    source,
    proxy,
    view,
    create: (from: DumpSource = source) => storage.dumps.create({ source: from, providerId, keyring }),
    retain: (policy = POLICY) => storage.dumps.retain({ providerId, policy }),
    /** As if another process had made it then. */
    plant: async (about: Partial<DumpAbout> = {}) => {
      const { startedAt: _now, ...facts } = await readDatabaseFacts(db);
      const dump = {
        id: randomUUID(),
        engine: "postgres" as const,
        startedAt: new Date().toISOString(),
        ...facts,
        ...about,
      };
      const key = dumpKey(dump.id, new Date(dump.startedAt));
      await view.put(key, await collect(sealDump(bytesOf(randomBytes(100)), dump, keyring)));
      return { ...dump, key };
    },
    states: async () =>
      Object.fromEntries((await storage.dumps.list({ limit: 100 })).map(({ id, state }) => [id, state])),
    async [Symbol.asyncDispose]() {
      proxy.intercept = () => undefined;
      await storage.close();
      view.client.destroy();
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

async function* bytesOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

const sourceOf = (open: DumpSource["open"]): DumpSource => ({ engine: "postgres", open });
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const tableCount = async (db: Kysely<Database>) => {
  const { rows } = await sql<{
    count: number;
  }>`SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`.execute(db);
  return rows[0]?.count;
};

describe("backing up a PostgreSQL database", () => {
  it("puts all of it into the bucket, sealed, and takes it back", async () => {
    await using on = await openDumps();
    const userId = await seedUser(on.db);
    await sql`CREATE TABLE of_the_host AS SELECT g AS id, md5(g::text) || repeat('x', 500) AS text FROM generate_series(1, 20000) g`.execute(
      on.db,
    );
    const dump = await on.create();
    const bytes = await on.view.read(dump.key);
    expect(dump).toMatchObject({
      state: "stored",
      size: bytes.length,
      engine: "postgres",
      keyId: keyring[0].id,
    });
    expect(dump.key).toMatch(/^backups\/database\/\d{4}\/\d\d\/\d\d-\d{6}-[0-9a-f-]{36}\.dump\.enc$/);
    expect(dump.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(await on.storage.dumps.list({ limit: 5 })).toEqual([{ ...dump, endedAt: expect.any(Date) }]);
    expect(Buffer.from(bytes).includes(userId)).toBe(false);

    await using target = await createEmptyDatabase<Database>();
    const { bytes: read } = await on.storage.dumps.read({ providerId: on.providerId, from: "latest" });
    const { header, content } = await openDump(read, keyring);
    expect(header).toMatchObject({ id: dump.id, migration: dump.migration });
    await runPgRestore(content, {
      databaseUrl: target.url,
      env: process.env,
      serverVersion: header.serverVersion,
      hasPrivileges: true,
    });
    expect(await tableCount(target.db)).toBe(await tableCount(on.db));
    const rows = sql<{
      hash: string;
    }>`SELECT md5(string_agg(t::text, ',' ORDER BY t.id)) AS hash FROM of_the_host t`;
    expect((await rows.execute(target.db)).rows).toEqual((await rows.execute(on.db)).rows);
    expect(await target.db.selectFrom("users").select("id").where("id", "=", userId).execute()).toHaveLength(
      1,
    );
    // It was being made when it was made.
    expect(await target.db.selectFrom("database_dumps").select(["id", "state"]).execute()).toEqual([
      { id: dump.id, state: "running" },
    ]);
  });

  it("restores nothing of what is not whole", async () => {
    await using on = await openDumps();
    await sql`CREATE TABLE of_the_host AS SELECT g AS id, md5(g::text) || repeat('x', 500) AS text FROM generate_series(1, 20000) g`.execute(
      on.db,
    );
    const dump = await on.create();
    const bytes = Buffer.from(await on.view.read(dump.key));
    await using target = await createEmptyDatabase<Database>();
    const changed = Buffer.from(bytes);
    changed.writeUInt8((changed.at(-20) ?? 0) ^ 1, bytes.length - 20);
    const frames = bytes.length - ((bytes.length - 12 - bytes.readUInt32BE(8)) % (65_536 + 16));
    for (const [code, broken] of [
      ["dump_changed", changed],
      ["dump_truncated", bytes.subarray(0, frames)],
      ["dump_changed", Buffer.concat([bytes, Buffer.from("more")])],
    ] as const) {
      const { content } = await openDump(bytesOf(broken), keyring);
      const restored = runPgRestore(content, {
        databaseUrl: target.url,
        env: process.env,
        serverVersion: dump.serverVersion,
        hasPrivileges: true,
      });
      await expect(restored).rejects.toMatchObject({ code });
      await delay(100);
      expect(await tableCount(target.db)).toBe(0);
    }
    const { content } = await openDump(bytesOf(bytes), keyring);
    await sql`CREATE TABLE of_the_host (id integer)`.execute(target.db);
    const refused = runPgRestore(content, {
      databaseUrl: target.url,
      env: process.env,
      serverVersion: dump.serverVersion,
      hasPrivileges: true,
    });
    await expect(refused).rejects.toMatchObject({
      code: "restore_failed",
      message: expect.stringContaining("already exists"),
    });
    expect(await tableCount(target.db)).toBe(1);
  });

  it("leaves nothing in the bucket, and the dumps of before alone, when it fails", async () => {
    await using on = await openDumps();
    const good = await on.create();
    async function* broken() {
      yield randomBytes(9 * 1024 * 1024);
      throw new Error("the database went away");
    }
    await expect(on.create(sourceOf(broken))).rejects.toThrow("the database went away");
    on.proxy.intercept = (operation) => (operation === "UploadPart" ? { refuseWith: 403 } : undefined);
    await expect(on.create(sourceOf(() => bytesOf(randomBytes(9 * 1024 * 1024))))).rejects.toMatchObject({
      code: "storage_unavailable",
    });
    on.proxy.intercept = () => undefined;
    const gone = pgDumpSource({
      databaseUrl: `postgres://postgres:${PASSWORD}@127.0.0.1:1/nothing`,
      env: process.env,
    });
    const refused = await on.create(gone).catch((error: Error) => error);
    expect(refused).toMatchObject({
      code: "dump_failed",
      message: expect.stringMatching(/^pg_dump did not come to its end: .*refused/),
    });
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain(PASSWORD);
    expect(await on.view.keys()).toEqual([good.key]);
    expect(await on.view.openUploads()).toEqual([]);
    const failed = (await on.storage.dumps.list({ limit: 9, states: ["failed"] })).map(
      (dump) => dump.state === "failed" && dump.errorCode,
    );
    expect(new Set(failed)).toEqual(new Set(["dump_failed", "internal", "storage_unavailable"]));
  });

  it("says which program is missing, and where it comes from", async () => {
    await using on = await openDumps();
    const nowhere = pgDumpSource({
      databaseUrl: "postgres://localhost/x",
      env: {},
      binDirectory: "/nonexistent",
    });
    await expect(on.create(nowhere)).rejects.toMatchObject({
      code: "dump_tools_missing",
      message: expect.stringMatching(/apt-get install postgresql-client-\d+/),
    });
    const later = pgDumpSource({ databaseUrl: "postgres://localhost/x", env: {} }).open("99.1", undefined);
    await expect(collect(later)).rejects.toMatchObject({
      code: "dump_tools_missing",
      message: expect.stringContaining("PostgreSQL 99, and its pg_dump is not here. There is one of "),
    });
  });

  it("is made by one at a time, and taken over from one that was killed", async () => {
    await using on = await openDumps();
    const goOn = Promise.withResolvers<void>();
    const first = on.create(
      sourceOf(async function* () {
        yield randomBytes(10);
        await goOn.promise;
      }),
    );
    await expect.poll(async () => Object.values(await on.states())).toEqual(["running"]);
    await expect(on.create()).rejects.toMatchObject({ code: "dump_running" });
    await sql`UPDATE database_dumps SET lease_expires_at = now() - interval '1 second'`.execute(on.db);
    const second = await on.create();
    goOn.resolve();
    // It was slow, and not dead: what it has made is as good as any.
    const late = await first;
    expect(await on.states()).toEqual({ [late.id]: "stored", [second.id]: "stored" });
  });

  it("is stopped when the server stops", async () => {
    await using on = await openDumps();
    const stopping = new AbortController();
    async function* endless() {
      for (;;) {
        yield randomBytes(1024 * 1024);
        await delay(1);
        if (on.proxy.operations.includes("UploadPart")) stopping.abort();
      }
    }
    await expect(
      on.storage.dumps.create({
        source: sourceOf(endless),
        providerId: on.providerId,
        keyring,
        signal: stopping.signal,
      }),
    ).rejects.toThrow();
    expect(await on.view.openUploads()).toEqual([]);
    expect(Object.values(await on.states())).toEqual(["failed"]);
  });
});

describe("retaining dumps", () => {
  it("deletes what the policy does not keep, at the store as well", async () => {
    await using on = await openDumps();
    const planted = [];
    for (const days of [5, 4, 3, 2]) planted.push(await on.plant({ startedAt: daysAgo(days) }));
    const [five, four, three, two] = planted;
    expect(await on.retain()).toEqual({ kept: 2, found: 4, missing: [], deleted: [five?.key, four?.key] });
    expect(await on.view.keys()).toEqual([three?.key, two?.key]);
    expect(await on.retain()).toEqual({ kept: 2, found: 0, missing: [], deleted: [] });
    expect(await on.retain({ daily: 0, weekly: 0, monthly: 0 })).toMatchObject({
      kept: 1,
      deleted: [three?.key],
    });
    expect(await on.view.keys()).toEqual([two?.key]);
  });

  it("goes on with a deletion that was cut off, and never takes the last one", async () => {
    await using on = await openDumps();
    const [old, newest] = [
      await on.plant({ startedAt: daysAgo(9) }),
      await on.plant({ startedAt: daysAgo(2) }),
    ];
    on.proxy.intercept = (operation) => (operation === "DeleteObject" ? { refuseWith: 503 } : undefined);
    await expect(on.retain({ ...POLICY, daily: 1 })).rejects.toMatchObject({ code: "storage_unavailable" });
    expect(await on.states()).toEqual({ [old.id]: "deleting", [newest.id]: "stored" });
    on.proxy.intercept = () => undefined;
    expect(await on.retain({ ...POLICY, daily: 1 })).toMatchObject({ deleted: [old.key] });
    expect(await on.states()).toEqual({ [old.id]: "deleted", [newest.id]: "stored" });
  });

  it("counts no dump that the bucket has lost", async () => {
    await using on = await openDumps();
    const [old, lost] = [
      await on.plant({ startedAt: daysAgo(9) }),
      await on.plant({ startedAt: daysAgo(2) }),
    ];
    await on.retain();
    const bytes = await on.view.read(lost.key);
    await on.view.put(lost.key, bytes.subarray(0, 50));
    expect(await on.retain({ daily: 1, weekly: 0, monthly: 0 })).toEqual({
      kept: 1,
      found: 0,
      missing: [lost.key],
      deleted: [],
    });
    expect(await on.states()).toEqual({ [old.id]: "stored", [lost.id]: "missing" });
    await on.view.put(lost.key, bytes);
    expect(await on.retain()).toMatchObject({ missing: [] });
    expect(await on.states()).toEqual({ [old.id]: "stored", [lost.id]: "stored" });
  });

  it("touches no dump of another deployment, and nothing else that lies there", async () => {
    await using on = await openDumps();
    await on.plant({ startedAt: daysAgo(400), deploymentId: randomUUID() });
    await on.view.put("backups/database/2020/01/01-note.txt", Buffer.from("mine"));
    await on.view.put(dumpKey(randomUUID(), new Date(0)), Buffer.from("no dump"));
    for (const days of [3, 2]) await on.plant({ startedAt: daysAgo(days) });
    expect(await on.retain({ daily: 1, weekly: 0, monthly: 0 })).toMatchObject({ kept: 1, found: 2 });
    expect(await on.view.keys()).toHaveLength(4);
  });

  it("takes up a dump whose maker was killed when it was whole, and clears away after one that was not", async () => {
    await using on = await openDumps();
    const whole = await on.create();
    // As the database has it that was restored from this very dump.
    await sql`UPDATE database_dumps SET state = 'running', ended_at = NULL, size = NULL, sha256 = NULL, lease_token = gen_random_uuid(), lease_expires_at = now() - interval '1 second'`.execute(
      on.db,
    );
    expect(await on.retain()).toMatchObject({ kept: 0, deleted: [] });
    expect(await on.states()).toEqual({ [whole.id]: "failed" });
    // Not before the store can be at it no more.
    await sql`UPDATE database_dumps SET ended_at = now() - interval '1 hour'`.execute(on.db);
    expect(await on.retain()).toMatchObject({ kept: 1, deleted: [] });
    expect(await on.states()).toEqual({ [whole.id]: "stored" });

    const failing = on.create(sourceOf(() => bytesOf(randomBytes(9 * 1024 * 1024))));
    on.proxy.intercept = (operation) =>
      operation === "UploadPart" || operation === "AbortMultipartUpload" ? { refuseWith: 403 } : undefined;
    await expect(failing).rejects.toThrow();
    on.proxy.intercept = () => undefined;
    expect(await on.view.openUploads()).toHaveLength(1);
    await on.retain();
    expect(await on.view.openUploads()).toHaveLength(1);
    await sql`UPDATE database_dumps SET ended_at = now() - interval '1 hour' WHERE state = 'failed'`.execute(
      on.db,
    );
    await on.retain();
    expect(await on.view.openUploads()).toEqual([]);
    expect(await on.view.keys()).toEqual([whole.key]);
  });
});
