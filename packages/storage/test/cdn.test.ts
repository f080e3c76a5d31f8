import { randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createDigitalOceanCdn, type Storage } from "../src/index.ts";
import { type CdnApi, startCdnApi } from "./cdn-api.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, type TestStorage, upload } from "./test-storage.ts";

const SECOND = 1_000;
const CDN_ID = "9f6d1b2e/3c4a";
const TOKEN = "dop_v1_of_the_tests";

describe("a CDN before the bucket", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  let api: CdnApi;
  let storage: Storage;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store);
    api = await startCdnApi();
    storage = await inTime(0);
    await setUp({ id: CDN_ID });
  });
  afterEach(async () => {
    await on[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });

  const inTime = (ms: number) =>
    on.openAnother({
      now: () => new Date(Date.now() + ms),
      cdn: createDigitalOceanCdn({ token: TOKEN, apiOrigin: api.origin }),
    });
  const setUp = async ({ id }: { id: string | null }, endpoint = "cdn.example.com") => {
    await sql`UPDATE storage_providers SET cdn_id = ${id}, cdn_enabled = true, cdn_endpoint = ${endpoint}`.execute(
      on.db,
    );
  };
  const setLevel = (file: { id: string }, accessLevel: "private" | "public") =>
    storage.files.update(on.me, file.id, { accessLevel });
  const waiting = async () =>
    (await on.db.selectFrom("cdn_purges").select("storage_path").execute()).map((row) => row.storage_path);

  it("is where a public file is read, is told when it no longer is, and of others nothing", async () => {
    const file = await upload(on, wavBytes(500));
    const publicUrl = `https://cdn.example.com/${file.key}`;
    expect(await setLevel(file, "public")).toMatchObject({ publicUrl });
    expect((await storage.files.download(on.me, file.id, { disposition: "inline" })).url).toBe(publicUrl);
    const service = await storage.files.download({ service: "s" }, file.id, { disposition: "inline" });
    expect(service.url).toContain("X-Amz-Signature");
    expect(api.asked).toEqual([]);
    await setLevel(file, "private");
    expect(api.asked).toEqual([
      {
        method: "DELETE",
        path: "/v2/cdn/endpoints/9f6d1b2e%2F3c4a/cache",
        authorization: `Bearer ${TOKEN}`,
        files: [file.key],
      },
    ]);
    expect(await waiting()).toEqual([]);

    const other = await upload(on, wavBytes(600));
    await storage.files.delete(on.me, other.id);
    await (await inTime(60 * SECOND)).sweep();
    expect(api.asked).toHaveLength(1);
    expect(on.errors).toEqual([]);
  });

  it.each([
    [200, "Accepted.\n"],
    [202, "<html>"],
    [200, '{"unfinished'],
  ])("has done what it says it has, though it answers %i with what is no JSON", async (status, body) => {
    Object.assign(api, { status, body });
    const file = await upload(on, wavBytes(500));
    await setLevel(file, "public");
    await setLevel(file, "private");
    expect(api.asked.map(({ files }) => files)).toEqual([[file.key]]);
    expect(await waiting()).toEqual([]);
    expect(on.errors).toEqual([]);
  });

  it("is told of deleted public files", async () => {
    const file = await upload(on, wavBytes(500));
    await setLevel(file, "public");
    await storage.files.delete(on.me, file.id);
    expect(await storage.sweep()).toMatchObject({ copiesPurged: 1, failures: [] });
    expect(api.asked.map(({ files }) => files)).toEqual([[file.key]]);
  });

  it("is asked nothing where it has no id, by whatever server", async () => {
    await setUp({ id: null });
    const file = await upload(on, wavBytes(500));
    expect((await setLevel(file, "public")).publicUrl).toContain("https://cdn.example.com/");
    await setLevel(file, "private");
    await (await inTime(60 * SECOND)).sweep();
    expect(api.asked).toEqual([]);
    expect(await waiting()).toEqual([]);
  });

  it("is asked for at most fifty files in twenty seconds by all servers together, each file once", async () => {
    const { storage_provider_id: provider } = await on.db
      .selectFrom("file_storage")
      .select("storage_provider_id")
      .where("id", "=", (await upload(on, wavBytes(500))).id)
      .executeTakeFirstOrThrow();
    const keys = Array.from({ length: 120 }, () => `audio/uploads/2026/11/${randomUUID()}.wav`);
    await sql`
      INSERT INTO cdn_purges (storage_provider_id, storage_path)
      SELECT ${provider}, path FROM unnest(${keys}::text[]) AS path`.execute(on.db);
    for (const seconds of [0, 10, 19, 21, 30, 42, 63]) {
      const servers = await Promise.all([1, 2, 3].map(() => inTime(seconds * SECOND)));
      await Promise.all(servers.map((server) => server.sweep()));
    }
    expect(api.asked.map(({ files }) => files.length)).toEqual([50, 50, 20]);
    const asked = api.asked.flatMap(({ files }) => files);
    expect(asked.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(await waiting()).toEqual([]);
  });

  it.each([429, 401, 302])(
    "is asked again later where it answers %i, and the file is private",
    async (status) => {
      const file = await upload(on, wavBytes(500));
      await setLevel(file, "public");
      api.status = status;
      expect(await setLevel(file, "private")).toMatchObject({ accessLevel: "private" });
      expect(await fetch(`${store.endpoint}/${on.bucket.name}/${file.key}`)).toMatchObject({ status: 403 });
      expect(on.errors).toHaveLength(1);
      expect(String(on.errors[0])).not.toContain(TOKEN);
      expect(await waiting()).toEqual([file.key]);
      // Not before its time, although the turn has come.
      expect(await (await inTime(30 * SECOND)).sweep()).toMatchObject({ copiesPurged: 0, failures: [] });
      api.status = 204;
      expect(await (await inTime(90 * SECOND)).sweep()).toMatchObject({ copiesPurged: 1, failures: [] });
      expect(await waiting()).toEqual([]);
    },
  );

  it("has another address: so have public files and what links copied, and no longer when private", async () => {
    const file = await upload(on, wavBytes(500));
    await setLevel(file, "public");
    const { rows } = await sql<{ id: string }>`
      INSERT INTO audio_history (user_id) VALUES (${on.me.userId}) RETURNING id`.execute(on.db);
    await sql`SELECT link_audio_history_to_storage(${rows[0]?.id}, ${file.id})`.execute(on.db);
    const linked = async () =>
      (await sql<{ cdn_url: string | null }>`SELECT cdn_url FROM audio_history`.execute(on.db)).rows[0]
        ?.cdn_url;
    expect(await linked()).toBe(`https://cdn.example.com/${file.key}`);
    await setUp({ id: CDN_ID }, "https://media.example.com");
    await (await inTime(90 * SECOND)).sweep();
    expect((await storage.files.get(on.me, file.id)).publicUrl).toBe(`https://media.example.com/${file.key}`);
    expect(await linked()).toBe(`https://media.example.com/${file.key}`);
    await setLevel(file, "private");
    expect(await linked()).toBeNull();
  });
});
