import type { Database } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { openReader } from "../src/metrics/database-reader.ts";
import { createNumbersReader, STORAGE_NUMBERS } from "../src/metrics/read-numbers.ts";

it("counts what is stuck, dead, found and left without an owner; with the queue, and before there is one", async () => {
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  const reader = openReader({ databaseUrl: database.url, timeoutMs: 30_000 }, db);
  const read = createNumbersReader(reader);
  const user = await seedUser(db);
  await sql`
    INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted, is_primary)
    VALUES ('s3', 'http://127.0.0.1:9', 'us-east-1', 'audio', 'key', 'env:', true)`.execute(db);
  for (const size of [10, 20, 30])
    await sql`
      SELECT * FROM initiate_file_storage('a.wav', ${size}::bigint, 'audio/wav', 'audio_file', ${user}::uuid, NULL, true)
    `.execute(db);
  expect((await read()).get("uploads")).toEqual(new Map([["creating", 3]]));
  expect((await read()).get("reserved_bytes")).toEqual(new Map([["", 60]]));
  expect((await read()).get("jobs")).toBeUndefined();

  await sql`
    UPDATE multipart_uploads SET expires_at = now() - interval '1 hour' WHERE total_file_size = 10`.execute(
    db,
  );
  await sql`
    UPDATE multipart_uploads SET expires_at = now() - interval '1 minute' WHERE total_file_size = 20`.execute(
    db,
  );
  await sql`
    INSERT INTO outbox_events (event_type, ordering_key, data, occurred_at)
    VALUES ('file.stored', 'file:1', '{}', now() - interval '90 seconds'), ('file.stored', 'file:2', '{}', now())`.execute(
    db,
  );
  await sql`
    UPDATE outbox_events SET status = 'dead', settled_at = now() WHERE ordering_key = 'file:2'`.execute(db);
  const numbers = await read();
  expect(numbers.get("stuck")).toEqual(
    new Map([
      ["expired", 1],
      ["completing", 0],
      ["aborting", 0],
    ]),
  );
  expect(numbers.get("outbox")).toEqual(
    new Map([
      ["waiting", 1],
      ["dead", 1],
    ]),
  );
  expect(numbers.get("backups")).toEqual(new Map([["", 0]]));
  expect(numbers.get("backup_age")).toBeUndefined();
  const age = numbers.get("outbox_age")?.get("") ?? 0;
  expect(age).toBeGreaterThanOrEqual(90);
  expect(age).toBeLessThan(300);
  expect(numbers.get("recent")).toEqual(new Map([["uploading", 3]]));
  expect(numbers.get("dump_age")).toBeUndefined();
  await sql`
    INSERT INTO database_dumps (id, storage_provider_id, object_key, state, engine, server_version, migration, key_id, size, started_at, ended_at)
    SELECT gen_random_uuid(), p.id, 'backups/' || g.hours, CASE WHEN g.hours < 2 THEN 'missing' ELSE 'stored' END, 'postgres', '15.1', '0030', '00000000', 1,
      now() - make_interval(hours => g.hours), now()
    FROM storage_providers p, generate_series(1, 3) g (hours)`.execute(db);
  const dumpAge = (await read()).get("dump_age")?.get("postgres") ?? 0;
  expect(dumpAge).toBeGreaterThanOrEqual(7200);
  expect(dumpAge).toBeLessThan(7500);
  await reader.close();
});

it("says how far the copies are, and nothing of a recovery point that nobody knows", async () => {
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  const reader = openReader({ databaseUrl: database.url, timeoutMs: 30_000 }, db);
  const read = createNumbersReader(reader);
  await sql`
    INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted, purpose)
    SELECT 's3', 'http://127.0.0.1:9', 'us-east-1', name, 'key', 'env:', CASE name WHEN 'copies' THEN 'backup' ELSE 'files' END
    FROM unnest(ARRAY['one', 'two', 'copies']) AS name`.execute(db);
  await sql`
    INSERT INTO storage_backups (storage_provider_id, backup_provider_id)
    SELECT f.id, b.id FROM storage_providers f, storage_providers b WHERE f.purpose = 'files' AND b.purpose = 'backup'`.execute(
    db,
  );
  await sql`
    INSERT INTO file_backups (file_storage_id, backup_provider_id, object_key, file_size, stored_at)
    SELECT gen_random_uuid(), id, n::text, 10, now() - n * interval '1 hour'
    FROM storage_providers, generate_series(1, 3) AS n WHERE purpose = 'backup'`.execute(db);
  const filling = await read();
  expect(filling.get("backups")).toEqual(new Map([["", 2]]));
  expect(filling.get("backup_age")).toBeUndefined();
  await sql`UPDATE storage_backups SET filled_at = now()`.execute(db);
  const numbers = await read();
  // Both buckets share their copies' one.
  expect(numbers.get("backup_files")?.get("pending")).toBe(3);
  expect(numbers.get("backup_bytes")).toEqual(new Map([["", 30]]));
  const age = numbers.get("backup_age")?.get("") ?? 0;
  expect(age).toBeGreaterThanOrEqual(3 * 3600);
  expect(age).toBeLessThan(3 * 3600 + 300);
  await sql`DELETE FROM file_backups`.execute(db);
  expect((await read()).get("backup_age")?.get("")).toBeLessThan(360);
  await reader.close();
});

it("counts archives that wait, and files on their way to another bucket", async () => {
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  const reader = openReader({ databaseUrl: database.url, timeoutMs: 30_000 }, db);
  const read = createNumbersReader(reader);
  const user = await seedUser(db);
  await sql`
    INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted, is_primary)
    SELECT 's3', 'http://127.0.0.1:9', 'us-east-1', name, 'key', 'env:', name = 'one' FROM unnest(ARRAY['one', 'two']) AS name`.execute(
    db,
  );
  await sql`
    SELECT * FROM initiate_file_storage('a.wav', 10::bigint, 'audio/wav', 'audio_file', ${user}::uuid, NULL, true)`.execute(
    db,
  );
  await sql`
    INSERT INTO storage_exports (kind, file_storage_id, session_id, request_hash, expires_in, total_files, total_bytes, status, due_at, finished_at)
    SELECT 'files', file_storage_id, id, '', 60, 1, 10, of_status.status, now() + due * interval '1 minute',
      CASE of_status.status WHEN 'done' THEN now() END
    FROM multipart_uploads, (VALUES ('queued', -10), ('running', 5), ('done', -60)) AS of_status (status, due)`.execute(
    db,
  );
  await sql`
    INSERT INTO file_moves (file_storage_id, kind, from_provider_id, to_provider_id, object_key, file_size, state, due_at)
    SELECT gen_random_uuid(), kind, one.id, two.id, kind, 10, state, CASE WHEN state <> 'cleared' THEN now() END
    FROM storage_providers one, storage_providers two,
      (VALUES ('archive', 'pending'), ('archive', 'cleared'), ('recall', 'failed')) AS of_move (kind, state)
    WHERE one.bucket_name = 'one' AND two.bucket_name = 'two'`.execute(db);
  const numbers = await read();
  expect(Object.fromEntries(numbers.get("exports") ?? [])).toEqual({ queued: 1, running: 1 });
  const age = numbers.get("export_age")?.get("") ?? 0;
  expect(age).toBeGreaterThanOrEqual(600);
  expect(age).toBeLessThan(900);
  expect(Object.fromEntries(numbers.get("moves") ?? [])).toEqual({
    "archive/pending": 1,
    "recall/failed": 1,
  });
  await reader.close();
});

it("goes by an index to everything that there may be millions of", async () => {
  await using database = await createTestDatabase<Database>();
  const plan = await database.db.connection().execute(async (connection) => {
    // So few rows would be read as they lie.
    await sql`SET enable_seqscan = off`.execute(connection);
    const { rows } = await sql
      .raw<{ "QUERY PLAN": string }>(`EXPLAIN ${STORAGE_NUMBERS}`)
      .execute(connection);
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  });
  const readWhole = [...plan.matchAll(/Seq Scan on (\w+)/g)].map(([, table]) => table);
  expect(readWhole).toEqual([]);
  const indexes = [...plan.matchAll(/(?:Index|Index Only) Scan (?:using|on) (\w+)/g)].map(([, name]) => name);
  expect(indexes.length).toBeGreaterThan(8);
  // Of those tables, indexes that have what is under way, what is recent, or what lost its owner.
  const isSmall =
    /^(multipart_uploads_(expiring|open_expiring|completing|aborting|open_by_user)|file_storage_(status_created|deleting|held_back|user_\w+)|file_checks_(pkey|due|next)|outbox_events_(due|order|settled)|storage_counters_pkey|reconcile_findings_pkey|expiry_watch_pkey|database_dumps_stored|provider_health_pkey|storage_backups_(pkey|backup)|storage_providers_pkey|file_backups_(waiting|due_at_backup)|storage_exports_due|file_moves_(one|due|due_at_place))$/;
  expect(indexes.filter((name) => !isSmall.test(name ?? ""))).toEqual([]);
  expect(plan).toMatch(/Index Cond: \(user_id IS NULL\)/);
  expect(plan).toMatch(/Index Cond: .*created_at > /);
  expect(plan).toMatch(/Index Cond: .*expires_at < /);
});
