import { setTimeout as delay } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { addArchiveRule, type Database, startMove } from "../src/index.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTwoPlaces, type World } from "./open-two-places.ts";
import type { TestStore } from "./test-storage.ts";

const STORES = [
  ["emulator", openEmulator],
  ["Ceph", cephOfThisFile()],
] as const;

describe.each(STORES)("what somebody does to a file that is between two buckets, on %s", (_, openStore) => {
  let store: TestStore & { close(): Promise<void> };
  beforeAll(async () => {
    store = await openStore();
  }, 60_000);
  afterAll(() => store.close());

  const goTo = (world: World) =>
    startMove(world.db, world.workspaceId, { providerId: world.next.id, whileDown: "elsewhere" });

  it("is deleted from both where its row goes to the other while it is being deleted", async () => {
    await using world = await openTwoPlaces(store);
    const { db, me, storage, old, next } = world;
    const file = await world.store(60);
    await goTo(world);
    const holder = await db.startTransaction().execute();
    await sql`SELECT FROM file_storage WHERE id = ${file.id}::uuid FOR UPDATE`.execute(holder);
    // First the hand-over waits for the row, then whoever deletes, who has read by then where the file is.
    const moving = world.open().moveFiles();
    await waiting(db, 1);
    const deleting = storage.files.delete(me, file.id);
    await waiting(db, 2);
    await holder.commit().execute();
    expect((await moving).moved).toBe(1);
    await deleting;
    await storage.sweep();
    await world.open(60_000).sweep();
    await storage.moveFiles();
    expect([await old.view.has(file.key), await next.view.has(file.key)]).toEqual([false, false]);
  });

  it("is in the archive that was asked for before it moved, also where its old object goes in the middle", async () => {
    await using world = await openTwoPlaces(store);
    const { me, storage, old, next } = world;
    const files: { id: string; key: string }[] = [];
    for (const size of [60, 70, 80]) files.push(await world.store(size));
    const asked = await storage.exports.create(me, {
      kind: "files",
      fileIds: files.map(({ id }) => id),
      expiresIn: 86_400,
    });
    const move = async () => {
      await goTo(world);
      expect((await world.open().moveFiles()).moved).toBe(3);
      expect((await world.open(8 * 86_400_000).moveFiles()).cleared).toBe(3);
    };
    // Whoever reads the first of them waits until all are elsewhere.
    let moving: Promise<void> | undefined;
    old.proxy.intercept = (operation) => {
      if (operation !== "GetObject" || moving !== undefined) return undefined;
      old.proxy.intercept = () => undefined;
      moving = move();
      return { before: moving };
    };
    const { done, failures } = await storage.exports.run();
    expect(moving).toBeDefined();
    expect(failures).toEqual([]);
    expect(done).toMatchObject([{ id: asked.id, files: 3, missing: 0 }]);
    expect(await next.view.has(files[0]?.key ?? "")).toBe(true);
  });

  it("comes back before files that nobody waits for, also where it is called back in the middle of a round", async () => {
    await using world = await openTwoPlaces(store, { nextIsCold: true });
    const { db, me, storage, next } = world;
    const [cold, ...rest] = [
      await world.store(60),
      await world.store(70),
      await world.store(80),
      await world.store(90),
    ];
    if (cold === undefined) throw new Error("no file");
    await addArchiveRule(db, {
      providerId: next.id,
      workspaceId: null,
      olderThanDays: 1,
      unusedForDays: 1,
      contentTypes: null,
      leastSize: 0,
    });
    const age = (id: string) =>
      sql`UPDATE file_storage SET created_at = created_at - interval '9 days', stored_at = stored_at - interval '9 days'
        WHERE id = ${id}::uuid`.execute(db);
    await age(cold.id);
    expect(await storage.moveFiles()).toMatchObject({ moved: 1 });
    expect(await world.open(7_200_000).moveFiles()).toMatchObject({ cleared: 1 });
    for (const { id } of rest) await age(id);
    await sql`UPDATE archive_rules SET due_at = now()`.execute(db);
    const states: string[] = [];
    next.proxy.intercept = (operation) => {
      if (operation !== "PutObject") return undefined;
      const isFirst = states.length === 0;
      const look = async () => {
        states.push((await storage.files.get(me, cold.id)).state);
        if (!isFirst) return;
        await storage.files.recall(me, cold.id);
        await delay(1_100);
      };
      return { before: look() };
    };
    const oneLane = world.open(0, { backupLanes: 1 });
    expect(await oneLane.moveFiles()).toMatchObject({ moved: 4, failures: [] });
    expect(states).toEqual(["archived", "stored", "stored"]);
    expect(Buffer.compare(await world.read(cold.id), cold.bytes)).toBe(0);
  });

  it("loses no object to a worker that was held up while it cleared the old place", async () => {
    await using world = await openTwoPlaces(store);
    const { storage, old, next } = world;
    const file = await world.store(60);
    await goTo(world);
    expect(await storage.moveFiles()).toMatchObject({ moved: 1 });
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const hurried = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => timeout(ms / 1_000));
    // As a call that waits for its turn behind those of users: its lease would be over by then.
    next.proxy.intercept = (operation) => (operation === "HeadObject" ? { after: delay(600) } : undefined);
    try {
      expect(await world.open(3_600_000).moveFiles()).toMatchObject({ cleared: 0 });
    } finally {
      hurried.mockRestore();
    }
    expect(await old.view.has(file.key)).toBe(true);
    next.proxy.intercept = () => undefined;
    expect(await world.open(7_200_000).moveFiles()).toMatchObject({ cleared: 1 });
    expect(await old.view.has(file.key)).toBe(false);
  });

  it("has neither come to its workspace nor left it", async () => {
    await using world = await openTwoPlaces(store);
    const { db, storage } = world;
    await world.store(60);
    await goTo(world);
    expect(await storage.moveFiles()).toMatchObject({ moved: 1 });
    await storage.sweep();
    const { rows } = await sql`
      SELECT scope, sum(files_added)::integer AS added, sum(files_removed)::integer AS removed, sum(bytes_added)::integer AS bytes
      FROM storage_file_periods GROUP BY 1 ORDER BY 1`.execute(db);
    expect(rows).toEqual([
      { scope: "provider", added: 2, removed: 1, bytes: 120 },
      { scope: "workspace", added: 1, removed: 0, bytes: 60 },
    ]);
    expect((await sql`SELECT mend_file_totals() AS mended`.execute(db)).rows).toEqual([{ mended: 0 }]);
  });
});

/** Until so many of the database's sessions wait for a lock. */
async function waiting(db: Kysely<Database>, count: number): Promise<void> {
  for (;;) {
    const { rows } = await sql<{ count: number }>`
      SELECT count(*)::integer AS count FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(db);
    if ((rows[0]?.count ?? 0) >= count) return;
    await delay(20);
  }
}
