import { seedUser } from "@audiotricks/testing/seed";
import { CompiledQuery, sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { listen, rowsRead } from "./rows-read.ts";
import { openTestStorage, type TestStorage } from "./test-storage.ts";

const EXPIRED = 20_000;

let store: Awaited<ReturnType<typeof openEmulator>>;
let on: TestStorage;
beforeAll(async () => {
  store = await openEmulator();
  on = await openTestStorage(store);
});
afterAll(async () => {
  await on[Symbol.asyncDispose]();
  await store.close();
});

it("asks nothing of a sweep that reads all sessions or files, however many wait for it", {
  timeout: 60_000,
}, async () => {
  await addExpired(await seedUser(on.db));
  const { asked, plugin } = listen(on.db);
  const storage = await on.openAnother({
    db: on.db.withPlugin(plugin),
    settings: { sweepMs: 1000 },
  });
  const { expired } = await storage.sweep();
  expect(expired).toBeGreaterThan(0);
  expect(expired).toBeLessThan(EXPIRED);

  const ofTables = [...asked.values()].filter(
    ({ sql: text }) =>
      /^\s*(?:select|update|with)\b/i.test(text) && /multipart_uploads|file_storage/.test(text),
  );
  // Forms, completions, aborts, deletes, and each of what is claimed.
  expect(ofTables.length).toBeGreaterThan(5);
  for (const { sql: text, parameters } of ofTables) {
    expect(await rowsRead(on.db, CompiledQuery.raw(text, [...parameters])), text).toBeLessThan(1000);
  }
});

/** Sessions that ran out, as they are when no sweep has come by for long. */
async function addExpired(userId: string): Promise<void> {
  await on.db.connection().execute(async (db) => {
    await sql`SET session_replication_role = replica`.execute(db);
    await sql`CREATE TEMPORARY TABLE late AS
      SELECT n, gen_random_uuid() AS file_id, gen_random_uuid() AS session_id FROM generate_series(1, ${EXPIRED}::integer) AS n`.execute(
      db,
    );
    await sql`INSERT INTO file_storage (id, original_filename, stored_filename, file_extension, mime_type, storage_provider_id,
        storage_path, storage_url, file_size, upload_method, upload_session_id, content_type, content_category, user_id, former_user_id)
      SELECT file_id, n || '.wav', file_id || '.wav', 'wav', 'audio/wav', p.id, 'audio/uploads/2026/01/' || file_id || '.wav',
        '/v1/files/' || file_id || '/content', 1000, 'direct', session_id, 'audio_file', 'original', ${userId}::uuid, ${userId}::uuid
      FROM late CROSS JOIN storage_providers p`.execute(db);
    await sql`INSERT INTO multipart_uploads (id, file_storage_id, upload_method, origin, temp_path, original_filename,
        total_file_size, chunk_size, total_chunks, status, user_id, former_user_id, expires_at)
      SELECT session_id, file_id, 'put', 'v1', 'temp/uploads/' || session_id, n || '.wav', 1000, 1000, 1, 'active', ${userId}::uuid,
        ${userId}::uuid, now() - interval '2 hours'
      FROM late`.execute(db);
    await sql`DROP TABLE late`.execute(db);
    await sql`SET session_replication_role = origin`.execute(db);
    await sql`VACUUM ANALYZE file_storage, multipart_uploads`.execute(db);
  });
  await sql`SELECT update_storage_usage(force_recalculate => true)`.execute(on.db);
}
