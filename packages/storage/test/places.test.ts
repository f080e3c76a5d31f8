import { randomBytes, randomUUID } from "node:crypto";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addProvider,
  createStorage,
  type Database,
  disableProvider,
  listPlaces,
  openProviders,
  type Principal,
  parseEnvelopeKey,
  prepareBucket,
  type Storage,
  setHome,
  setStandsIn,
} from "../src/index.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { openEmulator } from "./open-emulator.ts";
import { begin, newUpload, PART_SIZE, send, type TestStore, upload } from "./test-storage.ts";

let store: TestStore & { close(): Promise<void> };
beforeAll(async () => {
  store = await openEmulator();
});
afterAll(() => store.close());

interface Region {
  id: string;
  name: string;
  proxy: FaultProxy;
  goDown(): void;
  comeBack(): void;
}

interface World extends AsyncDisposable {
  db: Kysely<Database>;
  me: Principal;
  /** A server that has seen nothing yet. */
  open(): Storage;
  /** Looks at the buckets often enough for a change of their health. */
  watch(): Promise<{ providerId: string; state: string }[]>;
  regions: { home: Region; near: Region };
}

/** Two regions with a bucket each; `home` is the primary one. */
async function openWorld(): Promise<World> {
  const database = await createTestDatabase<Database>();
  const { db } = database;
  const encryptionKey = randomBytes(32).toString("base64");
  const options = { encryptionKey: parseEnvelopeKey(encryptionKey), allowInternalEndpoints: true };
  const addRegion = async (name: string, isPrimary: boolean): Promise<Region> => {
    const proxy = await startFaultProxy(store.endpoint);
    const bucket = `${name}-${randomUUID()}`;
    await prepareBucket({ ...store, bucket }, { allowedOrigins: ["http://localhost:3000"] });
    const id = await addProvider(
      db,
      { ...store, endpoint: proxy.endpoint, bucket, name: "s3", isPrimary },
      options,
    );
    // The emulator knows one region; ours are told apart by the name in the row.
    return {
      id,
      name,
      proxy,
      goDown: () => {
        proxy.intercept = () => ({ drop: "before" });
      },
      comeBack: () => {
        proxy.intercept = () => undefined;
      },
    };
  };
  const home = await addRegion("home", true);
  const near = await addRegion("near", false);
  await db.updateTable("storage_providers").set({ preferred_part_size: PART_SIZE }).execute();
  const opened: Storage[] = [];
  let ahead = 0;
  const open = () => {
    const storage = createStorage({
      db,
      providers: new Proxy(providers, {}),
      now: () => new Date(Date.now() + ahead),
      settings: { reconcileDelaysMs: [0, 50], waitForOtherMs: 200 },
    });
    opened.push(storage);
    return storage;
  };
  const providers = await openProviders({ db, encryptionKey, allowInternalEndpoints: true });
  return {
    db,
    me: { userId: await seedUser(db) },
    regions: { home, near },
    open,
    watch: async () => {
      const changes = [];
      for (let look = 0; look < 4; look++) {
        changes.push(...(await open().lookAtBuckets()));
        // Nobody waits so long: what was told stays good for two minutes of the database's own time.
        ahead += 11_000;
      }
      return changes.map(({ providerId, state }) => ({ providerId, state }));
    },
    async [Symbol.asyncDispose]() {
      for (const region of [home, near]) region.comeBack();
      for (const storage of opened) await storage.close();
      for (const region of [home, near]) await region.proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const placeOf = async (db: Kysely<Database>, sessionId: string) =>
  (
    await db
      .selectFrom("multipart_uploads as u")
      .innerJoin("file_storage as f", "f.id", "u.file_storage_id")
      .select("f.storage_provider_id")
      .where("u.id", "=", sessionId)
      .executeTakeFirstOrThrow()
  ).storage_provider_id;

const bytesOf = (size: number) => {
  const bytes = new Uint8Array(size);
  bytes.set(new TextEncoder().encode("RIFF____WAVEfmt "));
  return bytes;
};

describe("where a new upload goes", () => {
  it("goes to the primary bucket, unless its workspace is at home in another", async () => {
    await using world = await openWorld();
    const { db, me, regions } = world;
    const workspaceId = await seedWorkspace(db, { members: { [me.userId]: "member" } });
    const storage = world.open();
    const inWorkspace = () => begin({ storage, me }, { size: 20, workspaceId });

    expect(await placeOf(db, (await inWorkspace()).sessionId)).toBe(regions.home.id);
    await setHome(db, workspaceId, { providerId: regions.near.id, whileDown: "elsewhere" });
    expect(await placeOf(db, (await inWorkspace()).sessionId)).toBe(regions.near.id);
    expect(await placeOf(db, (await begin({ storage, me }, { size: 20 })).sessionId)).toBe(regions.home.id);
    await setHome(db, workspaceId, null);
    expect(await placeOf(db, (await inWorkspace()).sessionId)).toBe(regions.home.id);
  });

  it("goes nowhere else where it waits for its home: that one is not disabled before it has another", async () => {
    await using world = await openWorld();
    const { db, me, regions } = world;
    const workspaceId = await seedWorkspace(db, { members: { [me.userId]: "member" } });
    const storage = world.open();
    const disable = () => disableProvider(db, regions.near.id, { leaveNoPrimary: false });
    await setHome(db, workspaceId, { providerId: regions.near.id, whileDown: "wait" });
    await expect(disable()).rejects.toMatchObject({
      code: "provider_is_home",
      message: expect.stringMatching(/^1 workspace .*place home/),
    });
    const inWorkspace = () => begin({ storage, me }, { size: 20, workspaceId });
    expect(await placeOf(db, (await inWorkspace()).sessionId)).toBe(regions.near.id);
    // What may be elsewhere goes there.
    await setHome(db, workspaceId, { providerId: regions.near.id, whileDown: "elsewhere" });
    await disable();
    expect(await placeOf(db, (await inWorkspace()).sessionId)).toBe(regions.home.id);
    await disable();
  });

  it("goes to the nearest of those that stand in, where the browser says which that is", async () => {
    await using world = await openWorld();
    const { db, me, regions } = world;
    await sql`UPDATE storage_providers SET region = ${"ams3"} WHERE id = ${regions.near.id}::uuid`.execute(
      db,
    );
    const storage = world.open();
    const wish = async (wanted: string[]) => {
      const [result] = await storage.uploads.create(me, [newUpload({ size: 20, method: "put" })], {
        regions: wanted,
      });
      if (result === undefined || "error" in result) throw new Error("refused");
      return placeOf(db, result.session.sessionId);
    };
    expect(await wish(["ams3"])).toBe(regions.home.id);
    await setStandsIn(db, regions.near.id, true);
    expect(await wish(["sgp1", "ams3", "us-east-1"])).toBe(regions.near.id);
    expect(await wish(["us-east-1", "ams3"])).toBe(regions.home.id);
    expect(await wish(["nowhere"])).toBe(regions.home.id);
    expect(await wish([])).toBe(regions.home.id);
  });

  it("has one home, of those that are there and take uploads", async () => {
    await using world = await openWorld();
    const { db, regions } = world;
    const workspaceId = await seedWorkspace(db);
    const home = { providerId: regions.near.id, whileDown: "wait" } as const;
    await expect(setHome(db, randomUUID(), home)).rejects.toMatchObject({ code: "workspace_not_found" });
    await expect(setHome(db, workspaceId, { ...home, providerId: randomUUID() })).rejects.toMatchObject({
      code: "provider_not_found",
    });
    await sql`INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
      secret_access_key_encrypted, purpose) VALUES ('s3', 'https://b.example', 'b', 'b', 'k', 'env:', 'backup')`.execute(
      db,
    );
    const { id: backup } = await db
      .selectFrom("storage_providers")
      .select("id")
      .where("purpose", "=", "backup")
      .executeTakeFirstOrThrow();
    await expect(setHome(db, workspaceId, { ...home, providerId: backup })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(setStandsIn(db, backup, true)).rejects.toMatchObject({ code: "invalid_request" });
    await sql`UPDATE storage_providers SET is_active = false WHERE id = ${regions.near.id}::uuid`.execute(db);
    await expect(setHome(db, workspaceId, home)).rejects.toMatchObject({ code: "provider_disabled" });
    await expect(setStandsIn(db, regions.near.id, true)).rejects.toMatchObject({ code: "provider_disabled" });
    await Promise.all(
      [1, 2, 3].map(() => setHome(db, workspaceId, { providerId: regions.home.id, whileDown: "wait" })),
    );
    expect(await db.selectFrom("storage_homes").selectAll().execute()).toHaveLength(1);
    // A workspace that goes takes its home along.
    await db.deleteFrom("workspaces").where("id", "=", workspaceId).execute();
    expect(await db.selectFrom("storage_homes").selectAll().execute()).toEqual([]);
  });
});

describe("a region that is down", () => {
  it("is known to be down after twenty seconds, told of once, and known to be back after two answers", async () => {
    await using world = await openWorld();
    const { db, regions } = world;
    expect(await world.watch()).toEqual([]);
    regions.near.goDown();
    expect(await world.watch()).toEqual([{ providerId: regions.near.id, state: "down" }]);
    const [primary, other] = await listPlaces(db);
    expect(primary).toMatchObject({ health: "up", cause: null, isPrimary: true });
    expect(other).toMatchObject({ health: "down", latencyMs: null });
    expect(other?.cause).toContain("HeadBucket");
    expect(await world.watch()).toEqual([]);
    regions.near.comeBack();
    expect(await world.watch()).toEqual([{ providerId: regions.near.id, state: "up" }]);
  });

  it("is looked at by one of many servers at a time", async () => {
    await using world = await openWorld();
    const proxies = [world.regions.home.proxy, world.regions.near.proxy];
    for (const proxy of proxies) proxy.operations.length = 0;
    await Promise.all(Array.from({ length: 8 }, () => world.open().lookAtBuckets()));
    const asked = proxies.map(({ operations }) => operations.length);
    expect(asked).toEqual([1, 1]);
  });

  it("sends new uploads elsewhere where somebody stands in, and keeps those that must wait for it", async () => {
    await using world = await openWorld();
    const { db, me, regions } = world;
    const waiting = await seedWorkspace(db, { members: { [me.userId]: "member" } });
    await setHome(db, waiting, { providerId: regions.home.id, whileDown: "wait" });
    regions.home.goDown();
    await world.watch();

    // Nobody stands in yet: the room is made, and the session waits for its bucket.
    const before = await begin({ storage: world.open(), me }, { size: 20, method: "multipart" });
    expect(before).toMatchObject({ state: "creating", urls: [] });
    await expect(world.open().checkReady()).rejects.toMatchObject({ code: "storage_unavailable" });

    await setStandsIn(db, regions.near.id, true);
    await world.open().checkReady();
    const storage = world.open();
    const file = await upload({ storage, me }, bytesOf(PART_SIZE + 5));
    expect(file.state).toBe("stored");
    const { url } = await storage.files.download(me, file.id, { disposition: "attachment" });
    expect(url.startsWith(regions.near.proxy.endpoint)).toBe(true);

    const kept = await begin({ storage, me }, { size: 20, method: "multipart", workspaceId: waiting });
    expect(kept).toMatchObject({ state: "creating", urls: [] });
    expect(await placeOf(db, kept.sessionId)).toBe(regions.home.id);
  });

  it("lets go of uploads that nothing is known of, and keeps those that have begun", async () => {
    await using world = await openWorld();
    const { db, me, regions } = world;
    await setStandsIn(db, regions.near.id, true);
    const storage = world.open();
    const begun = await begin({ storage, me }, { size: PART_SIZE + 5, method: "multipart" });
    const single = await begin({ storage, me }, { size: 20, method: "put" });
    regions.home.goDown();
    // Before anybody knows it: the store could not be asked.
    const creating = await begin({ storage, me }, { size: PART_SIZE + 5, method: "multipart" });
    expect(creating.state).toBe("creating");
    await world.watch();

    const later = world.open();
    const signed = await later.uploads.signParts(me, creating.sessionId, { partNumbers: [1, 2] });
    expect(await placeOf(db, creating.sessionId)).toBe(regions.near.id);
    const bytes = bytesOf(PART_SIZE + 5);
    expect([...(await send(creating, signed, bytes)).values()]).toEqual([200, 200]);
    expect(await later.uploads.complete(me, creating.sessionId, {})).toMatchObject({ state: "completed" });

    const again = await later.uploads.signParts(me, single.sessionId, { partNumbers: [1] });
    expect(again[0]?.url.startsWith(regions.near.proxy.endpoint)).toBe(true);
    await send(single, again, bytesOf(20));
    expect(await later.uploads.complete(me, single.sessionId, {})).toMatchObject({ state: "completed" });

    expect(await placeOf(db, begun.sessionId)).toBe(regions.home.id);
    regions.home.comeBack();
    await send(begun, begun.urls, bytes);
    expect(await later.uploads.complete(me, begun.sessionId, {})).toMatchObject({ state: "completed" });
  });

  it("takes no single PUT away from whoever is completing it", async () => {
    await using world = await openWorld();
    const { db, me, regions } = world;
    await setStandsIn(db, regions.near.id, true);
    const storage = world.open();
    const single = await begin({ storage, me }, { size: 20, method: "put" });
    await send(single, single.urls, bytesOf(20));
    regions.home.goDown();
    await world.watch();
    await sql`UPDATE multipart_uploads SET status = 'completing', lease_token = gen_random_uuid(),
      lease_expires_at = now() + interval '1 minute' WHERE id = ${single.sessionId}::uuid`.execute(db);
    await world
      .open()
      .uploads.signParts(me, single.sessionId, { partNumbers: [1] })
      .catch(() => undefined);
    expect(await placeOf(db, single.sessionId)).toBe(regions.home.id);
    // Nor once its bytes were chosen.
    await sql`UPDATE multipart_uploads SET status = 'active', lease_token = NULL, lease_expires_at = NULL,
      put_etag = 'aa' WHERE id = ${single.sessionId}::uuid`.execute(db);
    await world.open().uploads.signParts(me, single.sessionId, { partNumbers: [1] });
    expect(await placeOf(db, single.sessionId)).toBe(regions.home.id);
  });

  it("says of its files that they are safe and cannot be had now, and counts no download", async () => {
    await using world = await openWorld();
    const { db, me, regions } = world;
    const file = await upload({ storage: world.open(), me }, bytesOf(20));
    const { token } = await world.open().shares.create(me, file.id, { expiresIn: 600, maxDownloads: 1 });
    regions.home.goDown();
    await world.watch();
    const down = { code: "storage_unavailable", details: { region: "us-east-1" } };
    const storage = world.open();
    await expect(storage.files.download(me, file.id, { disposition: "attachment" })).rejects.toMatchObject(
      down,
    );
    await expect(storage.shares.open(token)).rejects.toMatchObject(down);
    expect(await storage.files.get(me, file.id)).toMatchObject({ state: "stored" });
    regions.home.comeBack();
    await world.watch();
    await storage.close();
    const { download_count } = await db
      .selectFrom("file_storage")
      .select("download_count")
      .where("id", "=", file.id)
      .executeTakeFirstOrThrow();
    expect(Number(download_count)).toBe(0);
    // Not used up by the attempt.
    expect((await world.open().shares.open(token)).url).toContain(regions.home.proxy.endpoint);
  });

  it("is forgotten to be down where nobody looks any more", async () => {
    await using world = await openWorld();
    const { db, regions } = world;
    regions.home.goDown();
    await world.watch();
    const isDown = async () =>
      (await sql<{ down: boolean }>`SELECT is_down(${regions.home.id}::uuid) AS down`.execute(db)).rows[0]
        ?.down;
    expect(await isDown()).toBe(true);
    await sql`UPDATE provider_health SET told_at = now() - interval '3 minutes'`.execute(db);
    expect(await isDown()).toBe(false);
    expect((await listPlaces(db))[0]).toMatchObject({ health: "unknown", since: null });
  });
});
