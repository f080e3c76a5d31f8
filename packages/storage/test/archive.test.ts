import { randomUUID } from "node:crypto";
import { CreateMultipartUploadCommand, DeleteObjectCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addArchiveRule, listArchiveRules, removeArchiveRule } from "../src/index.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTwoPlaces, type World } from "./open-two-places.ts";
import { PART_SIZE, type TestStore } from "./test-storage.ts";

const DAY = 86_400_000;
const STORES = [
  ["emulator", openEmulator],
  ["Ceph", cephOfThisFile()],
] as const;

describe.each(STORES)("files that nobody has read for long, on %s", (_, openStore) => {
  let store: TestStore & { close(): Promise<void> };
  beforeAll(async () => {
    store = await openStore();
  }, 60_000);
  afterAll(() => store.close());

  const addRule = ({ db, next }: World, rule: { workspaceId?: string; contentTypes?: string[] } = {}) =>
    addArchiveRule(db, {
      providerId: next.id,
      workspaceId: rule.workspaceId ?? null,
      olderThanDays: 30,
      unusedForDays: 20,
      contentTypes: rule.contentTypes ?? null,
      leastSize: 45,
    });
  const stateOf = async ({ storage, me }: World, id: string) => (await storage.files.get(me, id)).state;

  it("go to the cold bucket by rule, say so, and come back as they were when somebody asks", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { db, me, storage, old, next } = world;
    const file = await world.store(2 * PART_SIZE + 3);
    const before = await storage.files.get(me, file.id);
    const counted = await db.selectFrom("storage_counters").selectAll().orderBy("scope").execute();
    await addRule(world);
    expect(await world.open(29 * DAY).moveFiles()).toMatchObject({ queued: 0 });
    expect(await world.open(31 * DAY).moveFiles()).toMatchObject({ queued: 1, moved: 1, failures: [] });
    expect(await stateOf(world, file.id)).toBe("archived");
    expect(Buffer.compare(await next.view.read(file.key), file.bytes)).toBe(0);
    await expect(world.read(file.id)).rejects.toMatchObject({
      code: "file_not_ready",
      details: { state: "archived" },
    });
    expect((await storage.upkeep.reconcile()).findings).toEqual({});
    expect(await world.open(32 * DAY).moveFiles()).toMatchObject({ cleared: 1 });
    expect(await old.view.keys()).toEqual([]);

    const asked = await Promise.all([1, 2, 3].map(() => storage.files.recall(me, file.id)));
    expect(asked.map(({ state }) => state)).toEqual(["recalling", "recalling", "recalling"]);
    await expect(world.read(file.id)).rejects.toMatchObject({ details: { state: "recalling" } });
    expect(await world.open(32 * DAY).moveFiles()).toMatchObject({ queued: 1, moved: 1 });
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
    const after = await storage.files.get(me, file.id);
    expect({ ...after, updatedAt: "", downloadUrlsIssued: 0 }).toEqual({
      ...before,
      updatedAt: "",
      downloadUrlsIssued: 0,
    });
    expect(await world.open(33 * DAY).moveFiles()).toMatchObject({ cleared: 1 });
    expect(await next.view.keys()).toEqual([]);
    expect(await db.selectFrom("storage_counters").selectAll().orderBy("scope").execute()).toEqual(counted);
    // It was asked for just now, and stays.
    expect(await storage.files.recall(me, file.id)).toMatchObject({ state: "stored" });
  });

  it("are looked for as any others are, and what a worker left beside them goes", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { storage, next } = world;
    const [kept, lost] = [await world.store(60), await world.store(70)];
    await addRule(world);
    expect(await world.open(31 * DAY).moveFiles()).toMatchObject({ moved: 2 });
    await next.view.client.send(new CreateMultipartUploadCommand({ Bucket: next.view.name, Key: kept.key }));
    await next.view.client.send(new DeleteObjectCommand({ Bucket: next.view.name, Key: lost.key }));
    expect((await storage.upkeep.reconcile()).findings).toEqual({ object_missing: 1 });
    await storage.sweep();
    expect(await next.view.openUploads()).toEqual([]);
    expect(await next.view.has(kept.key)).toBe(true);
  });

  it("stay where they are when they are public, small, of another kind or workspace, going soon, or were read", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { db, me, storage, next } = world;
    const kept = {
      public: await world.store(50),
      small: await world.store(40),
      ending: await world.store(51),
      read: await world.store(52),
      failing: await world.store(53),
    };
    const gone = await world.store(54);
    await storage.files.update(me, kept.public.id, { accessLevel: "public" });
    const set = (id: string, change: object) =>
      db.updateTable("file_storage").set(change).where("id", "=", id).execute();
    await set(kept.ending.id, { expires_at: new Date(Date.now() + 40 * DAY) });
    await set(kept.read.id, { last_accessed_at: new Date(Date.now() + 15 * DAY) });
    await set(kept.failing.id, { status: "processing" });
    const rule = await addRule(world, { contentTypes: ["export_file"] });
    expect(await world.open(31 * DAY).moveFiles()).toMatchObject({ queued: 0 });
    await removeArchiveRule(db, rule);
    await addRule(world, { workspaceId: world.workspaceId, contentTypes: ["audio_file"] });
    expect(await world.open(31 * DAY).moveFiles()).toMatchObject({ queued: 1, moved: 1 });
    expect(await next.view.keys()).toEqual([gone.key]);
    for (const { id } of Object.values(kept)) expect(await stateOf(world, id)).not.toBe("archived");
  });

  it("stay where they are when somebody makes them public while they are copied", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { me, storage, next } = world;
    const file = await world.store(60);
    await addRule(world);
    let isPublished = false;
    next.proxy.intercept = (operation) => {
      if (isPublished || operation !== "PutObject") return undefined;
      isPublished = true;
      return { after: storage.files.update(me, file.id, { accessLevel: "public" }) };
    };
    expect(await world.open(31 * DAY).moveFiles()).toMatchObject({ moved: 0 });
    expect(isPublished).toBe(true);
    expect(await stateOf(world, file.id)).toBe("stored");
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
    await world.open(31 * DAY + 3_600_000).moveFiles();
    expect(await next.view.keys()).toEqual([]);
  });

  it("are deleted from the cold bucket, also while they come back", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { me, storage, old, next } = world;
    const [one, two] = [await world.store(70), await world.store(71)];
    await addRule(world);
    await world.open(31 * DAY).moveFiles();
    await world.open(32 * DAY).moveFiles();
    await storage.files.delete(me, one.id);
    await storage.files.recall(me, two.id);
    let isDeleted = false;
    old.proxy.intercept = (operation) => {
      if (isDeleted || operation !== "PutObject") return undefined;
      isDeleted = true;
      return { after: storage.files.delete(me, two.id) };
    };
    await world.open(32 * DAY).moveFiles();
    expect(isDeleted).toBe(true);
    await storage.sweep();
    await world.open(33 * DAY).moveFiles();
    expect([...(await old.view.keys()), ...(await next.view.keys())]).toEqual([]);
    await expect(storage.files.recall(me, one.id)).rejects.toMatchObject({ code: "file_not_found" });
  });

  it("are nobody else's to call back", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { storage } = world;
    const file = await world.store(80);
    const stranger = { userId: randomUUID() };
    await expect(storage.files.recall(stranger, file.id)).rejects.toMatchObject({ code: "file_not_found" });
  });

  it("wait where the cold bucket is away, and nothing is lost", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { me, storage, next } = world;
    const file = await world.store(90);
    await addRule(world);
    next.proxy.intercept = () => ({ drop: "before" });
    expect((await world.open(31 * DAY).moveFiles()).failures).toMatchObject([
      { id: file.id, code: "target_unavailable" },
    ]);
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
    next.proxy.intercept = () => undefined;
    expect(await world.open(32 * DAY).moveFiles()).toMatchObject({ moved: 1 });
    await storage.files.recall(me, file.id);
    next.proxy.intercept = () => ({ drop: "before" });
    // What was left where it had been is cleared first.
    await world.open(33 * DAY).moveFiles();
    await world.open(34 * DAY).moveFiles();
    expect(await stateOf(world, file.id)).toBe("recalling");
    next.proxy.intercept = () => undefined;
    await world.open(35 * DAY).moveFiles();
    await world.open(36 * DAY).moveFiles();
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
  });

  it("go by rules for cold buckets alone", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { db, old } = world;
    const rule = { workspaceId: null, olderThanDays: 1, unusedForDays: 1, contentTypes: null, leastSize: 0 };
    await expect(addArchiveRule(db, { ...rule, providerId: old.id })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(addArchiveRule(db, { ...rule, providerId: randomUUID() })).rejects.toMatchObject({
      code: "provider_not_found",
    });
    await expect(removeArchiveRule(db, randomUUID())).rejects.toMatchObject({ code: "rule_not_found" });
    expect(await listArchiveRules(db)).toEqual([]);
    // Nobody uploads there.
    await sql`UPDATE storage_providers SET stands_in = true WHERE purpose = 'cold'`.execute(db).then(
      () => expect.unreachable(),
      () => undefined,
    );
  });
});
