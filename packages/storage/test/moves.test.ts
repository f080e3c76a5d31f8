import { randomBytes } from "node:crypto";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cancelMove, type Finding, listMoves, startMove } from "../src/index.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTwoPlaces, type World } from "./open-two-places.ts";
import { PART_SIZE, type TestStore } from "./test-storage.ts";

type UnknownFinding = Extract<Finding, { kind: "unknown_object" }>;

const STORES = [
  ["emulator", openEmulator],
  ["Ceph", cephOfThisFile()],
] as const;

describe.each(STORES)("files that move to another bucket, on %s", (_, openStore) => {
  let store: TestStore & { close(): Promise<void> };
  beforeAll(async () => {
    store = await openStore();
  }, 60_000);
  afterAll(() => store.close());

  const goTo = (world: World) =>
    startMove(world.db, world.workspaceId, { providerId: world.next.id, whileDown: "elsewhere" });

  it("go once where two operators send them at once, also by plans that are made for any value", async () => {
    await using world = await openTwoPlaces(store);
    const begin = () =>
      world.db.connection().execute(async (db) => {
        // As a connection plans what it has been asked often.
        await sql`SET plan_cache_mode = force_generic_plan`.execute(db);
        return await startMove(db, world.workspaceId, { providerId: world.next.id, whileDown: "elsewhere" });
      });
    const ends = await Promise.allSettled([begin(), begin()]);
    expect(ends.map((end) => (end.status === "rejected" ? end.reason : "begun"))).toEqual(
      expect.arrayContaining(["begun", expect.objectContaining({ code: "move_running" })]),
    );
    expect(await listMoves(world.db)).toHaveLength(1);
  });

  it("are read all the while, are the same bytes at the end, and leave nothing behind", async () => {
    await using world = await openTwoPlaces(store);
    const { db, storage, old, next } = world;
    const files = [
      await world.store(20),
      await world.store(PART_SIZE + 7),
      await world.store(2 * PART_SIZE + 9),
    ];
    const counted = await db.selectFrom("storage_counters").selectAll().orderBy("scope").execute();
    const etags = await db.selectFrom("file_storage").select(["id", "etag"]).orderBy("id").execute();
    await goTo(world);

    let isDone = false;
    const reading = (async () => {
      for (let reads = 0; !isDone || reads < 1; reads++)
        for (const { id, bytes } of files) expect(Buffer.compare(await world.read(id), bytes)).toBe(0);
    })();
    const report = await storage.moveFiles();
    isDone = true;
    await reading;
    expect(report).toMatchObject({ queued: 3, moved: 3, failures: [], finished: [world.workspaceId] });
    for (const { id, key, bytes } of files) {
      expect(Buffer.compare(await next.view.read(key), bytes)).toBe(0);
      // URLs of before are still good.
      expect(await old.view.has(key)).toBe(true);
      expect(Buffer.compare(await world.read(id), bytes)).toBe(0);
    }
    expect(await db.selectFrom("file_storage").select(["id", "etag"]).orderBy("id").execute()).toEqual(etags);
    // Nothing of it is a finding.
    expect((await storage.upkeep.reconcile()).findings).toEqual({});

    expect(await world.open(600_000).moveFiles()).toMatchObject({ cleared: 0 });
    expect(await world.open(3_600_000).moveFiles()).toMatchObject({ cleared: 3, failures: [] });
    expect(await old.view.keys()).toEqual([]);
    expect(await next.view.openUploads()).toEqual([]);
    for (const { id, bytes } of files) expect(Buffer.compare(await world.read(id), bytes)).toBe(0);
    expect(await db.selectFrom("storage_counters").selectAll().orderBy("scope").execute()).toEqual(counted);
    expect(await listMoves(db)).toMatchObject([
      { state: "done", moved: 3, waiting: 0, failed: 0, toClear: 0 },
    ]);
    // New ones are born there.
    const born = await world.store(30);
    expect(await next.view.has(born.key)).toBe(true);
  });

  it("go on where a worker was killed, by many at once, whatever the buckets do", async () => {
    await using world = await openTwoPlaces(store);
    const { db, next, old } = world;
    const files = await Promise.all(
      Array.from({ length: 8 }, (_, n) => world.store(n % 2 === 0 ? 50 + n : 2 * PART_SIZE + n)),
    );
    await goTo(world);
    let calls = 0;
    const trouble = () => {
      calls += 1;
      if (calls % 5 === 0) return { hideBehind: 500 } as const;
      if (calls % 7 === 0) return { drop: "after" } as const;
      return calls % 9 === 0 ? ({ drop: "before" } as const) : undefined;
    };
    for (const place of [old, next]) place.proxy.intercept = trouble;
    // A worker that is told to stop in the middle, then several, each a little later: what failed is due by then.
    await world.open().moveFiles({ signal: AbortSignal.timeout(150) });
    for (let round = 1; round <= 12; round++) {
      const workers = [1, 2].map(() => world.open(round * 700_000).moveFiles());
      await Promise.all(workers);
      if (round === 8) for (const place of [old, next]) place.proxy.intercept = () => undefined;
    }
    expect(await listMoves(db)).toMatchObject([{ state: "done", moved: 8 }]);
    for (const { id, bytes } of files) expect(Buffer.compare(await world.read(id), bytes)).toBe(0);
    expect((await next.view.keys()).sort()).toEqual(files.map(({ key }) => key).sort());
    // An upload whose id nobody heard of is taken away by the sweep.
    await world.storage.sweep();
    expect(await next.view.openUploads()).toEqual([]);
  });

  it("are deleted in both places where they are deleted on the way", async () => {
    await using world = await openTwoPlaces(store);
    const { db, me, storage, old, next } = world;
    const [moved, waiting] = [await world.store(40), await world.store(50)];
    await goTo(world);
    await storage.moveFiles();
    await storage.files.delete(me, moved.id);
    await storage.sweep();
    await storage.moveFiles();
    expect([await old.view.has(moved.key), await next.view.has(moved.key)]).toEqual([false, false]);

    // One whose copy is made, and whose row says that it goes before the copy takes its place.
    const late = await world.store(60);
    await sql`UPDATE file_storage SET storage_provider_id = ${old.id}::uuid WHERE id = ${late.id}::uuid`.execute(
      db,
    );
    await old.view.client.send(
      new PutObjectCommand({
        Bucket: old.view.name,
        Key: late.key,
        Body: late.bytes,
      }),
    );
    await startMove(db, world.workspaceId, { providerId: next.id, whileDown: "wait" });
    let isDeleted = false;
    next.proxy.intercept = (operation) => {
      if (isDeleted || operation !== "PutObject") return undefined;
      isDeleted = true;
      return { after: storage.files.delete(me, late.id) };
    };
    await world.open().moveFiles();
    expect(isDeleted).toBe(true);
    await storage.sweep();
    await world.open(1_000_000).moveFiles();
    expect([await old.view.has(late.key), await next.view.has(late.key)]).toEqual([false, false]);
    expect(Buffer.compare(await next.view.read(waiting.key), waiting.bytes)).toBe(0);
  });

  it("stay public, at a URL of the new bucket, and the old one is good for a week", async () => {
    await using world = await openTwoPlaces(store);
    const { db, me, storage, old, next } = world;
    const file = await world.store(70);
    await storage.files.update(me, file.id, { accessLevel: "public" });
    const urlOf = async () =>
      (
        await db
          .selectFrom("file_storage")
          .select(["cdn_url", "store_access"])
          .where("id", "=", file.id)
          .executeTakeFirstOrThrow()
      ).cdn_url ?? "";
    const before = await urlOf();
    expect(before).toContain(old.view.name);
    await goTo(world);
    expect(await storage.moveFiles()).toMatchObject({ moved: 1 });
    const after = await urlOf();
    expect(after).toContain(next.view.name);
    for (const url of [before, after]) {
      const answer = await fetch(url);
      expect(answer.status, url).toBe(200);
      expect(Buffer.compare(new Uint8Array(await answer.arrayBuffer()), file.bytes)).toBe(0);
    }
    expect(await world.open(86_400_000).moveFiles()).toMatchObject({ cleared: 0 });
    expect(await world.open(8 * 86_400_000).moveFiles()).toMatchObject({ cleared: 1 });
    expect((await fetch(before)).status).not.toBe(200);
    expect((await fetch(after)).status).toBe(200);
  });

  it("stay where they are when the move is cancelled, and may move again", async () => {
    await using world = await openTwoPlaces(store);
    const { db, storage, old, next } = world;
    const file = await world.store(2 * PART_SIZE + 1);
    const moveId = await goTo(world);
    await expect(goTo(world)).rejects.toMatchObject({ code: "move_running" });
    next.proxy.intercept = (operation) =>
      operation === "CompleteMultipartUpload" ? { refuseWith: 503 } : undefined;
    await storage.moveFiles();
    await cancelMove(db, moveId);
    await expect(cancelMove(db, moveId)).rejects.toMatchObject({ code: "move_not_found" });
    next.proxy.intercept = () => undefined;
    await world.open(2_000_000).moveFiles();
    expect(await next.view.openUploads()).toEqual([]);
    expect(await next.view.keys()).toEqual([]);
    expect(Buffer.compare(await old.view.read(file.key), file.bytes)).toBe(0);
    await goTo(world);
    expect(await world.open().moveFiles()).toMatchObject({ moved: 1 });
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
  });

  it("keep their old object where the new one is not what it was, and say so", async () => {
    await using world = await openTwoPlaces(store);
    const { storage, old, next } = world;
    const file = await world.store(80);
    await goTo(world);
    await storage.moveFiles();
    await next.view.client.send(new DeleteObjectCommand({ Bucket: next.view.name, Key: file.key }));
    const report = await world.open(3_600_000).moveFiles();
    expect(report.failures).toMatchObject([{ id: file.id, code: "checksum_differs" }]);
    expect(Buffer.compare(await old.view.read(file.key), file.bytes)).toBe(0);
  });

  it("are not taken where the object is not the row's", async () => {
    await using world = await openTwoPlaces(store);
    const { db, storage, old, next } = world;
    const file = await world.store(90);
    await old.view.client.send(
      new PutObjectCommand({ Bucket: old.view.name, Key: file.key, Body: randomBytes(90) }),
    );
    await goTo(world);
    expect((await storage.moveFiles()).failures).toMatchObject([{ id: file.id, code: "source_changed" }]);
    expect(await next.view.keys()).toEqual([]);
    expect(await listMoves(db)).toMatchObject([
      { state: "running", failed: 1, error: { code: "source_changed" } },
    ]);
  });

  /** One whose copy lies in the new bucket, and whose row names the old one until `handOver`. */
  async function openCopied(world: World) {
    const { next } = world;
    const { view } = next;
    const file = await world.store(60);
    const put = () =>
      view.client.send(new PutObjectCommand({ Bucket: view.name, Key: file.key, Body: file.bytes }));
    const copied = Promise.withResolvers<void>();
    const going = Promise.withResolvers<void>();
    next.proxy.intercept = (operation) => {
      if (operation !== "PutObject") return undefined;
      copied.resolve();
      return { after: going.promise };
    };
    const begin = async () => {
      await goTo(world);
      const moving = world.open().moveFiles();
      await copied.promise;
      return async () => {
        going.resolve();
        expect(await moving).toMatchObject({ moved: 1 });
      };
    };
    return { ...file, put, begin };
  }

  it("are not deleted as unknown where the row comes to name them while it is asked who knows them", async () => {
    await using world = await openTwoPlaces(store);
    const file = await openCopied(world);
    // What a copy that nobody waited for any more has left.
    await file.put();
    const listed: UnknownFinding[] = [];
    await world.storage.upkeep.reconcile({
      onFinding: (finding) => {
        if (finding.kind === "unknown_object") listed.push(finding);
      },
    });
    expect(listed).toMatchObject([{ providerId: world.next.id, object: { key: file.key } }]);
    const handOver = await file.begin();
    const asking = world.openHalted((question) => question.includes(file.key), handOver);
    for (const finding of listed) expect(await asking.upkeep.deleteUnknownObject(finding)).toBe("known");
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
  });

  it("are not reported as unknown where the row comes to name them behind the pass", async () => {
    await using world = await openTwoPlaces(store);
    const file = await openCopied(world);
    const handOver = await file.begin();
    const isOfRows = (question: string) =>
      question.includes(world.next.id) && question.includes("storage_path");
    const reconciling = world.openHalted(isOfRows, handOver);
    expect((await reconciling.upkeep.reconcile()).findings).toEqual({});
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
  });

  it("keep the upload of their copy however long it takes, and it is no finding", async () => {
    await using world = await openTwoPlaces(store);
    const { next } = world;
    const file = await world.store(2 * PART_SIZE + 9);
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    next.proxy.intercept = (operation) => {
      if (operation !== "UploadPart") return undefined;
      begun.resolve();
      return { before: held.promise };
    };
    await goTo(world);
    const moving = world.open().moveFiles();
    await begun.promise;
    const uploads = await next.view.openUploads();
    expect(uploads).toHaveLength(1);
    const impatient = world.open(0, { unknownGraceMs: 0 });
    expect((await impatient.upkeep.reconcile()).findings).toEqual({});
    await impatient.sweep();
    expect(await next.view.openUploads()).toEqual(uploads);
    held.resolve();
    expect(await moving).toMatchObject({ moved: 1, failures: [] });
    expect(Buffer.compare(await world.read(file.id), file.bytes)).toBe(0);
  });

  it("are not deleted as unknown where the database is of before their move, and nothing else is left of them", async () => {
    await using world = await openTwoPlaces(store);
    const { db, old, next } = world;
    const [lost, kept] = [await world.store(70), await world.store(80)];
    await goTo(world);
    await world.storage.moveFiles();
    await world.open(3_600_000).moveFiles();
    // As a backup of the database has it.
    await sql`DELETE FROM file_moves`.execute(db);
    await sql`UPDATE file_storage SET storage_provider_id = ${old.id}::uuid`.execute(db);
    await old.view.put(kept.key, kept.bytes);
    const listed: UnknownFinding[] = [];
    await world.storage.upkeep.reconcile({
      onFinding: (finding) => {
        if (finding.kind === "unknown_object") listed.push(finding);
      },
    });
    expect(listed.map(({ object }) => object.key).toSorted()).toEqual([lost.key, kept.key].toSorted());
    const outcomes = new Map<string, string>();
    for (const finding of listed)
      outcomes.set(finding.object.key, await world.storage.upkeep.deleteUnknownObject(finding));
    expect(Object.fromEntries(outcomes)).toEqual({ [lost.key]: "known", [kept.key]: "deleted" });
    expect(Buffer.compare(await next.view.read(lost.key), lost.bytes)).toBe(0);
    expect(Buffer.compare(await world.read(kept.id), kept.bytes)).toBe(0);
  });

  it("are not dropped by a move of before, where the database is older than what became of them", async () => {
    await using world = await openTwoPlaces(store);
    const { db, old, next } = world;
    const file = await world.store(70);
    await goTo(world);
    await world.storage.moveFiles();
    await world.open(3_600_000).moveFiles();
    expect(await old.view.has(file.key)).toBe(false);
    // As a backup of the database has it, of when an earlier move had just been cancelled.
    await sql`UPDATE file_storage SET storage_provider_id = ${old.id}::uuid`.execute(db);
    await sql`UPDATE file_moves SET state = 'dropping', due_at = now()`.execute(db);
    const report = await world.open().moveFiles();
    expect(report.failures).toMatchObject([{ id: file.id, code: "source_missing" }]);
    expect(Buffer.compare(await next.view.read(file.key), file.bytes)).toBe(0);
    await old.view.put(file.key, file.bytes);
    expect(await world.open(86_400_000).moveFiles()).toMatchObject({ cleared: 1, failures: [] });
    expect(await next.view.has(file.key)).toBe(false);
  });
});
