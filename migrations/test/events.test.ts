import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { miscounted, rowsOf, startUpload, storeFile } from "./reserve.ts";

interface EventRow {
  type: string;
  key: string;
  data: { file?: { id: string; state: string; ownerId: string } } & Record<string, unknown>;
}

async function eventsOf(db: Kysely<unknown>, ...keys: string[]): Promise<EventRow[]> {
  return rowsOf(
    db,
    sql<EventRow>`SELECT event_type AS type, ordering_key AS key, data FROM outbox_events
      WHERE ordering_key = ANY (${keys}) ORDER BY sequence`,
  );
}
const typesOf = async (db: Kysely<unknown>, ...keys: string[]) =>
  (await eventsOf(db, ...keys)).map(({ type }) => type);

async function setFile(db: Kysely<unknown>, id: string, status: string): Promise<void> {
  await sql`UPDATE file_storage SET status = ${status}, deleted_at = CASE WHEN ${status} = 'deleted' THEN now() END
    WHERE id = ${id}`.execute(db);
}

describe.each(ENGINES)("events on $engine", ({ open }) => {
  it("tell of a file once it is stored and once it is gone, whoever changed the row", async () => {
    await using database = await open();
    const { db } = database;
    const provider = await seedProvider(db);
    const user = await seedUser(db);
    const file = await storeFile(db, user);
    for (const status of ["processing", "processed", "quarantined", "deleting", "deleted"])
      await setFile(db, file, status);
    const events = await eventsOf(db, `file:${file}`);
    expect(events.map(({ type }) => type)).toEqual(["file.stored", "file.quarantined", "file.deleted"]);
    expect(events[0]?.data.file).toMatchObject({
      id: file,
      name: "song.mp3",
      size: 100,
      state: "stored",
      ownerId: user,
      contentType: "audio_file",
      derivedFrom: null,
      bucket: "audiotricks-test",
    });
    expect(JSON.stringify(events)).not.toMatch(/secret|signature|https:[^"]*[?]/i);

    // Another service's plain INSERT.
    const { rows } = await sql<{ id: string }>`
      INSERT INTO file_storage (original_filename, stored_filename, storage_provider_id, storage_path, storage_url, file_size,
        content_type, user_id, status)
      VALUES ('b.mp3', 'b.mp3', ${provider}, 'audio/b.mp3', '/b', 5, 'audio_file', ${user}, 'processed') RETURNING id`.execute(
      db,
    );
    expect(await typesOf(db, `file:${rows[0]?.id}`)).toEqual(["file.stored"]);
  });

  it("are gone with the change that was rolled back", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const file = await storeFile(db, await seedUser(db));
    const rolledBack = db.transaction().execute(async (trx) => {
      await setFile(trx, file, "deleting");
      await setFile(trx, file, "deleted");
      expect(await typesOf(trx, `file:${file}`)).toEqual(["file.stored", "file.deleted"]);
      throw new Error("no");
    });
    await expect(rolledBack).rejects.toThrow("no");
    expect(await typesOf(db, `file:${file}`)).toEqual(["file.stored"]);
  });

  it.each<[string, (db: Kysely<unknown>, ids: { sessionId: string; user: string }) => Promise<unknown>]>([
    [
      "cancelled",
      async (db, { sessionId }) => await sql`SELECT abort_sessions(ARRAY[${sessionId}::uuid])`.execute(db),
    ],
    [
      "expired",
      async (db, { sessionId }) => {
        await sql`UPDATE multipart_uploads SET expires_at = now() - interval '1 s' WHERE id = ${sessionId}`.execute(
          db,
        );
        await sql`SELECT cleanup_expired_files()`.execute(db);
      },
    ],
    [
      "content_mismatch",
      async (db, { sessionId }) => {
        await sql`UPDATE multipart_uploads SET status = 'failed', error_code = 'content_mismatch' WHERE id = ${sessionId}`.execute(
          db,
        );
        await sql`UPDATE file_storage SET status = 'failed' WHERE upload_session_id = ${sessionId}`.execute(
          db,
        );
      },
    ],
    ["owner_deleted", async (db, { user }) => await sql`DELETE FROM users WHERE id = ${user}`.execute(db)],
  ])("tell of an upload that came to nothing, and why: %s", async (reason, end) => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const { sessionId, fileId } = await startUpload(db, user);
    await end(db, { sessionId, user });
    const events = await eventsOf(db, `file:${fileId}`);
    expect(events).toMatchObject([
      { type: "upload.failed", data: { reason, sessionId, file: { ownerId: user } } },
    ]);
  });

  it("warn of a quota once for each step up, and again only after a step down", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${user}, 1000)`.execute(db);
    const steps = async () =>
      (await eventsOf(db, `user:${user}`)).map(({ type, data }) => [type, data.threshold, data.usedBytes]);

    await storeFile(db, user, { size: 790 });
    expect(await steps()).toEqual([]);
    const small = await storeFile(db, user, { size: 10 });
    await storeFile(db, user, { size: 10 });
    expect(await steps()).toEqual([["quota.warning", 80, 800]]);
    // Down and up again.
    await setFile(db, small, "deleting");
    await storeFile(db, user, { size: 1 });
    expect(await steps()).toHaveLength(1);
    await sql`UPDATE storage_quotas SET max_storage_bytes = 2000 WHERE user_id = ${user}`.execute(db);
    await sql`UPDATE storage_quotas SET max_storage_bytes = 1000 WHERE user_id = ${user}`.execute(db);
    expect(await steps()).toEqual([
      ["quota.warning", 80, 800],
      ["quota.warning", 80, 801],
    ]);
    // Two steps at once are one warning, of the higher.
    await storeFile(db, user, { size: 199 });
    expect((await steps()).slice(2)).toEqual([["quota.warning", 100, 1000]]);
    await sql`UPDATE storage_quotas SET max_storage_bytes = 100 WHERE user_id = ${user}`.execute(db);
    await sql`SELECT update_storage_usage(NULL, NULL, true)`.execute(db);
    expect(await steps()).toHaveLength(3);
    await sql`DELETE FROM storage_quotas`.execute(db);
    await sql`UPDATE storage_settings SET default_user_max_bytes = 1100`.execute(db);
    expect((await steps()).slice(3)).toEqual([["quota.warning", 90, 1000]]);
    await sql`UPDATE storage_settings SET default_user_max_bytes = 1100, default_user_max_files = 3`.execute(
      db,
    );
    expect((await steps()).slice(4)).toEqual([["quota.warning", 100, 1000]]);
  });

  it("do not warn of a limit of nothing while nothing is used", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const file = await storeFile(db, user);
    await setFile(db, file, "deleting");
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${user}, 0)`.execute(db);
    expect(await typesOf(db, `user:${user}`)).toEqual([]);
  });
});

describe.each(ENGINES)("files made of others on $engine", ({ open }) => {
  async function derive(db: Kysely<unknown>, parent: string, more: { key?: string; name?: string } = {}) {
    const file = {
      clientId: "1",
      requestHash: "h",
      name: more.name ?? "p.wav",
      size: 50,
      contentType: "audio_file",
      contentCategory: "processed",
    };
    const [row] = await rowsOf(
      db,
      sql<{ outcome: string; session_id: string; file_id: string; details: object }>`
        SELECT * FROM reserve_derived_upload(${parent}, ${more.key ?? "k"}, ${JSON.stringify(file)}::jsonb)`,
    );
    if (row === undefined) throw new Error("no answer");
    return row;
  }

  it("belong to the owner of the other, lie where derived files lie, and are made once for a key", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    // A member no more: what the pipeline makes is the owner's all the same.
    const workspace = await seedWorkspace(db, { members: { [user]: "member" } });
    const parent = await storeFile(db, user, { workspaceId: workspace });
    await sql`UPDATE file_storage SET access_level = 'workspace' WHERE id = ${parent}`.execute(db);
    await sql`DELETE FROM workspace_members`.execute(db);
    const derived = await derive(db, parent);
    expect(derived.outcome).toBe("created");
    const [row] = await rowsOf(
      db,
      sql`SELECT f.user_id, f.workspace_id, f.access_level, f.derived_from, m.origin, f.storage_path
        FROM file_storage f JOIN multipart_uploads m ON m.file_storage_id = f.id WHERE f.id = ${derived.file_id}`,
    );
    expect(row).toMatchObject({
      user_id: user,
      workspace_id: workspace,
      access_level: "workspace",
      derived_from: parent,
      origin: "derived",
      storage_path: expect.stringMatching(/^audio\/processed\/\d{4}\/\d\d\/[0-9a-f-]{36}\.wav$/),
    });
    expect(await derive(db, parent)).toMatchObject({ outcome: "repeated", session_id: derived.session_id });
    expect((await derive(db, parent, { key: "other" })).session_id).not.toBe(derived.session_id);
    expect(await miscounted(db)).toEqual([]);
  });

  it("are refused of a file that is absent, on its way, going or put aside, and above the quota", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    expect((await derive(db, crypto.randomUUID())).outcome).toBe("file_not_found");
    expect((await derive(db, (await startUpload(db, user)).fileId)).outcome).toBe("file_not_found");
    const file = await storeFile(db, user);
    expect((await derive(db, file, { name: "p.exe" })).outcome).toBe("type_not_allowed");
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${user}, 200)`.execute(db);
    expect((await derive(db, file)).outcome).toBe("quota_exceeded");
    await setFile(db, file, "quarantined");
    expect(await derive(db, file)).toMatchObject({
      outcome: "file_not_ready",
      details: { state: "quarantined" },
    });
    await setFile(db, file, "deleting");
    expect((await derive(db, file)).outcome).toBe("file_not_found");
  });

  it("go with the other, to the last generation, and those under way once they are there", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const parent = await storeFile(db, user);
    const child = await storeFile(db, user);
    const grandchild = await storeFile(db, user);
    const stranger = await storeFile(db, user);
    const onItsWay = (await derive(db, parent)).file_id;
    await sql`UPDATE file_storage SET derived_from = ${parent} WHERE id = ${child}`.execute(db);
    await sql`UPDATE file_storage SET derived_from = ${child} WHERE id = ${grandchild}`.execute(db);
    await setFile(db, parent, "deleting");
    const states = await rowsOf(
      db,
      sql<{ id: string; status: string; isDue: boolean }>`
        SELECT id, status, coalesce(expires_at <= now(), false) AS "isDue" FROM file_storage`,
    );
    expect(Object.fromEntries(states.map(({ id, status, isDue }) => [id, [status, isDue]]))).toEqual({
      [parent]: ["deleting", false],
      [child]: ["deleting", false],
      [grandchild]: ["deleting", false],
      [stranger]: ["stored", false],
      [onItsWay]: ["uploading", true],
    });
    expect(await miscounted(db)).toEqual([]);
  });
});

describe("events", () => {
  it("of one file are in the order of its changes, and each warning comes once, under concurrent changes", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${user}, 2000)`.execute(db);
    const files = await Promise.all(Array.from({ length: 20 }, () => storeFile(db, user)));
    const warnings = (await eventsOf(db, `user:${user}`)).map(({ data }) => data.threshold);
    expect(warnings).toEqual([80, 90, 100]);
    await Promise.all(
      files.flatMap((file) => [
        setFile(db, file, "deleting").then(() => setFile(db, file, "deleted")),
        sql`UPDATE file_storage SET metadata = '{"a": 1}' WHERE id = ${file}`.execute(db),
      ]),
    );
    for (const file of files)
      expect(await typesOf(db, `file:${file}`)).toEqual(["file.stored", "file.deleted"]);
    expect(await miscounted(db)).toEqual([]);
  });
});
