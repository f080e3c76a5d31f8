import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SweepReport } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";
import { begin, newUpload, openTestStorage, PART_SIZE, type TestStorage, upload } from "./test-storage.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe("the turns of a sweep", { timeout: 60_000 }, () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store);
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const servers = (ms: number, settings = {}) =>
    on.openAnother({ now: () => new Date(Date.now() + ms), settings });

  /** Someone with uploads of one byte, cancelled, whose URLs are good for an hour. */
  async function openFlood(count: number) {
    const adversary = { userId: await seedUser(on.db) };
    const created = await on.storage.uploads.create(
      adversary,
      Array.from({ length: count }, () => newUpload({ size: 1 })),
    );
    const sessions = created.flatMap((result) => ("session" in result ? [result.session] : []));
    for (const { sessionId } of sessions) await on.storage.uploads.cancel(adversary, sessionId);
    const urls = sessions.flatMap((session) => session.urls.map(({ url }) => url));
    expect(urls).toHaveLength(count);
    return {
      ids: sessions.map(({ sessionId }) => sessionId).toSorted(),
      refill: async (): Promise<void> => {
        const answers = await Promise.all(urls.map((url) => fetch(url, { method: "PUT", body: "x" })));
        expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      },
    };
  }

  it("come to every kind, however fast somebody fills one of them again", async () => {
    const flood = await openFlood(100);
    const deleted = await upload(on, wavBytes(1000));
    await begin(on, { size: 3 * PART_SIZE });
    await sql`UPDATE multipart_uploads SET expires_at = now() - interval '1 hour' WHERE status = 'active'`.execute(
      on.db,
    );
    await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${deleted.id}`.execute(on.db);
    const hurried = await servers(MINUTE, { sweepMs: 200 });
    await flood.refill();
    expect(await hurried.sweep()).toMatchObject({
      expired: 1,
      sessionsAborted: 1,
      filesDeleted: 1,
      failures: [],
    });
    expect(await on.bucket.openUploads()).toEqual([]);
    expect(await on.bucket.has(deleted.key)).toBe(false);
  });

  it("go on in the next sweep where they had stopped, and come to the last however fast the first are back", async () => {
    const flood = await openFlood(60);
    const last = flood.ids.at(-1);
    const hurried = () => servers(MINUTE, { sweepMs: 0, sweepBatch: 10 });
    const sweeps: SweepReport[] = [];
    for (let sweep = 0; sweep < 6; sweep++) {
      await flood.refill();
      // Each time another server.
      sweeps.push(await (await hurried()).sweep());
    }
    expect(sweeps.map(({ temporaryDeleted }) => temporaryDeleted)).toEqual([10, 10, 10, 10, 10, 10]);
    expect(await on.bucket.has(`temp/uploads/${last}`)).toBe(false);
    // And begin anew.
    const { temporaryDeleted } = await (await servers(MINUTE)).sweep();
    expect(temporaryDeleted).toBe(50);
    expect(await on.bucket.keys("temp/")).toEqual([]);
  });

  it("throw away nothing that a form has brought, though what is in its way is not done before sessions expire", async () => {
    const flood = await openFlood(40);
    const forms = await Promise.all(
      Array.from({ length: 15 }, async () => {
        const { url, fields } = await on.storage.s3.presignPost(on.me, {
          name: "a.wav",
          type: "audio/wav",
          size: 100,
        });
        const body = new FormData();
        for (const [name, value] of Object.entries(fields)) body.set(name, value);
        body.set("file", new Blob([wavBytes(100)]));
        expect((await fetch(url, { method: "POST", body })).ok).toBe(true);
        return fields.key ?? "";
      }),
    );
    // One that brings nothing.
    await on.storage.s3.presignPost(on.me, { name: "b.wav", type: "audio/wav", size: 100 });
    await flood.refill();
    const later = await servers(DAY + MINUTE, { sweepBatch: 4, sweepMs: 30_000 });
    const report = await later.sweep();
    expect(report).toMatchObject({ sessionsCompleted: 15, expired: 1, failures: [] });
    expect(forms).toHaveLength(15);
    const stored = await on.db
      .selectFrom("file_storage")
      .select("status")
      .where("status", "=", "stored")
      .execute();
    expect(stored).toHaveLength(15);
  });

  it("do not wait for a bucket that asks to slow down", async () => {
    await begin(on, { size: 1000 });
    await sql`UPDATE multipart_uploads SET expires_at = now() - interval '1 hour' WHERE status = 'active'`.execute(
      on.db,
    );
    on.proxy.intercept = (operation) =>
      operation.startsWith("GET bucket") || operation === "DeleteObject" ? { refuseWith: 503 } : undefined;
    const later = await servers(MINUTE);
    const start = performance.now();
    const { expired, failures } = await later.sweep();
    expect(expired).toBe(1);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["storage_unavailable"]));
    expect(failures[0]?.cause).toContain("503 SlowDown");
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});

describe("a row that fails in every sweep", { timeout: 60_000 }, () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());

  /** From now on any change to these rows fails, as where a counter or a constraint does not fit. */
  async function poison(
    on: TestStorage,
    table: "file_storage" | "multipart_uploads",
    ids: readonly string[],
  ) {
    const list = ids.map((id) => `'${id}'`).join(", ");
    await sql
      .raw(`ALTER TABLE ${table} ADD CONSTRAINT poison CHECK (id NOT IN (${list})) NOT VALID`)
      .execute(on.db);
  }

  /** The same, by a trigger that says so. */
  async function refuse(
    on: TestStorage,
    table: "file_storage" | "multipart_uploads",
    ids: readonly string[],
  ) {
    const list = ids.map((id) => `'${id}'`).join(", ");
    await sql
      .raw(`CREATE FUNCTION refuse_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.id IN (${list}) THEN RAISE EXCEPTION 'not this one' USING ERRCODE = 'AT009'; END IF;
        RETURN NEW;
      END $$`)
      .execute(on.db);
    await sql
      .raw(`CREATE TRIGGER refuse BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_${table}()`)
      .execute(on.db);
  }

  it("keeps no others from expiring, and is named with what the database says", async () => {
    await using on = await openTestStorage(store, { settings: { sweepBatch: 4 } });
    const sessions = [];
    for (let index = 0; index < 24; index++) sessions.push(await begin(on, { size: 1000 }));
    // More than a batch, and the first to expire: now and then whole turns pass before one expires that can.
    const bad = sessions.slice(0, 18).map(({ sessionId }) => sessionId);
    await poison(on, "multipart_uploads", bad);
    const file = await upload(on, wavBytes(1000));
    await sql`UPDATE file_storage SET expires_at = now() WHERE id = ${file.id}`.execute(on.db);
    const later = await on.openAnother({ now: () => new Date(Date.now() + DAY + MINUTE) });
    const report = await later.sweep();
    expect(report).toMatchObject({ expired: 7, sessionsAborted: 6 });
    expect(report.failures.map(({ id }) => id).toSorted()).toEqual(bad.toSorted());
    expect(report.failures[0]).toMatchObject({ code: "internal", cause: "23514" });
    expect(report.failures[0]?.message).toContain("poison");
    await sql`ALTER TABLE multipart_uploads DROP CONSTRAINT poison`.execute(on.db);
    expect(await later.sweep()).toMatchObject({ expired: 18, sessionsAborted: 18, failures: [] });
  });

  it("keeps no others from being deleted or aborted", async () => {
    await using on = await openTestStorage(store, { settings: { sweepBatch: 4 } });
    const files = [];
    for (let index = 0; index < 10; index++) files.push(await upload(on, wavBytes(1000)));
    const aborting = [];
    for (let index = 0; index < 10; index++) aborting.push(await begin(on, { size: 3 * PART_SIZE }));
    await sql`UPDATE file_storage SET status = 'deleting' WHERE status = 'stored'`.execute(on.db);
    await sql`UPDATE multipart_uploads SET status = 'aborting' WHERE status = 'active'`.execute(on.db);
    const badFiles = files.slice(0, 5).map(({ id }) => id);
    const badSessions = aborting.slice(0, 5).map(({ sessionId }) => sessionId);
    await refuse(on, "file_storage", badFiles);
    await refuse(on, "multipart_uploads", badSessions);
    const later = await on.openAnother({ now: () => new Date(Date.now() + MINUTE) });
    const { failures, ...report } = await later.sweep();
    expect(report).toMatchObject({ filesDeleted: 5, sessionsAborted: 5 });
    // Each once.
    expect(failures.map(({ id }) => id).toSorted()).toEqual([...badFiles, ...badSessions].toSorted());
  });

  it("or a whole kind of work that fails, keeps no other kind from being done", async () => {
    await using on = await openTestStorage(store);
    const deleted = await upload(on, wavBytes(1000));
    await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${deleted.id}`.execute(on.db);
    await sql`DROP FUNCTION cleanup_expired_files(integer, timestamptz)`.execute(on.db);
    await sql`ALTER TABLE sweep_progress RENAME TO elsewhere`.execute(on.db);
    const later = await on.openAnother({ now: () => new Date(Date.now() + MINUTE) });
    const { failures, filesDeleted } = await later.sweep();
    expect(filesDeleted).toBe(1);
    expect(failures).toMatchObject([
      { id: "find buckets", code: "internal", cause: "42P01" },
      { id: "expire", code: "internal", cause: "42883" },
    ]);
  });
});
