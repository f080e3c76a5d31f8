import { randomUUID } from "node:crypto";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { counterOf, miscounted, reserve, rowsOf, startUpload, type WantedFile } from "./reserve.ts";

const MiB = 1024 ** 2;

interface Born {
  storage_path: string;
  storage_url: string;
  mime_type: string;
  upload_method: string;
  chunk_size: number;
  total_chunks: number;
  temp_path: string | null;
  status: string;
  file_status: string;
  expires_in: number;
  file_days: number | null;
}

async function born(db: Kysely<unknown>, userId: string, file: WantedFile): Promise<Born> {
  const { sessionId } = await startUpload(db, userId, file);
  const [row] = await rowsOf(
    db,
    sql<Born>`
      SELECT f.storage_path, f.storage_url, f.mime_type, m.upload_method, m.chunk_size, m.total_chunks, m.temp_path,
        m.status, f.status AS file_status, extract(epoch FROM m.expires_at - m.created_at)::integer AS expires_in,
        extract(day FROM f.expires_at - f.created_at)::integer AS file_days
      FROM multipart_uploads m JOIN file_storage f ON f.id = m.file_storage_id WHERE m.id = ${sessionId}`,
  );
  if (row === undefined) throw new Error("no row");
  return row;
}

const MONTH = "\\d{4}/\\d{2}/";
const PLACES: (WantedFile & { name: string; prefix: string; days?: number })[] = [
  {
    contentType: "audio_file",
    contentCategory: "processed",
    name: "a.wav",
    prefix: `audio/processed/${MONTH}`,
  },
  { contentType: "audio_file", contentCategory: "chunk", name: "a.opus", prefix: `audio/chunks/${MONTH}` },
  { contentType: "export_file", name: "a.pdf", prefix: `exports/transcripts/${MONTH}`, days: 7 },
  {
    contentType: "export_file",
    contentCategory: "bulk",
    name: "a.zip",
    prefix: `exports/bulk/${MONTH}`,
    days: 7,
  },
  { contentType: "avatar", name: "me.JPEG", prefix: "static/avatars/" },
  {
    contentType: "avatar",
    contentCategory: "workspace-asset",
    name: "logo.png",
    prefix: "static/workspace-assets/",
  },
  { contentType: "document", name: "a.docx", prefix: `documents/${MONTH}` },
  { contentType: "backup", name: "a.gz", prefix: "backups/user-data/" },
  { contentType: "backup", contentCategory: "database", name: "a.dump", prefix: "backups/database/" },
];

describe.each(ENGINES)("reserve_uploads on $engine", ({ open }) => {
  it("gives birth to a file, its session and its reservation", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const workspace = await seedWorkspace(db, { members: { [user]: "member" } });
    const row = await born(db, user, { name: "My Söng.MP3", size: 25 * MiB, workspaceId: workspace });
    const month = new Date().toISOString().slice(0, 7).replace("-", "/");
    expect(row.storage_path).toMatch(new RegExp(`^audio/uploads/${month}/[0-9a-f-]{36}\\.mp3$`));
    expect(row.storage_url).toMatch(/^\/v1\/files\/[0-9a-f-]{36}\/content$/);
    expect(row).toMatchObject({
      status: "creating",
      file_status: "uploading",
      upload_method: "multipart",
      chunk_size: 5 * MiB,
      total_chunks: 5,
      temp_path: null,
      mime_type: "audio/mpeg",
      expires_in: 3600,
      file_days: null,
    });
    const expected = { used_bytes: 0, reserved_bytes: 25 * MiB, used_files: 0, reserved_files: 1 };
    expect(await counterOf(db, "user", user)).toEqual(expected);
    expect(await counterOf(db, "workspace", workspace)).toEqual(expected);
    expect(await miscounted(db)).toEqual([]);
  });

  it("sends small files of known size as one PUT, others in parts, and obeys who asks otherwise", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db, { maxFileSize: 5_000_000_000_000 });
    const user = await seedUser(db);
    expect(await born(db, user, { size: 10 * MiB })).toMatchObject({
      upload_method: "put",
      chunk_size: 10 * MiB,
      total_chunks: 1,
      temp_path: expect.stringMatching(/^temp\/uploads\/[0-9a-f-]{36}$/),
    });
    expect(await born(db, user, { size: 10 * MiB + 1 })).toMatchObject({
      upload_method: "multipart",
      total_chunks: 3,
    });
    expect(await born(db, user, { size: MiB, sizeKnown: false })).toMatchObject({
      upload_method: "multipart",
    });
    expect(await born(db, user, { size: 1, method: "multipart" })).toMatchObject({
      total_chunks: 1,
      temp_path: null,
    });
    expect(await born(db, user, { size: 100 * MiB, method: "put" })).toMatchObject({ chunk_size: 100 * MiB });
    // No store takes this as one PUT.
    expect(await born(db, user, { size: 5_000_000_001, method: "put" })).toMatchObject({
      upload_method: "multipart",
    });
    expect(await born(db, user, { size: 5_000_000_000_000 })).toMatchObject({ total_chunks: 9997 });
  });

  it("has a place for every kind of content, and a type where none was given", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    for (const { prefix, days = null, ...file } of PLACES) {
      const row = await born(db, user, { ...file, mimeType: "" });
      const extension = file.name.split(".")[1]?.toLowerCase();
      expect(row.storage_path).toMatch(new RegExp(`^${prefix}[0-9a-f-]{36}\\.${extension}$`));
      expect(row.mime_type).toMatch(/^[a-z]+\/[a-z0-9.-]+(; charset=utf-8)?$/);
      expect(row.file_days).toBe(days);
    }
  });

  it("lets each file of a batch fail alone, and answers in order", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db, { maxFileSize: 1000 });
    const [user, other] = [await seedUser(db), await seedUser(db)];
    const mine = await seedWorkspace(db, { members: { [user]: "admin" } });
    const viewed = await seedWorkspace(db, { members: { [user]: "viewer" } });
    const foreign = await seedWorkspace(db, { members: { [other]: "admin" } });
    const asleep = await seedWorkspace(db, { members: { [user]: "admin" } });
    await sql`UPDATE workspaces SET is_active = false WHERE id = ${asleep}`.execute(db);
    const results = await reserve(db, user, [
      { size: 1000, workspaceId: mine },
      { size: 0 },
      { size: -5 },
      { size: 1001 },
      { name: "virus.exe" },
      { name: "no extension" },
      { name: "uuid../a" },
      { contentType: "unheard_of" },
      { workspaceId: viewed },
      { workspaceId: foreign },
      { workspaceId: asleep },
      { workspaceId: randomUUID() },
      { size: 1 },
    ]);
    expect(results.map(({ ordinal, client_id: clientId, outcome }) => [ordinal, clientId, outcome])).toEqual([
      [1, "c0", "created"],
      [2, "c1", "file_empty"],
      [3, "c2", "file_empty"],
      [4, "c3", "file_too_large"],
      [5, "c4", "type_not_allowed"],
      [6, "c5", "type_not_allowed"],
      [7, "c6", "type_not_allowed"],
      [8, "c7", "type_not_allowed"],
      [9, "c8", "forbidden"],
      [10, "c9", "workspace_not_found"],
      [11, "c10", "workspace_not_found"],
      [12, "c11", "workspace_not_found"],
      [13, "c12", "created"],
    ]);
    expect(await counterOf(db, "user", user)).toMatchObject({ reserved_bytes: 1001, reserved_files: 2 });
    expect(await miscounted(db)).toEqual([]);
    // Somebody else's workspace is not even touched.
    expect(await rowsOf(db, sql`SELECT 1 FROM storage_counters WHERE scope_id = ${foreign}`)).toEqual([]);
  });

  it("says that there is no provider, and no such user", async () => {
    await using database = await open();
    const { db } = database;
    const user = await seedUser(db);
    expect((await reserve(db, user, [{}]))[0]?.outcome).toBe("no_provider");
    await seedProvider(db);
    expect((await reserve(db, randomUUID(), [{}]))[0]).toMatchObject({
      outcome: "forbidden",
      details: { reason: "unknown_user" },
    });
    expect(await rowsOf(db, sql`SELECT 1 FROM file_storage`)).toEqual([]);
  });

  it("does not ask SQL callers for membership", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const workspace = await seedWorkspace(db);
    expect((await reserve(db, user, [{ workspaceId: workspace }], { origin: "sql" }))[0]?.outcome).toBe(
      "created",
    );
    expect((await reserve(db, user, [{ workspaceId: workspace }], { origin: "s3" }))[0]?.outcome).toBe(
      "workspace_not_found",
    );
  });

  it("says by how much a file is too much, and gives the user's share back when the workspace is full", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const workspace = await seedWorkspace(db, { members: { [user]: "member" } });
    await sql`UPDATE storage_settings SET default_user_max_bytes = 1000, default_user_max_files = 3`.execute(
      db,
    );
    await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 500)`.execute(
      db,
    );

    const results = await reserve(db, user, [
      { size: 400, workspaceId: workspace },
      { size: 101, workspaceId: workspace },
      { size: 601 },
      { size: 600 },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual([
      "created",
      "quota_exceeded",
      "quota_exceeded",
      "created",
    ]);
    expect(results[1]?.details).toEqual({
      scope: "workspace",
      scopeId: workspace,
      size: 101,
      usedBytes: 0,
      reservedBytes: 400,
      limitBytes: 500,
      overBytes: 1,
      usedFiles: 0,
      reservedFiles: 1,
      limitFiles: null,
    });
    expect(results[2]?.details).toMatchObject({
      scope: "user",
      overBytes: 1,
      reservedBytes: 400,
      limitBytes: 1000,
    });
    expect(await counterOf(db, "user", user)).toMatchObject({ reserved_bytes: 1000, reserved_files: 2 });

    await sql`UPDATE storage_settings SET default_user_max_bytes = NULL`.execute(db);
    expect(
      (await reserve(db, user, [{ size: 1 }, { size: 1 }])).map(({ outcome, details }) => [
        outcome,
        details.limitFiles,
      ]),
    ).toEqual([
      ["created", undefined],
      ["quota_exceeded", 3],
    ]);
    expect(await miscounted(db)).toEqual([]);
  });

  it("caps the open sessions of one user", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await sql`UPDATE storage_settings SET max_open_sessions = 2`.execute(db);
    const results = await reserve(db, user, [{}, {}, {}]);
    expect(results.map(({ outcome }) => outcome)).toEqual(["created", "created", "too_many_sessions"]);
    expect(results[2]?.details).toEqual({ openSessions: 2, maxOpenSessions: 2 });
  });

  it("finds the same session for the same key, and refuses another body", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const [user, other] = [await seedUser(db), await seedUser(db)];
    const [first] = await reserve(db, user, [{ clientId: "a" }], { key: "k" });
    const again = await reserve(
      db,
      user,
      [{ clientId: "a" }, { clientId: "a", requestHash: "x" }, { clientId: "b" }],
      {
        key: "k",
      },
    );
    expect(again.map(({ outcome }) => outcome)).toEqual(["repeated", "idempotency_conflict", "created"]);
    expect(again[0]).toMatchObject({ session_id: first?.session_id, file_id: first?.file_id });
    // Keys are each user's own.
    expect((await reserve(db, other, [{ clientId: "a", requestHash: "x" }], { key: "k" }))[0]?.outcome).toBe(
      "created",
    );
    // Also when it has ended: a late repeat must not begin anew.
    await sql`UPDATE multipart_uploads SET status = 'aborting' WHERE id = ${first?.session_id}`.execute(db);
    expect((await reserve(db, user, [{ clientId: "a" }], { key: "k" }))[0]).toMatchObject({
      outcome: "repeated",
      session_id: first?.session_id,
    });
  });

  it("keeps an export for good, or for as long as told", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const exported = { contentType: "export_file", name: "a.pdf" };
    expect(await born(db, user, { ...exported, fileExpiresAt: null })).toMatchObject({ file_days: null });
    const inMonth = new Date(Date.now() + 30.5 * 86_400_000).toISOString();
    expect(await born(db, user, { ...exported, fileExpiresAt: inMonth })).toMatchObject({ file_days: 30 });
  });
});
