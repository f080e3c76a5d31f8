import { decodePeaks, encodePeaks } from "@audiotricks/protocol";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, type TestStorage, upload } from "./test-storage.ts";

const peaksOf = (...values: number[]) =>
  encodePeaks({ sampleRate: 44_100, samplesPerPeak: 16, values: Int8Array.from(values) });
const PEAKS = peaksOf(-5, 5, -128, 127);

describe.each(["postgres", "pglite"] as const)("waveforms on %s", (database) => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store, { database });
  });
  afterEach(async () => {
    const { rows } = await sql`SELECT * FROM recount_storage()`.execute(on.db);
    expect(rows).toEqual([]);
    expect(on.errors).toEqual([]);
    await on[Symbol.asyncDispose]();
  });

  const used = async () => {
    const { quotas } = await on.storage.quota(on.me);
    const { usedBytes, usedFiles, reservedBytes } = quotas[0] ?? {};
    return { usedBytes, usedFiles, reservedBytes };
  };
  const sidecars = async () =>
    (await on.bucket.keys("audio/waveforms/")).concat(await on.bucket.keys("temp/"));
  const inAnHour = () => on.openAnother({ now: () => new Date(Date.now() + 3_600_000) });
  const listed = async () => (await on.storage.files.list(on.me, { limit: 10 })).files;

  it("are kept as files of their own that count, are in no list, and go with theirs", async () => {
    const file = await upload(on, wavBytes(5000));
    expect(await on.storage.files.keepWaveform(on.me, file.id, PEAKS)).toEqual({ state: "stored" });
    const { bytes } = await on.storage.files.readWaveform(on.me, file.id);
    expect(decodePeaks(bytes)).toEqual(decodePeaks(PEAKS));
    expect(await used()).toEqual({ usedBytes: 5000 + PEAKS.length, usedFiles: 2, reservedBytes: 0 });
    expect(await listed()).toMatchObject([{ id: file.id, waveform: true }]);
    const [key] = await sidecars();
    expect(key).toMatch(/^audio\/waveforms\/\d{4}\/\d\d\/[0-9a-f-]+\.dat$/);

    // Nobody reaches it but by its file.
    const row = await on.db
      .selectFrom("file_storage")
      .select("id")
      .where("derived_from", "=", file.id)
      .executeTakeFirstOrThrow();
    const gone = { code: "file_not_found" };
    await expect(on.storage.files.get(on.me, row.id)).rejects.toMatchObject(gone);
    await expect(on.storage.files.delete(on.me, row.id)).rejects.toMatchObject(gone);
    await expect(on.storage.files.update(on.me, row.id, { accessLevel: "public" })).rejects.toMatchObject(
      gone,
    );
    await expect(on.storage.files.keepWaveform(on.me, row.id, PEAKS)).rejects.toMatchObject(gone);

    await on.storage.files.delete(on.me, file.id);
    await expect(on.storage.files.readWaveform(on.me, file.id)).rejects.toMatchObject(gone);
    expect(await used()).toEqual({ usedBytes: 0, usedFiles: 0, reservedBytes: 0 });
    expect(await sidecars()).toEqual([]);
  });

  it("are kept once, whoever comes at once or later", async () => {
    const file = await upload(on, wavBytes(5000));
    const another = await on.openAnother();
    const asked = await Promise.all(
      [on.storage, another, on.storage, another].map(({ files }) =>
        files.keepWaveform(on.me, file.id, PEAKS),
      ),
    );
    expect(asked.every(({ state }) => state === "stored" || state === "pending")).toBe(true);
    expect(await on.storage.files.keepWaveform(on.me, file.id, peaksOf(0, 1))).toEqual({ state: "stored" });
    expect(decodePeaks((await another.files.readWaveform(on.me, file.id)).bytes)).toEqual(decodePeaks(PEAKS));
    expect(await used()).toMatchObject({ usedFiles: 2, reservedBytes: 0 });
    expect(await sidecars()).toHaveLength(1);
  });

  it("are nobody's to keep but the owner's, and only of sound that is there", async () => {
    const { storage, me, db } = on;
    const other = { userId: await seedUser(db) };
    const workspaceId = await seedWorkspace(db, {
      members: { [me.userId]: "member", [other.userId]: "admin" },
    });
    const shared = await upload(on, wavBytes(5000), { workspaceId });
    await storage.files.update(me, shared.id, { accessLevel: "workspace" });
    const keep = (who: typeof me, id: string, bytes = PEAKS) => storage.files.keepWaveform(who, id, bytes);
    await expect(keep(other, shared.id)).rejects.toMatchObject({ code: "forbidden" });
    await keep(me, shared.id);
    expect(decodePeaks((await storage.files.readWaveform(other, shared.id)).bytes)).not.toBeNull();

    const mine = await upload(on, wavBytes(5000));
    await expect(keep(other, mine.id)).rejects.toMatchObject({ code: "file_not_found" });
    await expect(keep(me, crypto.randomUUID())).rejects.toMatchObject({ code: "file_not_found" });
    for (const bytes of [new Uint8Array(), new Uint8Array(64), new Uint8Array(70_000), PEAKS.slice(0, -1)])
      await expect(keep(me, mine.id, bytes)).rejects.toMatchObject({ code: "invalid_request" });
    const text = await upload(on, Buffer.from("no sound"), { name: "a.txt", contentType: "document" });
    await expect(keep(me, text.id)).rejects.toMatchObject({ code: "invalid_request" });
    await storage.files.delete(me, mine.id);
    await expect(keep(me, mine.id)).rejects.toMatchObject({ code: "file_not_found" });
    expect(await sidecars()).toHaveLength(1);
  });

  it("find no room in a quota that is full, and change nothing then", async () => {
    const file = await upload(on, wavBytes(5000));
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${on.me.userId}, 5010)`.execute(
      on.db,
    );
    await expect(on.storage.files.keepWaveform(on.me, file.id, PEAKS)).rejects.toMatchObject({
      code: "quota_exceeded",
    });
    expect(await used()).toEqual({ usedBytes: 5000, usedFiles: 1, reservedBytes: 0 });
    expect(await listed()).toMatchObject([{ id: file.id }]);
    expect(await sidecars()).toEqual([]);
  });

  it("are kept by the next attempt after one that the store did not take", async () => {
    const file = await upload(on, wavBytes(5000));
    on.proxy.intercept = (operation) => (operation === "PutObject" ? { refuseWith: 503 } : undefined);
    await expect(on.storage.files.keepWaveform(on.me, file.id, PEAKS)).rejects.toMatchObject({
      code: "storage_unavailable",
    });
    on.proxy.intercept = () => undefined;
    // Another than the first: what is reserved is the first's.
    expect(await on.storage.files.keepWaveform(on.me, file.id, PEAKS)).toEqual({ state: "stored" });
    expect(await used()).toMatchObject({ usedFiles: 2, reservedBytes: 0 });
    on.errors.length = 0;
  });

  it("that came to nothing give back what they reserved, and can be kept anew", async () => {
    const file = await upload(on, wavBytes(5000));
    on.proxy.intercept = (operation) => (operation === "PutObject" ? { refuseWith: 503 } : undefined);
    await expect(on.storage.files.keepWaveform(on.me, file.id, PEAKS)).rejects.toThrow();
    on.proxy.intercept = () => undefined;
    const later = await inAnHour();
    await later.sweep();
    expect(await used()).toEqual({ usedBytes: 5000, usedFiles: 1, reservedBytes: 0 });
    expect(await on.storage.files.keepWaveform(on.me, file.id, peaksOf(0, 1))).toEqual({ state: "stored" });
    on.errors.length = 0;
  });
});
