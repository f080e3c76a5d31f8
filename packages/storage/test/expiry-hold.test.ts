import { randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, type TestStorage, upload } from "./test-storage.ts";

const DAY = 86_400_000;

describe.each(["postgres", "pglite"] as const)("a database restored from yesterday on %s", (database) => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store, { database });
    // As of every server, long before anybody makes a backup.
    await on.storage.sweep();
  });
  afterEach(() => on[Symbol.asyncDispose]());

  /** Stored two days ago, to be gone by then. */
  const storedUntil = async (expiresAt: Date) => {
    const file = await upload(on, wavBytes(1000));
    await sql`UPDATE file_storage SET expires_at = ${expiresAt}, created_at = now() - interval '2 days' WHERE id = ${file.id}`.execute(
      on.db,
    );
    return file;
  };
  const setExpiry = (id: string, at: Date | null) =>
    sql`UPDATE file_storage SET expires_at = ${at} WHERE id = ${id}`.execute(on.db);
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  /** What the backup says of the watch; of files it says what the test has set. */
  const restore = (age = "1 day") =>
    sql`UPDATE expiry_watch SET seen_at = now() - ${age}::interval, hold_id = NULL, unknown_from = NULL, unknown_until = NULL`.execute(
      on.db,
    );
  /** A delete is left to its caller for half a minute, which is over by this clock. */
  const sweep = async () => {
    await on.storage.sweep();
    const soon = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
    return await soon.sweep();
  };
  const reconcile = async () => {
    const found: Finding[] = [];
    const report = await on.storage.upkeep.reconcile({ onFinding: (finding) => void found.push(finding) });
    return { report, found };
  };

  it("keeps what its owner was told lives longer until a person agrees, and says so everywhere until then", async () => {
    const prolonged = await storedUntil(hoursAgo(1));
    const others = [await storedUntil(hoursAgo(2)), await storedUntil(hoursAgo(3))];
    const later = await storedUntil(new Date(Date.now() + DAY));
    await restore();

    const before = await on.storage.upkeep.previewSweep();
    expect(before.expiryHold).toMatchObject({ id: null, files: 3, filesLater: 1 });
    const { expiryHold, expired, filesDeleted, failures } = await sweep();
    expect({ expired, filesDeleted, failures }).toEqual({ expired: 0, filesDeleted: 0, failures: [] });
    const id = expiryHold?.id ?? "";
    expect(expiryHold).toMatchObject({ id: expect.any(String), files: 3, filesLater: 1 });
    expect(Math.abs((expiryHold?.unknownFrom.getTime() ?? 0) - (Date.now() - DAY))).toBeLessThan(60_000);
    expect(Math.abs((expiryHold?.unknownUntil.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);

    for (let nights = 0; nights < 2; nights++) {
      const { report, found } = await reconcile();
      expect(found).toEqual([{ kind: "expiry_held", ...expiryHold }]);
      expect(report.findings).toEqual({ expiry_held: 1 });
      expect((await sweep()).expiryHold).toEqual(expiryHold);
    }
    const preview = await on.storage.upkeep.previewSweep();
    expect(preview).toMatchObject({ filesToExpire: 0, expiryHold });
    expect(preview.filesHeld?.map((file) => file.id)).toEqual([others[1]?.id, others[0]?.id, prolonged.id]);
    expect(preview.filesHeld?.[2]).toEqual({
      id: prolonged.id,
      key: prolonged.key,
      expiresAt: expect.any(Date),
      userId: on.me.userId,
      workspaceId: null,
    });
    for (const file of [prolonged, ...others]) {
      expect(await on.storage.files.get(on.me, file.id)).toMatchObject({ state: "stored" });
      expect(Buffer.from(await on.bucket.read(file.key)).equals(wavBytes(1000))).toBe(true);
    }

    // Who answers something else changes nothing; who answers mends first what is to live.
    await expect(on.storage.upkeep.endExpiryHold(randomUUID())).rejects.toMatchObject({
      name: "OperatorError",
      code: "hold_not_found",
    });
    expect((await sweep()).expired).toBe(0);
    await setExpiry(prolonged.id, null);
    await on.storage.upkeep.endExpiryHold(id);
    await expect(on.storage.upkeep.endExpiryHold(id)).rejects.toMatchObject({ code: "hold_not_found" });
    const after = await sweep();
    expect(after.expiryHold).toBeUndefined();
    expect(await on.bucket.keys()).toEqual([prolonged.key, later.key].toSorted());
    expect(await on.storage.files.get(on.me, prolonged.id)).toMatchObject({ state: "stored" });
    expect(await reconcile()).toMatchObject({ report: { findings: {} }, found: [] });
  });

  it("goes on with all that nobody was told otherwise of", async () => {
    const [deleted, held] = [await upload(on, wavBytes(1000)), await storedUntil(hoursAgo(1))];
    // Asked for before the backup: a file on its way out never comes back.
    await sql`UPDATE file_storage SET status = 'deleting', updated_at = now() - interval '1 hour' WHERE id = ${deleted.id}`.execute(
      on.db,
    );
    const [created] = await on.storage.uploads.create(on.me, [
      { clientId: "1", name: "a.wav", size: 1000, type: "audio/wav", contentType: "audio_file" },
    ]);
    expect(created).toHaveProperty("session");
    await sql`UPDATE multipart_uploads SET expires_at = now() - interval '1 hour' WHERE status = 'active'`.execute(
      on.db,
    );
    await restore();
    // By nobody's clock but the database's is it decided what it has forgotten.
    const report = await (await on.openAnother({ now: () => new Date(Date.now() - DAY / 2) })).sweep();
    expect(report.expiryHold).toMatchObject({ files: 0, filesLater: 1 });
    expect(await sweep()).toMatchObject({ expiryHold: { files: 1, filesLater: 0 }, failures: [] });
    expect(await on.bucket.keys()).toEqual([held.key]);
    const { rows } =
      await sql`SELECT status FROM multipart_uploads WHERE status NOT IN ('completed', 'aborted')`.execute(
        on.db,
      );
    expect(rows).toEqual([]);

    const fresh = await upload(on, wavBytes(500));
    await setExpiry(fresh.id, hoursAgo(1));
    await sweep();
    expect(await on.bucket.keys()).toEqual([held.key]);
    // A person may delete what is held back, as ever; then nobody is asked any more.
    await on.storage.files.delete(on.me, held.id);
    expect((await sweep()).expiryHold).toBeUndefined();
    expect(await on.bucket.keys()).toEqual([]);
  });

  it("holds back one by one as well, where a row makes all claims fail", async () => {
    const [held, other] = [await storedUntil(hoursAgo(1)), await storedUntil(hoursAgo(2))];
    await restore();
    await on.storage.sweep();
    const fresh = await upload(on, wavBytes(500));
    await setExpiry(fresh.id, hoursAgo(3));
    await sql`CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'poison' USING ERRCODE = '23514'; END $$`.execute(on.db);
    await sql`CREATE TRIGGER poison BEFORE UPDATE ON file_storage FOR EACH ROW WHEN (NEW.status = 'deleting')
      EXECUTE FUNCTION poison()`.execute(on.db);
    await sql`UPDATE expiry_watch SET seen_at = now() - interval '59 minutes'`.execute(on.db);
    const { expiryHold, failures } = await on.storage.sweep();
    expect(failures.map(({ id }) => id)).toEqual([fresh.id]);
    expect(expiryHold).toMatchObject({ id: expect.any(String), files: 2 });
    // What failed has taken back nothing of that somebody has looked.
    const { rows } = await sql`SELECT FROM expiry_watch WHERE seen_at > now() - interval '1 minute'`.execute(
      on.db,
    );
    expect(rows).toHaveLength(1);
    await sql`DROP TRIGGER poison ON file_storage`.execute(on.db);
    for (const { id } of [held, other])
      expect(await on.storage.files.get(on.me, id)).toMatchObject({ state: "stored" });
    expect(await sweep()).toMatchObject({ expiryHold, failures: [] });
    expect(await on.bucket.keys()).toEqual([held.key, other.key].toSorted());
  });

  it("holds back under many sweeps at once, and lets one answer count", async () => {
    const files = await Promise.all(Array.from({ length: 4 }, () => storedUntil(hoursAgo(1))));
    await restore();
    const servers = await Promise.all([1, 2, 3, 4].map(() => on.openAnother()));
    const reports = await Promise.all(servers.map((server) => server.sweep()));
    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
    const id = (await on.storage.sweep()).expiryHold?.id ?? "";
    for (const { expiryHold } of reports) expect(expiryHold).toMatchObject({ files: 4 });
    const answers = await Promise.allSettled(servers.map((server) => server.upkeep.endExpiryHold(id)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await on.bucket.keys()).toHaveLength(files.length);
    await sweep();
    expect(await on.bucket.keys()).toEqual([]);
  });
});
