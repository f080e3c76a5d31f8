import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { counterOf, miscounted, reserve, rowsOf, setSession, startUpload, storeFile } from "./reserve.ts";

type Db = Kysely<unknown>;
const numbers = (used: number, usedFiles: number, reserved: number, reservedFiles: number) => ({
  usedBytes: used,
  usedFiles,
  reservedBytes: reserved,
  reservedFiles,
});
const findings = (db: Db) =>
  rowsOf(
    db,
    sql<{ scope: string; scope_id: string; counted: unknown; actual: unknown }>`
      SELECT scope, scope_id, counted, actual FROM counter_findings ORDER BY scope, scope_id`,
  );

/** A file of 10 that is over, one of 20 that is not, a session of 5 that is over, one of 6 that is not: in a workspace. */
async function setUp(db: Db) {
  await seedProvider(db);
  const user = await seedUser(db);
  const workspaceId = await seedWorkspace(db, { members: { [user]: "member" } });
  const old = await storeFile(db, user, { size: 10, workspaceId, fileExpiresAt: "2020-01-01T00:00:00Z" });
  const kept = await storeFile(db, user, { size: 20, workspaceId });
  await startUpload(db, user, { size: 5, workspaceId, expiresInSeconds: 0 });
  const open = await startUpload(db, user, { size: 6, workspaceId });
  return { user, workspaceId, old, kept, open };
}

const TAMPERED: readonly (readonly [string, string])[] = [
  [
    "emptied",
    "UPDATE storage_counters SET used_bytes = 0, used_files = 0, reserved_bytes = 0, reserved_files = 0",
  ],
  ["emptied of bytes alone", "UPDATE storage_counters SET used_bytes = 0, reserved_bytes = 0"],
  ["deleted", "DELETE FROM storage_counters"],
];

describe.each(ENGINES)("a counter that is wrong, on $engine", ({ open: openDatabase }) => {
  it.each(TAMPERED)("stops no expiry, and is counted anew and told of: %s", async (_, tampering) => {
    await using database = await openDatabase();
    const { db } = database;
    const { user, workspaceId } = await setUp(db);
    await sql.raw(tampering).execute(db);
    expect(await rowsOf(db, sql`SELECT cleanup_expired_files() AS n`)).toEqual([{ n: 2 }]);
    expect(await miscounted(db)).toEqual([]);
    const right = { used_bytes: 20, used_files: 1, reserved_bytes: 6, reserved_files: 1 };
    expect(await counterOf(db, "user", user)).toEqual(right);
    expect(await counterOf(db, "workspace", workspaceId)).toEqual(right);
    const found = await findings(db);
    expect(found).toMatchObject([
      { scope: "user", scope_id: user, actual: numbers(20, 1, 6, 1) },
      { scope: "workspace", scope_id: workspaceId, actual: numbers(20, 1, 6, 1) },
    ]);
    expect(found[0]?.counted).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
    expect(await rowsOf(db, sql`SELECT 1 FROM counter_changes`)).toEqual([]);
  });

  it.each(TAMPERED)("stops no delete of a file, no end of a session, no start: %s", async (_, tampering) => {
    await using database = await openDatabase();
    const { db } = database;
    const { user, workspaceId, kept, open } = await setUp(db);
    await sql.raw(tampering).execute(db);
    await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${kept}`.execute(db);
    await sql.raw(tampering).execute(db);
    await setSession(db, open.sessionId, "aborting");
    await sql.raw(tampering).execute(db);
    await startUpload(db, user, { size: 7, workspaceId });
    await sql`SELECT cleanup_expired_files()`.execute(db);
    expect(await miscounted(db)).toEqual([]);
    expect(await counterOf(db, "user", user)).toMatchObject({ used_bytes: 0, reserved_bytes: 7 });
    expect(await findings(db)).toHaveLength(2);
  });

  it.each(TAMPERED)("stops no deletion of its owner: %s", async (_, tampering) => {
    await using database = await openDatabase();
    const { db } = database;
    const { user, workspaceId } = await setUp(db);
    await sql.raw(tampering).execute(db);
    await sql`DELETE FROM users WHERE id = ${user}`.execute(db);
    await sql.raw(tampering).execute(db);
    await sql`DELETE FROM workspaces WHERE id = ${workspaceId}`.execute(db);
    expect(await miscounted(db)).toEqual([]);
  });

  it("is missed where it limits: who had files has no empty quota", async () => {
    await using database = await openDatabase();
    const { db } = database;
    const { user, workspaceId, open } = await setUp(db);
    await sql`UPDATE storage_settings SET default_user_max_bytes = 50`.execute(db);
    await sql`DELETE FROM storage_counters`.execute(db);
    // 30 used, 11 reserved.
    const outcomes = await reserve(db, user, [
      { size: 10, workspaceId },
      { size: 9, workspaceId },
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["quota_exceeded", "created"]);
    await sql`DELETE FROM storage_counters`.execute(db);
    const grow = (size: number) =>
      sql`UPDATE multipart_uploads SET total_file_size = ${size} WHERE id = ${open.sessionId}`.execute(db);
    await expect(grow(7)).rejects.toMatchObject({ code: "AT001" });
    await sql`UPDATE storage_settings SET default_user_max_bytes = 51`.execute(db);
    await grow(7);
    expect(await miscounted(db)).toEqual([]);
    expect(await counterOf(db, "user", user)).toMatchObject({ used_bytes: 30, reserved_bytes: 21 });
  });

  it("is told of also when a person has it counted anew; one that is right, never", async () => {
    await using database = await openDatabase();
    const { db } = database;
    const { user, workspaceId } = await setUp(db);
    await sql`SELECT update_storage_usage(force_recalculate => true)`.execute(db);
    expect(await findings(db)).toEqual([]);
    await sql`UPDATE storage_counters SET used_bytes = 999 WHERE scope = 'user'`.execute(db);
    await sql`SELECT update_storage_usage(force_recalculate => true)`.execute(db);
    expect(await findings(db)).toEqual([
      { scope: "user", scope_id: user, counted: numbers(999, 2, 11, 2), actual: numbers(30, 2, 11, 2) },
    ]);
    await sql`UPDATE storage_counters SET used_bytes = 0 WHERE scope = 'user'`.execute(db);
    // Derived files go by a statement within the statement: nothing is taken twice from what is counted anew.
    await sql`UPDATE file_storage SET derived_from = (SELECT id FROM file_storage WHERE file_size = 20) WHERE file_size = 10`.execute(
      db,
    );
    await storeFile(db, user, { size: 100, workspaceId });
    await sql`UPDATE storage_counters SET used_bytes = 5 WHERE scope = 'user'`.execute(db);
    await sql`UPDATE file_storage SET status = 'deleting' WHERE file_size = 20`.execute(db);
    expect(await miscounted(db)).toEqual([]);
    expect(await counterOf(db, "user", user)).toMatchObject({ used_bytes: 100, used_files: 1 });
  });
});

it("one that is wrong comes out right though many change it at once", async () => {
  await using database = await createTestDatabase<unknown>();
  const { db } = database;
  await seedProvider(db);
  const users = await Promise.all(Array.from({ length: 6 }, () => seedUser(db)));
  const workspaceId = await seedWorkspace(db, {
    members: Object.fromEntries(users.map((id) => [id, "member" as const])),
  });
  const stop = new AbortController();
  const work = users.map(async (user) => {
    for (let round = 0; round < 12; round++) {
      const file = await storeFile(db, user, { size: 10, workspaceId });
      await startUpload(db, user, { size: 3, workspaceId });
      if (round % 2 === 0)
        await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${file}`.execute(db);
    }
  });
  const tamper = async () => {
    while (!stop.signal.aborted) {
      await sql`UPDATE storage_counters SET used_bytes = 0, reserved_files = 0 WHERE scope = 'workspace'`.execute(
        db,
      );
      await sql`DELETE FROM storage_counters WHERE scope = 'user' AND scope_id = ${users[0]}`.execute(db);
    }
  };
  const tampering = tamper();
  try {
    await Promise.all(work);
  } finally {
    stop.abort();
    await tampering;
  }
  // The last bend may have come after the last change.
  await sql`SELECT update_storage_usage(force_recalculate => true)`.execute(db);
  expect(await miscounted(db)).toEqual([]);
  expect(await counterOf(db, "workspace", workspaceId)).toEqual({
    used_bytes: 6 * 6 * 10,
    used_files: 36,
    reserved_bytes: 6 * 12 * 3,
    reserved_files: 72,
  });
});
