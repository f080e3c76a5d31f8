import { randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { CreateMultipartUploadCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";
import {
  begin,
  countUsage,
  newUpload,
  openTestStorage,
  PART_SIZE,
  type TestStorage,
  upload,
} from "./test-storage.ts";

const HOUR = 3_600_000;

describe("the sweep", () => {
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

  const inAnHour = (ms = HOUR) => on.openAnother({ now: () => new Date(Date.now() + ms) });

  it("ends more than a batch of expired sessions, together with others, each once", async () => {
    await on.storage.uploads.create(
      on.me,
      Array.from({ length: 90 }, (_, index) => newUpload({ size: index % 3 === 0 ? 3 * PART_SIZE : 1000 })),
    );
    const servers = await Promise.all(
      [1, 2, 3].map(() =>
        on.openAnother({ now: () => new Date(Date.now() + 25 * HOUR), settings: { sweepBatch: 7 } }),
      ),
    );
    const reports = await Promise.all(servers.map((server) => server.sweep()));
    const total = (of: "expired" | "sessionsAborted") => reports.reduce((sum, report) => sum + report[of], 0);
    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
    expect([total("expired"), total("sessionsAborted")]).toEqual([90, 90]);
    expect(await on.bucket.openUploads()).toEqual([]);
    expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 0, reservedFiles: 0 });
  });

  it("is not stopped by a counter that somebody edited, for its owner or for others", async () => {
    const other = { userId: await seedUser(on.db) };
    const both = [
      { storage: on.storage, me: on.me },
      { storage: on.storage, me: other },
    ];
    const files = await Promise.all(both.map((who) => upload(who, wavBytes(1000))));
    for (const who of both) await begin(who, { size: 500 });
    await sql`UPDATE storage_counters SET used_bytes = 0, reserved_bytes = 0 WHERE scope_id = ${on.me.userId}`.execute(
      on.db,
    );
    const later = await on.openAnother({ now: () => new Date(Date.now() + 30 * HOUR) });
    expect(await later.sweep()).toMatchObject({ expired: 2, sessionsAborted: 2, failures: [] });
    expect(await on.storage.files.delete(on.me, files[0]?.id ?? "")).toMatchObject({ state: "deleted" });
    expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
    expect(await countUsage(on.db, other)).toMatchObject({ usedBytes: 1000, reservedBytes: 0 });
    expect((await on.storage.upkeep.reconcile()).findings).toEqual({ counter_differs: 1 });
    await sql`DELETE FROM users WHERE id = ${on.me.userId}`.execute(on.db);
  });

  it("tries each once while the store refuses, and finishes in a later one", async () => {
    for (let index = 0; index < 5; index++) await begin(on, { size: 3 * PART_SIZE });
    const tomorrow = await on.openAnother({
      now: () => new Date(Date.now() + 25 * HOUR),
      settings: { sweepBatch: 2 },
    });
    let refused = 0;
    on.proxy.intercept = (operation) => {
      if (operation !== "AbortMultipartUpload") return undefined;
      refused++;
      return { refuseWith: 403 };
    };
    const { failures, ...report } = await tomorrow.sweep();
    expect(report).toMatchObject({ expired: 5, sessionsAborted: 0 });
    expect(failures.map(({ code }) => code)).toEqual(Array.from({ length: 5 }, () => "storage_unavailable"));
    expect(refused).toBe(5);
    on.proxy.intercept = () => undefined;
    const after = await on.openAnother({ now: () => new Date(Date.now() + 26 * HOUR) });
    expect(await after.sweep()).toMatchObject({ expired: 0, sessionsAborted: 5, failures: [] });
    expect(await on.bucket.openUploads()).toEqual([]);
  });

  it("stops between two when told to, and another goes on", async () => {
    for (let index = 0; index < 6; index++) await begin(on, { size: 3 * PART_SIZE });
    const stop = new AbortController();
    const tomorrow = await on.openAnother({
      now: () => new Date(Date.now() + 25 * HOUR),
      settings: { sweepConcurrency: 1 },
    });
    on.proxy.intercept = (operation) => {
      if (operation === "AbortMultipartUpload") stop.abort();
      return undefined;
    };
    const { sessionsAborted: before } = await tomorrow.sweep({ signal: stop.signal });
    // The one under way may end or be cut off; none begins.
    expect(before).toBeLessThanOrEqual(1);
    expect(await tomorrow.sweep()).toMatchObject({ sessionsAborted: 6 - before, failures: [] });
    expect(await on.bucket.openUploads()).toEqual([]);
  });

  it("takes away uploads and temporary objects that no row knows, once they are old, and nothing that is not ours", async () => {
    const month = "audio/uploads/2026/11";
    const unknown = `${month}/${randomUUID()}.wav`;
    const foreign = `${month}/of-nobody.wav`;
    for (const Key of [unknown, foreign]) {
      await on.bucket.client.send(new CreateMultipartUploadCommand({ Bucket: on.bucket.name, Key }));
    }
    const put = (Key: string) =>
      on.bucket.client.send(new PutObjectCommand({ Bucket: on.bucket.name, Key, Body: "x" }));
    const object = `${month}/${randomUUID()}.wav`;
    const temporary = `temp/uploads/${randomUUID()}`;
    for (const key of [object, temporary, "temp/uploads/notes.txt", "holiday.jpg"]) await put(key);
    expect(await on.storage.sweep()).toMatchObject({ uploadsAborted: 0, temporaryDeleted: 0 });
    const patient = await on.openAnother({ settings: { leftoverGraceMs: 0 } });
    expect(await patient.sweep()).toMatchObject({ uploadsAborted: 0, temporaryDeleted: 0 });
    const impatient = await on.openAnother({ settings: { leftoverGraceMs: 0, unknownGraceMs: 0 } });
    expect(await impatient.sweep()).toMatchObject({ uploadsAborted: 1, temporaryDeleted: 1, failures: [] });
    expect(await on.bucket.openUploads()).toEqual([foreign]);
    expect((await on.bucket.keys()).toSorted()).toEqual(
      [object, "holiday.jpg", "temp/uploads/notes.txt"].toSorted(),
    );
  });

  it("takes away what pipelines left in temp/processing/ once its own time is over, uploads too, and no sooner", async () => {
    const put = (Key: string) =>
      on.bucket.client.send(new PutObjectCommand({ Bucket: on.bucket.name, Key, Body: "x" }));
    const begun = "temp/processing/run-7/of-hours.wav";
    for (const key of [
      "temp/processing/run-7/a.wav",
      "temp/processing/b",
      "temp/other/c",
      "temp/processings",
    ])
      await put(key);
    await on.bucket.client.send(new CreateMultipartUploadCommand({ Bucket: on.bucket.name, Key: begun }));
    // Graces of ours are not theirs.
    const eager = { settings: { leftoverGraceMs: 0, unknownGraceMs: 0 } };
    expect(await (await on.openAnother(eager)).sweep()).toMatchObject({
      uploadsAborted: 0,
      temporaryDeleted: 0,
    });
    // As if three days went by; the store's dates are not ours to change.
    await sql`ALTER TABLE storage_settings DROP CONSTRAINT storage_settings_processing_kept_hours_check`.execute(
      on.db,
    );
    await sql`UPDATE storage_settings SET processing_kept_hours = 0`.execute(on.db);
    const next = await inAnHour(HOUR + 60_000);
    expect((await next.upkeep.previewSweep()).temporaryToDelete).toEqual([
      "temp/processing/b",
      "temp/processing/run-7/a.wav",
    ]);
    // Once an hour is enough for what lies there for days.
    expect(await on.storage.sweep()).toMatchObject({ temporaryDeleted: 0, uploadsAborted: 1 });
    const two = [await inAnHour(HOUR + 60_000), await inAnHour(HOUR + 60_000)];
    const reports = await Promise.all(two.map((server) => server.sweep()));
    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
    expect((await on.bucket.keys()).toSorted()).toEqual(["temp/other/c", "temp/processings"]);
    expect(await on.bucket.openUploads()).toEqual([]);
  });

  it("deletes with a key that may not ask for versions", async () => {
    const file = await upload(on, wavBytes(1000));
    on.proxy.intercept = (operation) => (operation === "GET bucket" ? { refuseWith: 403 } : undefined);
    expect(await on.storage.files.delete(on.me, file.id)).toMatchObject({ state: "deleted" });
    expect(await on.bucket.has(file.key)).toBe(false);
    expect(on.errors).toEqual([]);
  });

  it("takes export files after a week unless they are to stay, by their own time alone", async () => {
    const born = async (expires: string | null) => {
      const file = {
        name: "notes.txt",
        size: 5,
        contentType: "export_file",
        ...(expires === "default" ? {} : { fileExpiresAt: expires }),
      };
      const made = await sql<{ id: string }>`
        SELECT file_id AS id FROM reserve_uploads(${on.me.userId}, 'sql', NULL, ${JSON.stringify([file])}::jsonb)`.execute(
        on.db,
      );
      const { rows } = await sql<{ id: string; key: string }>`
        SELECT id, storage_path AS key FROM file_storage WHERE id = ${made.rows[0]?.id}`.execute(on.db);
      const { id = "", key = "" } = rows[0] ?? {};
      await on.bucket.client.send(new PutObjectCommand({ Bucket: on.bucket.name, Key: key, Body: "12345" }));
      await sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now() WHERE file_storage_id = ${id}`.execute(
        on.db,
      );
      await sql`UPDATE file_storage SET status = 'stored' WHERE id = ${id}`.execute(on.db);
      return key;
    };
    const soon = await born(new Date(Date.now() + 24 * HOUR).toISOString());
    const week = await born("default");
    const late = await born(new Date(Date.now() + 30 * 24 * HOUR).toISOString());
    const kept = await born(null);
    const sweepIn = async (days: number) => {
      await (await inAnHour(days * 24 * HOUR)).sweep();
      // A delete is left to whoever asked for it for half a minute; by this clock that is over.
      await (await inAnHour(days * 24 * HOUR + 60_000)).sweep();
      return (await on.bucket.keys()).toSorted();
    };
    expect(await sweepIn(0.9)).toEqual([soon, week, late, kept].toSorted());
    expect(await sweepIn(1.1)).toEqual([week, late, kept].toSorted());
    expect(await sweepIn(8)).toEqual([late, kept].toSorted());
    expect(await sweepIn(31)).toEqual([kept]);
    expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 5, usedFiles: 1 });
  });
});

describe("upkeep", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());

  it.each(["postgres", "pglite"] as const)(
    "compares every counter with its rows, writes the history, and counts anew what differs (%s)",
    async (database) => {
      await using on = await openTestStorage(store, { database });
      await upload(on, wavBytes(1000));
      await begin(on, { size: 500 });
      // More than one batch, and one whose owner is gone.
      await sql`INSERT INTO users SELECT FROM generate_series(1, 120)`.execute(on.db);
      await sql`DELETE FROM users WHERE id = (SELECT max(id::text)::uuid FROM users WHERE id <> ${on.me.userId})`.execute(
        on.db,
      );
      expect(await on.storage.upkeep.recountUsage()).toEqual({
        scopes: 120,
        mismatches: [],
        mendedTotals: 0,
      });
      const history = await on.db
        .selectFrom("storage_usage")
        .select(["user_id", "total_files", "total_size_bytes"])
        .execute();
      expect(history).toEqual([{ user_id: on.me.userId, total_files: 1, total_size_bytes: 1000 }]);

      await sql`UPDATE storage_counters SET used_bytes = 7 WHERE scope_id = ${on.me.userId}`.execute(on.db);
      const wrong = {
        scopes: 120,
        mismatches: [
          {
            scope: "user",
            scopeId: on.me.userId,
            counted: { usedBytes: 7, reservedBytes: 500, usedFiles: 1, reservedFiles: 1 },
            actual: { usedBytes: 1000, reservedBytes: 500, usedFiles: 1, reservedFiles: 1 },
          },
        ],
        mendedTotals: 0,
      };
      expect(await on.storage.upkeep.recountUsage()).toEqual(wrong);
      expect(await on.storage.upkeep.recountUsage()).toEqual({
        scopes: 120,
        mismatches: [],
        mendedTotals: 0,
      });
      await sql`DELETE FROM storage_counters WHERE scope_id = ${on.me.userId}`.execute(on.db);
      expect((await on.storage.upkeep.recountUsage()).mismatches).toMatchObject([
        { counted: { usedBytes: 0 } },
      ]);
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 1000, reservedBytes: 500 });
      // Told at once, and by the next reconciliation, once.
      const told: Finding[] = [];
      const reconcile = () =>
        on.storage.upkeep.reconcile({ onFinding: (finding) => void told.push(finding) });
      expect(await reconcile()).toMatchObject({ findings: { counter_differs: 1 } });
      expect(told).toMatchObject([
        {
          kind: "counter_differs",
          scope: "user",
          scopeId: on.me.userId,
          counted: { usedBytes: 0, reservedBytes: 0, usedFiles: 0, reservedFiles: 0 },
          actual: { usedBytes: 1000, reservedBytes: 500, usedFiles: 1, reservedFiles: 1 },
        },
      ]);
      expect((await reconcile()).findings).toEqual({});
      // One that nobody has come upon is found by it.
      await sql`UPDATE storage_counters SET used_files = 9`.execute(on.db);
      expect((await reconcile()).findings).toEqual({ counter_differs: 1 });
      expect((await on.storage.upkeep.recountUsage()).mismatches).toEqual([]);
    },
  );

  it("drops months of the operations log that are too old, and waits for nobody who reads it", async () => {
    await using on = await openTestStorage(store, { settings: { operationsKeptMonths: 2 } });
    const months = async () => {
      const { rows } = await sql<{ name: string }>`
        SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'spaces_operations'::regclass
          AND inhrelid::regclass::text < 'spaces_operations_2026' ORDER BY 1`.execute(on.db);
      return rows.map(({ name }) => name);
    };
    await sql`CREATE TABLE spaces_operations_2020_05 PARTITION OF spaces_operations
      FOR VALUES FROM ('2020-05-01Z') TO ('2020-06-01Z')`.execute(on.db);
    await on.db.transaction().execute(async (reader) => {
      await sql`SELECT count(*) FROM spaces_operations`.execute(reader);
      await expect(on.storage.upkeep.keepOperations()).rejects.toMatchObject({ code: "55P03" });
    });
    expect(await months()).toEqual(["spaces_operations_2020_05"]);
    expect(await on.storage.upkeep.keepOperations()).toEqual({
      monthsMade: 0,
      monthsDropped: 1,
      rowsDropped: 0,
    });
    expect(await months()).toEqual([]);
  });
});
