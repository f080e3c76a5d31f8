import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAwayStores } from "../src/checks/away-stores.ts";
import { checkFiles } from "../src/checks/check-files.ts";
import { createClock } from "../src/clock.ts";
import { SoundInspectionFailed, SoundInspectorUnavailable } from "../src/sound/sound-inspector.ts";
import { openEmulator } from "./open-emulator.ts";
import { gate, openTestStorage, PART_SIZE, type TestStorage, upload } from "./test-storage.ts";

const MINUTE = 60_000;
const FIXTURES = join(import.meta.dirname, "../../../e2e/fixtures");
const fixture = async (name: string) => Uint8Array.from(await readFile(join(FIXTURES, name)));
const NOTHING = { inspected: 0, scanned: 0, quarantined: [], failures: [] };

describe("what the server finds in sound that was stored", () => {
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

  const later = (ms: number) => on.openAnother({ now: () => new Date(Date.now() + ms) });
  const soundOf = async ({ id }: { id: string }) => (await on.storage.files.get(on.me, id)).sound;
  const checks = async () => (await on.db.selectFrom("file_checks").selectAll().execute()).length;

  it("is told with the file, in lists too, of every kind that is taken, from a few reads", async () => {
    const names = ["mp3", "wav", "m4a", "flac", "ogg", "opus"];
    const files = new Map<string, { id: string }>();
    for (const name of names)
      files.set(name, await upload(on, await fixture(`chord.${name}`), { name: `a.${name}`, type: "" }));
    expect(await soundOf(files.get("mp3") ?? { id: "" })).toBeUndefined();
    const before = on.proxy.operations.length;
    expect(await on.storage.checkFiles()).toEqual({ ...NOTHING, inspected: names.length });
    const reads = on.proxy.operations.slice(before);
    expect(new Set(reads)).toEqual(new Set(["GetObject"]));
    expect(reads.length).toBeLessThanOrEqual(names.length * 6);

    expect(await soundOf(files.get("flac") ?? { id: "" })).toEqual({
      format: "flac",
      codec: "FLAC",
      durationSeconds: expect.closeTo(4, 1),
      sampleRate: 22_050,
      bitDepth: 16,
      channels: 1,
      title: "Chord",
      artist: null,
      album: null,
    });
    const { files: listed } = await on.storage.files.list(on.me, { limit: 50 });
    expect(new Set(listed.map(({ sound }) => sound?.codec))).toEqual(
      new Set(["AAC", "FLAC", "MP3", "Opus", "PCM", "Vorbis"]),
    );
    expect(await on.storage.checkFiles()).toEqual(NOTHING);
    expect(await checks()).toBe(0);
  });

  it("is what the bytes say, whatever the page claimed", async () => {
    const metadata = { duration: "1", sound_seconds: "1", title: "Other", codec: "FLAC" };
    const file = await upload(on, await fixture("chord.wav"), { name: "FLAC 192 kHz.wav", metadata });
    await on.storage.checkFiles();
    await on.storage.files.update(on.me, file.id, { name: "renamed.wav" });
    expect(await soundOf(file)).toMatchObject({
      format: "wav",
      codec: "PCM",
      title: "Chord",
      sampleRate: 22_050,
    });
  });

  it("takes as many reads of a long file as of a short one, and nothing of what is no sound", async () => {
    const bytes = wavBytes(3 * PART_SIZE);
    const file = await upload(on, bytes);
    await upload(on, new Uint8Array(Buffer.from("some text")), {
      name: "a.txt",
      type: "",
      contentType: "document",
    });
    const before = on.proxy.operations.length;
    expect(await on.storage.checkFiles()).toMatchObject({ inspected: 1 });
    expect(on.proxy.operations.length - before).toBeLessThanOrEqual(6);
    expect(await soundOf(file)).toMatchObject({ codec: "PCM", durationSeconds: expect.any(Number) });
  });

  it("waits for a store that is away, ever longer, and is found once it is back", async () => {
    const file = await upload(on, await fixture("chord.wav"));
    on.proxy.intercept = () => ({ refuseWith: 503 });
    expect(await on.storage.checkFiles()).toMatchObject({
      inspected: 0,
      failures: [{ id: file.id, code: "storage_unavailable" }],
    });
    expect(await on.storage.checkFiles()).toEqual(NOTHING);
    expect(await (await later(MINUTE)).checkFiles()).toMatchObject({ failures: [{ id: file.id }] });
    on.proxy.intercept = () => undefined;
    expect(await (await later(5 * MINUTE)).checkFiles()).toEqual({ ...NOTHING, inspected: 1 });
    expect(await soundOf(file)).toMatchObject({ codec: "PCM" });
  });

  it("is looked for once by any number of workers, and by another where one never comes back", async () => {
    for (let n = 0; n < 12; n++) await upload(on, wavBytes(1_000 + n));
    const workers = await Promise.all([1, 2, 3].map(() => on.openAnother()));
    const reports = await Promise.all(workers.map((worker) => worker.checkFiles()));
    expect(reports.reduce((sum, { inspected }) => sum + inspected, 0)).toBe(12);
    expect(reports.flatMap(({ failures }) => failures)).toEqual([]);

    const file = await upload(on, await fixture("chord.wav"));
    const held = gate();
    on.proxy.intercept = () => ({ before: held.opened });
    const slow = on.storage.checkFiles();
    await expect.poll(() => on.proxy.operations.at(-1), { timeout: 20_000 }).toBe("GetObject");
    on.proxy.intercept = () => undefined;
    expect(await (await later(MINUTE)).checkFiles()).toEqual(NOTHING);
    expect(await (await later(2 * MINUTE)).checkFiles()).toEqual({ ...NOTHING, inspected: 1 });
    held.open();
    // Too late, and that changes nothing.
    await slow;
    expect(await soundOf(file)).toMatchObject({ codec: "PCM" });
    expect(await checks()).toBe(0);
  });

  it("is nothing of a file that was deleted before or meanwhile", async () => {
    const [gone, going] = [await upload(on, wavBytes(1_000)), await upload(on, wavBytes(2_000))];
    await on.storage.files.delete(on.me, gone.id);
    const held = gate();
    on.proxy.intercept = (operation) => (operation === "GetObject" ? { after: held.opened } : undefined);
    const looking = on.storage.checkFiles();
    await expect
      .poll(() => on.proxy.operations.filter((name) => name === "GetObject").length, { timeout: 20_000 })
      .toBeGreaterThan(0);
    await on.storage.files.delete(on.me, going.id);
    held.open();
    expect(await looking).toMatchObject({ failures: [] });
    const rows = await on.db.selectFrom("file_storage").select(["status", "sound_inspected_at"]).execute();
    expect(rows).toEqual(Array(2).fill({ status: "deleted", sound_inspected_at: null }));
    expect(await checks()).toBe(0);
  });

  it("is given up after three attempts at the file, and those that no thread came up for are none", async () => {
    const file = await upload(on, wavBytes(1_000));
    const outcomes: Error[] = [];
    const inspect = () => Promise.reject(outcomes.shift() ?? new Error("asked too often"));
    const stores = { of: async () => ({ s3: {} }), forSweep: () => stores };
    const context = {
      db: on.db,
      clock: createClock(),
      stores,
      awayStores: createAwayStores(),
      inspector: { inspect, close: () => undefined },
    } as unknown as Parameters<typeof checkFiles>[0];
    const round = async (outcome: Error) => {
      outcomes.push(outcome);
      await sql`UPDATE file_checks SET due_at = now() - interval '1 day'`.execute(on.db);
      const { failures } = await checkFiles(context);
      return failures.map(({ id, code }) => ({ isOurs: id === file.id, code }));
    };
    const failed = (code: string) => [{ isOurs: true, code }];
    for (let n = 0; n < 3; n++)
      expect(await round(new SoundInspectorUnavailable("no thread"))).toEqual(
        failed("inspector_unavailable"),
      );
    const stuck = () => new SoundInspectionFailed("stuck");
    expect(await round(stuck())).toEqual(failed("inspection_failed"));
    expect(await round(new SoundInspectorUnavailable("no thread"))).toEqual(failed("inspector_unavailable"));
    expect(await round(stuck())).toEqual(failed("inspection_failed"));
    expect(await checks()).toBe(1);
    expect(await round(stuck())).toEqual([]);
    expect(await checks()).toBe(0);
    expect(await soundOf(file)).toMatchObject({ format: null, durationSeconds: null });
  });

  it("goes with the rows of files, and stops when it is told to", async () => {
    const file = await upload(on, wavBytes(1_000));
    const stopped = new AbortController();
    stopped.abort();
    expect(await on.storage.checkFiles({ signal: stopped.signal })).toEqual(NOTHING);
    expect(await checks()).toBe(1);
    await on.storage.files.delete(on.me, file.id);
    await sql`DELETE FROM multipart_uploads`.execute(on.db);
    await sql`DELETE FROM file_storage WHERE id = ${file.id}`.execute(on.db);
    expect(await checks()).toBe(0);
  });
});
