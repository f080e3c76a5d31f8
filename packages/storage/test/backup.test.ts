import { createHash, randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { CompiledQuery, sql } from "kysely";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createClock } from "../src/clock.ts";
import { disableProvider, prepareBucket } from "../src/index.ts";
import { claimMove } from "../src/places/claim-move.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { addBackup, type BackedUp, openBackedUp } from "./open-backed-up.ts";
import { openEmulator } from "./open-emulator.ts";
import { listen, rowsRead } from "./rows-read.ts";
import { PART_SIZE, upload } from "./test-storage.ts";

/** More than goes in one PUT. */
const TWO_PARTS = 2 * PART_SIZE + 3;
const DAY_MS = 86_400_000;

let store: Awaited<ReturnType<typeof openEmulator>>;
beforeAll(async () => {
  store = await openEmulator();
});
afterAll(() => store.close());

function rowsOf({ on }: BackedUp) {
  return on.db.selectFrom("file_backups").selectAll().orderBy("stored_at").execute();
}
const later = (ms: number) => () => new Date(Date.now() + ms);

it("copies what is stored, byte for byte, with the same checksum, and says so", async () => {
  await using site = await openBackedUp(store);
  const { on, copies } = site;
  const sizes = [1_000, 70_000, PART_SIZE + 1, 3 * PART_SIZE + 17];
  const files = [];
  for (const [seed, size] of sizes.entries()) files.push(await upload(on, wavBytes(size, seed)));
  const storage = await site.open();
  const report = await storage.backups.run();
  expect(report).toMatchObject({ copied: 4, failures: [], bytes: sizes.reduce((sum, size) => sum + size) });
  for (const [seed, { key }] of files.entries())
    expect(Buffer.from(await copies.read(key)).equals(wavBytes(sizes[seed] ?? 0, seed))).toBe(true);
  const rows = await rowsOf(site);
  expect(rows.map(({ state }) => state)).toEqual(sizes.map(() => "copied"));
  const etags = await on.db.selectFrom("file_storage").select(["id", "etag"]).execute();
  for (const { id, etag } of etags) {
    const copy = rows.find((row) => row.file_storage_id === id);
    const { file_size: size = 0 } = copy ?? {};
    if (Number(size) > PART_SIZE) expect(copy?.etag).toBe(etag);
  }
  // Nothing is copied twice.
  expect(await storage.backups.run()).toMatchObject({ copied: 0, bytes: 0 });
});

it("says from when on everything could be taken back", async () => {
  await using site = await openBackedUp(store);
  const storage = await site.open();
  expect((await storage.backups.state()).recoveryPoint).toBeNull();
  await storage.backups.run();
  await upload(site.on, wavBytes(3_000, 1));
  const stored = await site.on.db.selectFrom("file_storage").select("stored_at").executeTakeFirstOrThrow();
  await site.on.db
    .updateTable("file_backups")
    .set({ stored_at: new Date(Date.now() - 600_000) })
    .execute();
  const behind = await storage.backups.state();
  expect(behind).toMatchObject({ backups: [{ pending: 1, isFilled: true, waitingBytes: 3_000 }] });
  expect(behind.recoveryPoint?.getTime()).toBeLessThan(Date.now() - 590_000);
  await storage.backups.run();
  const now = await storage.backups.state();
  expect(now.backups).toMatchObject([{ pending: 0, copied: 1, copiedBytes: 3_000 }]);
  expect(now.recoveryPoint?.getTime()).toBeGreaterThan(Date.now() - 62_000);
  // A minute less than now: whatever is stored at this moment is not promised yet.
  expect(now.recoveryPoint?.getTime()).toBeLessThan((stored.stored_at?.getTime() ?? 0) + 1);
});

it("copies files that were there before, once whoever did not know of the backup is done", async () => {
  await using site = await openBackedUp(store, { isAdded: false });
  const { on } = site;
  for (let seed = 0; seed < 3; seed++) await upload(on, wavBytes(5_000 + seed, seed));
  await addBackup(on.db, { ...store, endpoint: site.proxy.endpoint, bucket: site.copies.name });
  expect(await rowsOf(site)).toEqual([]);
  const storage = await site.open();
  // A transaction that has written already, and may store a file without having seen the backup.
  const holder = await on.db.startTransaction().execute();
  await sql`SELECT pg_current_xact_id()`.execute(holder);
  expect(await storage.backups.run()).toMatchObject({ queued: 0 });
  await sql`UPDATE storage_backups SET seen_from = pg_current_xact_id()`.execute(on.db);
  expect(await storage.backups.run()).toMatchObject({ queued: 0, copied: 0 });
  expect((await storage.backups.state()).recoveryPoint).toBeNull();
  await holder.commit().execute();
  // A transaction of any other database of this server holds it back as well, and other tests have such.
  const filled = await vi.waitUntil(
    async () => {
      const run = await storage.backups.run();
      return run.queued > 0 ? run : undefined;
    },
    { timeout: 20_000, interval: 50 },
  );
  expect(filled).toMatchObject({ queued: 3, copied: 3 });
  expect(await site.copies.keys()).toHaveLength(3);
  expect(await storage.backups.run()).toMatchObject({ queued: 0 });
  expect((await storage.backups.state()).recoveryPoint).not.toBeNull();
});

it("goes on where a killed worker was: parts that arrived are not sent again", async () => {
  await using site = await openBackedUp(store);
  const { key } = await upload(site.on, wavBytes(4 * PART_SIZE, 7));
  const stop = new AbortController();
  const killed = await site.open({ settings: { backupPartLanes: 1, backupLanes: 1 } });
  let sent = 0;
  site.proxy.intercept = (operation) => {
    if (operation !== "UploadPart") return undefined;
    sent++;
    if (sent <= 2) return undefined;
    stop.abort();
    return { drop: "before" };
  };
  await killed.backups.run({ signal: stop.signal });
  site.proxy.intercept = () => undefined;
  const [row] = await rowsOf(site);
  expect(row).toMatchObject({ state: "pending", attempts: 0 });
  expect(row?.upload_id).not.toBeNull();
  const before = site.proxy.operations.filter((operation) => operation === "UploadPart").length;
  expect(await (await site.open()).backups.run()).toMatchObject({ copied: 1, bytes: 2 * PART_SIZE });
  expect(site.proxy.operations.filter((operation) => operation === "UploadPart").length - before).toBe(2);
  expect(Buffer.from(await site.copies.read(key)).equals(wavBytes(4 * PART_SIZE, 7))).toBe(true);
});

it("takes over from a worker that says nothing any more, and lets it change nothing when it wakes", async () => {
  await using site = await openBackedUp(store);
  await upload(site.on, wavBytes(TWO_PARTS, 3));
  const slow = await site.open();
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { promise: isAt, resolve: arrived } = Promise.withResolvers<void>();
  site.proxy.intercept = (operation) => {
    if (operation !== "CompleteMultipartUpload") return undefined;
    arrived();
    return { before: opened };
  };
  const running = slow.backups.run();
  await isAt;
  site.proxy.intercept = () => undefined;
  // Nobody else may send a second Complete while the first can still be at work.
  expect(await (await site.open({ now: later(310_000) })).backups.run()).toMatchObject({ copied: 0 });
  const other = await site.open({ now: later(3_600_000) });
  expect(await other.backups.run()).toMatchObject({ copied: 1, failures: [] });
  open();
  await running;
  expect(await rowsOf(site)).toMatchObject([{ state: "copied" }]);
  expect(await site.copies.keys()).toHaveLength(1);
});

it("finds the copy whose Complete was answered to nobody", async () => {
  await using site = await openBackedUp(store);
  await upload(site.on, wavBytes(TWO_PARTS, 3));
  let isLost = false;
  site.proxy.intercept = (operation) => {
    if (operation === "CompleteMultipartUpload") isLost = true;
    if (operation === "CompleteMultipartUpload") return { drop: "after" };
    return isLost && operation === "HeadObject" ? { refuseWith: 403 } : undefined;
  };
  const storage = await site.open();
  expect((await storage.backups.run()).failures).toMatchObject([{ code: "target_unavailable" }]);
  site.proxy.intercept = () => undefined;
  const sent = site.proxy.operations.length;
  const next = await site.open({ now: later(700_000) });
  expect(await next.backups.run()).toMatchObject({ copied: 1, bytes: 0 });
  expect(site.proxy.operations.slice(sent)).not.toContain("UploadPart");
});

it("says what is wrong with a file that cannot be copied, and deletes nothing", async () => {
  await using site = await openBackedUp(store);
  const gone = await upload(site.on, wavBytes(3_000, 1));
  const other = await upload(site.on, wavBytes(3_000, 2));
  const { client, name } = site.on.bucket;
  await client.send(new DeleteObjectCommand({ Bucket: name, Key: gone.key }));
  await client.send(new PutObjectCommand({ Bucket: name, Key: other.key, Body: "something else" }));
  const storage = await site.open();
  const { failures, copied } = await storage.backups.run();
  expect(copied).toBe(0);
  expect(new Map(failures.map(({ id, code }) => [id, code]))).toEqual(
    new Map([
      [gone.id, "source_missing"],
      [other.id, "source_changed"],
    ]),
  );
  const state = await storage.backups.state();
  expect(state.backups).toMatchObject([{ failed: 2 }]);
  expect(state.failures).toHaveLength(2);
  const findings = await site.on.db.selectFrom("reconcile_findings").selectAll().execute();
  expect(findings).toMatchObject([{ kind: "object_missing", file_storage_id: gone.id }]);
  expect(await site.on.storage.files.get(site.on.me, gone.id)).toMatchObject({ state: "stored" });
  // Not again at once, and again later.
  expect(await storage.backups.run()).toMatchObject({ failures: [] });
  await client.send(new PutObjectCommand({ Bucket: name, Key: gone.key, Body: wavBytes(3_000, 1) }));
  const muchLater = await site.open({ now: later(2 * 3_600_000) });
  expect(await muchLater.backups.run()).toMatchObject({ copied: 1 });
});

it("keeps no copy of bytes that arrived otherwise", async () => {
  await using site = await openBackedUp(store);
  const { key } = await upload(site.on, wavBytes(TWO_PARTS, 3));
  // The row's ETag is another file's: whatever is copied is not it.
  const storage = await site.open();
  const wrong = `${createHash("md5").update("other").digest("hex")}-2`;
  await site.on.db.updateTable("file_storage").set({ etag: wrong }).execute();
  expect((await storage.backups.run()).failures).toMatchObject([{ code: "source_changed" }]);
  expect(await site.copies.has(key)).toBe(false);
});

it("keeps the copy of a deleted file for its time, and then takes it away", async () => {
  await using site = await openBackedUp(store, { isVersioned: true });
  const { on, copies } = site;
  const storage = await site.open();
  const file = await upload(on, wavBytes(3_000, 1));
  await storage.backups.run();
  await on.storage.files.delete(on.me, file.id);
  await on.storage.sweep();
  expect(await on.bucket.has(file.key)).toBe(false);
  expect(await storage.backups.run()).toMatchObject({ removed: 0 });
  expect(await copies.has(file.key)).toBe(true);
  expect((await storage.backups.state()).backups).toMatchObject([{ copied: 0, kept: 1 }]);
  const before = await site.open({ now: later(29.9 * DAY_MS) });
  expect(await before.backups.run()).toMatchObject({ removed: 0 });
  const after = await site.open({ now: later(30.1 * DAY_MS) });
  expect(await after.backups.run()).toMatchObject({ removed: 1 });
  expect(await copies.has(file.key)).toBe(false);
  expect(await rowsOf(site)).toMatchObject([{ state: "removed", etag: null }]);
});

it("takes away what was begun for a file that is deleted meanwhile", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const file = await upload(on, wavBytes(3 * PART_SIZE, 1));
  const storage = await site.open({ settings: { backupPartLanes: 1 } });
  let deleted: Promise<unknown> | undefined;
  site.proxy.intercept = (operation) => {
    if (operation !== "UploadPart" || deleted !== undefined) return undefined;
    deleted = on.storage.files.delete(on.me, file.id);
    return { before: deleted };
  };
  const report = await storage.backups.run();
  expect(report).toMatchObject({ copied: 0 });
  const after = await (await site.open({ now: later(400_000) })).backups.run();
  expect(report.removed + after.removed).toBe(1);
  expect(await rowsOf(site)).toMatchObject([{ state: "removed" }]);
  expect(await site.copies.keys()).toEqual([]);
});

it("never lets an upload go to a bucket of copies", async () => {
  await using site = await openBackedUp(store);
  const { db } = site.on;
  const set = (change: object) =>
    db.updateTable("storage_providers").set(change).where("id", "=", site.backupId).execute();
  await expect(set({ is_primary: true })).rejects.toThrow(/storage_providers_(backup_check|one_primary)/);
  await expect(set({ purpose: "files" })).rejects.toMatchObject({ code: "AT018" });
  await upload(site.on, wavBytes(3_000, 1));
  await expect(
    db.updateTable("file_storage").set({ storage_provider_id: site.backupId }).execute(),
  ).rejects.toMatchObject({ code: "AT018" });
});

it("finds what a bucket of copies has lost and copies it again; takes its leftovers away, and tells of what nobody knows", async () => {
  await using site = await openBackedUp(store);
  const { on, copies } = site;
  const { client, name: Bucket } = copies;
  const storage = await site.open({ settings: { leftoverGraceMs: 0 } });
  const files = [];
  for (let seed = 0; seed < 4; seed++) files.push(await upload(on, wavBytes(2_000 + seed, seed)));
  const [gone, other, fine, removed] = files.map(({ key }) => key);
  await storage.backups.run();
  await on.storage.files.delete(on.me, files[3]?.id ?? "");
  await (await site.open({ now: later(31 * DAY_MS) })).backups.run();
  await client.send(new DeleteObjectCommand({ Bucket, Key: gone }));
  await client.send(new PutObjectCommand({ Bucket, Key: other, Body: "rubbish" }));
  // Of a worker that woke too late.
  await client.send(new PutObjectCommand({ Bucket, Key: removed, Body: "late" }));
  await client.send(new CreateMultipartUploadCommand({ Bucket, Key: fine }));
  const unknown = fine?.replace(/[^/]+$/, "00000000-0000-4000-8000-000000000000.wav");
  await client.send(new PutObjectCommand({ Bucket, Key: unknown, Body: "whose?" }));
  await client.send(new PutObjectCommand({ Bucket, Key: "backups/database/x.dump.enc", Body: "a dump" }));
  const found: string[] = [];
  const report = await storage.backups.compare({
    onFinding: ({ kind, key }) => found.push(`${kind} ${key}`),
  });
  expect(report).toEqual({
    backups: 1,
    objects: 5,
    rows: 4,
    lost: 2,
    unknown: 1,
    deleted: 1,
    uploadsAborted: 1,
    failures: [],
  });
  expect(new Set(found)).toEqual(
    new Set([`copy_missing ${gone}`, `copy_differs ${other}`, `unknown_object ${unknown}`]),
  );
  expect(await client.send(new ListMultipartUploadsCommand({ Bucket }))).not.toHaveProperty("Uploads");
  expect(await storage.backups.run()).toMatchObject({ copied: 2, failures: [] });
  expect(await storage.backups.compare()).toMatchObject({
    lost: 0,
    deleted: 0,
    uploadsAborted: 0,
    unknown: 1,
  });
});

it("keeps a copy that somebody confirms as unknown, until its row says that it is gone", async () => {
  await using site = await openBackedUp(store);
  const { on, copies, backupId } = site;
  const { client, name: Bucket } = copies;
  const storage = await site.open();
  const { id, key } = await upload(on, wavBytes(2_000));
  await storage.backups.run();
  const confirm = async (size: number, etag: string) =>
    storage.upkeep.deleteUnknownObject({
      providerId: backupId,
      object: { key, size, etag, lastModified: new Date() },
    });
  const [copy] = await rowsOf(site);
  expect(await confirm(2_000, copy?.etag ?? "")).toBe("known");
  // Also that of a deleted file: its time is not over.
  await on.storage.files.delete(on.me, id);
  expect(await confirm(2_000, copy?.etag ?? "")).toBe("known");
  expect(await copies.has(key)).toBe(true);
  await (await site.open({ now: later(31 * DAY_MS) })).backups.run();
  expect((await rowsOf(site)).map(({ state }) => state)).toEqual(["removed"]);
  await client.send(new PutObjectCommand({ Bucket, Key: key, Body: "late" }));
  expect(await confirm(4, createHash("md5").update("late").digest("hex"))).toBe("deleted");
});

it("fills one backup while another does not answer, whatever waits for that", async () => {
  await using site = await openBackedUp(store);
  const { on, proxy } = site;
  await using dead = await startFaultProxy(store.endpoint);
  const bucket = `backup-${randomUUID()}`;
  await prepareBucket({ ...store, bucket }, { allowedOrigins: [], isVersioned: false });
  const deadId = await addBackup(on.db, { ...store, endpoint: dead.endpoint, bucket });
  for (let seed = 0; seed < 30; seed++) await upload(on, wavBytes(3_000, seed));
  // What waits for the dead one has waited for longer.
  await sql`UPDATE file_backups SET due_at = now() - interval '1 hour' WHERE backup_provider_id = ${deadId}::uuid`.execute(
    on.db,
  );
  dead.intercept = () => ({ drop: "before" });
  const storage = await site.open();
  const report = await storage.backups.run();
  expect(report.copied).toBe(30);
  expect(await site.copies.keys()).toHaveLength(30);
  // Nor is the dead one asked for all of them.
  expect(report.failures.length).toBeLessThan(12);
  expect(proxy.operations).not.toEqual([]);
});

it("asks nothing of a round that walks over what waits for a backup that is disabled, or for a bucket that is away", async () => {
  await using site = await openBackedUp(store);
  const { on, backupId } = site;
  const bucket = `backup-${randomUUID()}`;
  await prepareBucket({ ...store, bucket }, { allowedOrigins: [], isVersioned: false });
  const disabledId = await addBackup(on.db, { ...store, bucket });
  await disableProvider(on.db, disabledId, { leaveNoPrimary: false });
  for (let seed = 0; seed < 3; seed++) await upload(on, wavBytes(3_000, seed));
  await sql`
    INSERT INTO file_backups (file_storage_id, backup_provider_id, object_key, file_size, stored_at, due_at)
    SELECT gen_random_uuid(), ${disabledId}::uuid, 'audio/x/' || n, 1000, now(), now() - interval '1 day' FROM generate_series(1, 20000) AS n`.execute(
    on.db,
  );
  await sql`
    INSERT INTO file_moves (file_storage_id, kind, from_provider_id, to_provider_id, object_key, file_size, due_at)
    SELECT file_storage_id, 'archive', ${backupId}::uuid, ${disabledId}::uuid, object_key, file_size, due_at FROM file_backups
    WHERE backup_provider_id = ${disabledId}::uuid`.execute(on.db);
  await sql`VACUUM ANALYZE file_backups, file_moves`.execute(on.db);
  const { asked, plugin } = listen(on.db);
  const db = on.db.withPlugin(plugin);
  const storage = await site.open({ db });
  expect(await storage.backups.run()).toMatchObject({ copied: 3, failures: [] });
  await claimMove({ db, clock: createClock() }, [disabledId]);
  const ofQueues = [...asked.values()].filter(({ sql: text }) =>
    /UPDATE (file_backups|file_moves)/.test(text),
  );
  expect(ofQueues.length).toBeGreaterThanOrEqual(3);
  for (const { sql: text, parameters } of ofQueues)
    expect(await rowsRead(on.db, CompiledQuery.raw(text, [...parameters])), text).toBeLessThan(100);
});

it("fills a backup anew that was disabled for a while, and says nothing of a recovery point before", async () => {
  await using site = await openBackedUp(store);
  const { on, backupId } = site;
  const storage = await site.open();
  await vi.waitUntil(
    async () => (await storage.backups.run()) && (await storage.backups.state()).recoveryPoint !== null,
    { timeout: 20_000, interval: 50 },
  );
  await disableProvider(on.db, backupId, { leaveNoPrimary: false });
  await upload(on, wavBytes(3_000, 1));
  expect(await storage.backups.run()).toMatchObject({ copied: 0 });
  await on.db.updateTable("storage_providers").set({ is_active: true }).where("id", "=", backupId).execute();
  expect((await storage.backups.state()).recoveryPoint).toBeNull();
  await vi.waitUntil(async () => (await storage.backups.run()).copied === 1, {
    timeout: 20_000,
    interval: 50,
  });
});

it("has no recovery point while a cold bucket has files without a copy, and may have a backup for it", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const storage = await site.open();
  await upload(on, wavBytes(3_000, 1));
  const file = await upload(on, wavBytes(4_000, 2));
  await vi.waitUntil(
    async () => (await storage.backups.run()) && (await storage.backups.state()).recoveryPoint !== null,
    { timeout: 20_000, interval: 50 },
  );
  const bucket = `cold-${randomUUID()}`;
  await prepareBucket({ ...store, bucket }, { allowedOrigins: [], isVersioned: false });
  const cold = await addBackup(on.db, { ...store, bucket }, { isCold: true });
  const goCold = (id: string) =>
    sql`UPDATE file_storage SET storage_provider_id = ${cold}::uuid, status = 'archived' WHERE id = ${id}::uuid`.execute(
      on.db,
    );
  await goCold(file.id);
  expect(await storage.backups.state()).toMatchObject({ withoutBackup: [] });
  // As of one that went cold before there was a backup.
  await sql`DELETE FROM file_backups WHERE file_storage_id = ${file.id}::uuid`.execute(on.db);
  expect(await storage.backups.state()).toMatchObject({ withoutBackup: [cold], recoveryPoint: null });
  await on.db
    .insertInto("storage_backups")
    .values({ storage_provider_id: cold, backup_provider_id: site.backupId })
    .execute();
  expect(await storage.backups.state()).toMatchObject({ withoutBackup: [], recoveryPoint: null });
});

it("tells costs what lies in a bucket of copies", async () => {
  await using site = await openBackedUp(store);
  const { on, copies } = site;
  const storage = await site.open();
  await upload(on, wavBytes(3_000, 1));
  await upload(on, wavBytes(9_000, 2));
  await storage.backups.run();
  const dump = { Bucket: copies.name, Key: "backups/database/x.dump.enc", Body: "a dump" };
  await copies.client.send(new PutObjectCommand(dump));
  await storage.backups.compare();
  await storage.upkeep.sampleStorage();
  const { rows } = await sql`
    SELECT kind, byte_hours::integer AS bytes, billed_byte_hours::integer AS billed FROM storage_bytes_days
    WHERE storage_provider_id = ${site.backupId}::uuid`.execute(on.db);
  expect(rows).toEqual([{ kind: "copies", bytes: 12_006, billed: 9_000 + 2 * 4_096 }]);
});

it("keeps its lease for as long as both are read to the end, where ETags cannot tell", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const file = await upload(on, wavBytes(3 * PART_SIZE, 1));
  // As of parts that nobody knows any more.
  await sql`UPDATE multipart_uploads SET chunk_size = ${PART_SIZE * 2}`.execute(on.db);
  const storage = await site.open();
  const now = performance.now.bind(performance);
  let ahead = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + ahead);
  const leases: boolean[] = [];
  const readLease = async () => {
    const { rows } = await sql<{ isHeld: boolean }>`
      SELECT due_at > now() + interval '1 minute' AS "isHeld" FROM file_backups`.execute(on.db);
    leases.push(rows[0]?.isHeld === true);
    // Each piece takes half a minute, by which its lease has all but run out.
    ahead += 31_000;
    await sql`UPDATE file_backups SET due_at = now() + interval '1 second'`.execute(on.db);
  };
  site.proxy.intercept = (operation) => (operation === "GetObject" ? { before: readLease() } : undefined);
  try {
    expect(await storage.backups.run()).toMatchObject({ copied: 1, failures: [] });
  } finally {
    clock.mockRestore();
  }
  expect(leases.length).toBeGreaterThanOrEqual(4);
  expect(new Set(leases)).toEqual(new Set([true]));
  expect(Buffer.from(await site.copies.read(file.key)).equals(wavBytes(3 * PART_SIZE, 1))).toBe(true);
});
