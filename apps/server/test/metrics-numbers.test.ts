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
  const age = numbers.get("outbox_age")?.get("") ?? 0;
  expect(age).toBeGreaterThanOrEqual(90);
  expect(age).toBeLessThan(300);
  expect(numbers.get("recent")).toEqual(new Map([["uploading", 3]]));
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
    /^(multipart_uploads_(expiring|open_expiring|completing|aborting|open_by_user)|file_storage_(status_created|deleting|held_back|user_\w+)|file_checks_(pkey|due)|outbox_events_(due|order|settled)|storage_counters_pkey|reconcile_findings_pkey|expiry_watch_pkey)$/;
  expect(indexes.filter((name) => !isSmall.test(name ?? ""))).toEqual([]);
  expect(plan).toMatch(/Index Cond: \(user_id IS NULL\)/);
  expect(plan).toMatch(/Index Cond: .*created_at > /);
  expect(plan).toMatch(/Index Cond: .*expires_at < /);
});
