import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, upload } from "./test-storage.ts";

let store: Awaited<ReturnType<typeof openEmulator>>;
beforeAll(async () => {
  store = await openEmulator();
});
afterAll(() => store.close());

it("ends a sweep at once that waits for the store, and logs who waited for each call", async () => {
  // 20 requests a second for this process.
  await using on = await openTestStorage(store, {
    settings: { storeRequestsPerSecond: 40, storeRequestShare: 0.5, sweepBatch: 300 },
  });
  const file = await upload(on, wavBytes(100));
  // Taken away by the upload itself.
  const temporary = `temp/uploads/${(await on.db.selectFrom("multipart_uploads").select("id").executeTakeFirstOrThrow()).id}`;
  await sql`
    INSERT INTO file_storage (original_filename, stored_filename, storage_provider_id, storage_path, storage_url, file_size,
      content_type, user_id, status)
    SELECT 'a.wav', 'a.wav', storage_provider_id, 'audio/uploads/' || n, '/x', 1, 'audio_file', user_id, 'stored'
    FROM file_storage, generate_series(1, 300) n WHERE id = ${file.id}`.execute(on.db);
  await sql`UPDATE file_storage SET status = 'deleting' WHERE file_size = 1`.execute(on.db);
  const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
  const controller = new AbortController();
  const sweeping = later.sweep({ signal: controller.signal });
  await expect
    .poll(() => on.proxy.operations.filter((name) => name === "DeleteObject").length, { timeout: 20_000 })
    .toBeGreaterThan(3);

  await later.checkReady();
  controller.abort();
  const report = await sweeping;
  expect(report.filesDeleted).toBeGreaterThan(0);
  // At its rate the whole would have taken 15 s.
  expect(report.filesDeleted).toBeLessThan(290);
  await later.close();
  const { rows } = await sql<{ cause: string; name: string }>`
    SELECT DISTINCT cause, request_headers ->> 'operation' AS name FROM spaces_operations
    WHERE request_headers ->> 'operation' IN ('DeleteObject', 'HeadBucket') AND storage_path IS DISTINCT FROM ${temporary} ORDER BY 1`.execute(
    on.db,
  );
  expect(rows).toEqual([
    { cause: "request", name: "HeadBucket" },
    { cause: "sweep", name: "DeleteObject" },
  ]);
});

it("keeps a sweep away from a store that asks to slow down, while users are still served", async () => {
  await using on = await openTestStorage(store);
  let refusedAt = 0;
  on.proxy.intercept = (operation) => {
    if (!operation.startsWith("GET bucket")) return undefined;
    refusedAt = performance.now();
    return { refuseWith: 503 };
  };
  // The client tries three times; then the sweep leaves it for the next time: what was sent, what is under way, and what pipelines keep.
  expect((await on.storage.sweep()).failures).toMatchObject([
    { code: "storage_unavailable" },
    { code: "storage_unavailable" },
    { code: "storage_unavailable" },
  ]);
  on.proxy.intercept = () => undefined;
  const sweeping = on.storage.sweep().then(() => performance.now() - refusedAt);
  await upload(on, wavBytes(100));
  expect(await sweeping).toBeGreaterThan(400);
  await on.storage.close();
  const row = await on.db
    .selectFrom("spaces_operations")
    .select(["attempts", "status_code", "success"])
    .where("status_code", "=", 503)
    .executeTakeFirst();
  expect(row).toEqual({ attempts: 3, status_code: 503, success: false });
});

it("hears each time that a store asks to slow down, also when the same call succeeds after all", async () => {
  await using on = await openTestStorage(store);
  for (let index = 0; index < 3; index++) await upload(on, wavBytes(100));
  await sql`UPDATE file_storage SET status = 'deleting'`.execute(on.db);
  const sentAt: number[] = [];
  on.proxy.intercept = (operation) => {
    if (operation !== "DeleteObject") return undefined;
    sentAt.push(performance.now());
    // No call fails: the client repeats it, and is served.
    return sentAt.length % 2 === 1 ? { refuseWith: 503 } : undefined;
  };
  const later = await on.openAnother({
    now: () => new Date(Date.now() + 60_000),
    settings: { sweepConcurrency: 1 },
  });
  expect(await later.sweep()).toMatchObject({ filesDeleted: 3, failures: [] });
  expect(sentAt).toHaveLength(6);
  const [first = 0, , second = 0, , third = 0] = sentAt;
  expect(second - first).toBeGreaterThanOrEqual(500);
  expect(third - second).toBeGreaterThanOrEqual(1_000);
});
