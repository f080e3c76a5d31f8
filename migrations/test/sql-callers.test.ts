import { randomUUID } from "node:crypto";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { miscounted, rowsOf, startUpload, storeFile } from "./reserve.ts";

const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";

interface CallError {
  code: string;
  message: string;
  detail: string | undefined;
}

/** What a caller gets from `query` when it is refused. */
async function errorOf(db: Kysely<unknown>, query: ReturnType<typeof sql>): Promise<CallError> {
  try {
    await query.execute(db);
  } catch (error) {
    return error as CallError;
  }
  throw new Error("It was not refused.");
}

describe.each(ENGINES)("what other services call from SQL, on $engine", ({ open }) => {
  it("initiates a file, positionally and by name, and says where the upload goes on", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const workspace = await seedWorkspace(db);
    const [small] = await rowsOf(
      db,
      sql<Record<string, string>>`
      SELECT * FROM initiate_file_storage('a.mp3', 100, 'audio/mpeg', 'audio_file', ${user})`,
    );
    const [large] = await rowsOf(
      db,
      sql<Record<string, string>>`
      SELECT * FROM initiate_file_storage(original_filename_param => 'a.wav', file_size_param => 20971520,
        mime_type_param => NULL, content_type_param => 'audio_file', user_uuid => ${user}, workspace_uuid => ${workspace})`,
    );
    const [forced] = await rowsOf(
      db,
      sql<Record<string, string>>`
      SELECT * FROM initiate_file_storage('a.mp3', 100, '', 'audio_file', ${user}, NULL, true)`,
    );
    expect([small?.upload_method, large?.upload_method, forced?.upload_method]).toEqual([
      "direct",
      "multipart",
      "multipart",
    ]);
    expect(large?.upload_url).toBe(`/v1/uploads/${large?.multipart_session_id}`);
    expect(large?.storage_path).toMatch(
      new RegExp(`^audio/uploads/\\d{4}/\\d{2}/${large?.file_storage_id}\\.wav$`),
    );
    const [row] = await rowsOf(
      db,
      sql`
      SELECT m.status, m.origin, m.lease_token, m.spaces_upload_id, f.mime_type, f.workspace_id,
        extract(hour FROM m.expires_at - m.created_at)::integer + 24 * extract(day FROM m.expires_at - m.created_at)::integer AS hours
      FROM multipart_uploads m JOIN file_storage f ON f.id = m.file_storage_id WHERE m.id = ${large?.multipart_session_id}`,
    );
    expect(row).toEqual({
      status: "creating",
      origin: "sql",
      lease_token: null,
      spaces_upload_id: null,
      mime_type: "audio/wav",
      workspace_id: workspace,
      hours: 24,
    });
    expect(await miscounted(db)).toEqual([]);
  });

  it("names each refusal by its own SQLSTATE, with the numbers, and changes nothing", async () => {
    await using database = await open();
    const { db } = database;
    const user = await seedUser(db);
    const initiate = (file: {
      name?: string | null;
      size?: number | null;
      type?: string | null;
      user?: string | null;
      workspace?: string;
    }) =>
      errorOf(
        db,
        sql`SELECT initiate_file_storage(${file.name === undefined ? "a.mp3" : file.name}::text,
        ${file.size === undefined ? 100 : file.size}::bigint, NULL, ${file.type === undefined ? "audio_file" : file.type}::text,
        ${file.user === undefined ? user : file.user}::uuid, ${file.workspace ?? null}::uuid)`,
      );

    expect(await initiate({})).toMatchObject({ code: "AT005" });
    await seedProvider(db, { maxFileSize: 1000 });
    expect(await initiate({ size: 0 })).toMatchObject({ code: "AT002" });
    expect(await initiate({ size: -1 })).toMatchObject({ code: "AT002" });
    expect(await initiate({ size: null })).toMatchObject({ code: "AT002" });
    const tooLarge = await initiate({ size: 1001 });
    expect([tooLarge.code, JSON.parse(tooLarge.detail ?? "")]).toEqual([
      "AT003",
      { size: 1001, maxFileSize: 1000 },
    ]);
    expect(await initiate({ name: "a.exe" })).toMatchObject({
      code: "AT004",
      detail: expect.stringContaining("mp3"),
    });
    expect(await initiate({ name: null })).toMatchObject({ code: "AT004" });
    expect(await initiate({ type: "ringtone" })).toMatchObject({ code: "AT004" });
    expect(await initiate({ type: null })).toMatchObject({ code: "AT004" });
    expect(await initiate({ workspace: randomUUID() })).toMatchObject({ code: "AT006" });
    expect(await initiate({ user: randomUUID() })).toMatchObject({ code: "AT008" });
    expect(await initiate({ user: null })).toMatchObject({ code: "AT008" });
    expect(await initiate({ name: "line\nbreak.mp3" })).toMatchObject({ code: "23514" });
    await sql`UPDATE storage_settings SET default_user_max_bytes = 99`.execute(db);
    const overQuota = await initiate({});
    expect(overQuota.code).toBe("AT001");
    expect(JSON.parse(overQuota.detail ?? "")).toMatchObject({
      scope: "user",
      scopeId: user,
      limitBytes: 99,
      overBytes: 1,
    });
    await sql`UPDATE storage_settings SET default_user_max_bytes = NULL, max_open_sessions = 1`.execute(db);
    await startUpload(db, user);
    expect(await initiate({})).toMatchObject({ code: "AT007" });
    expect(await rowsOf(db, sql`SELECT count(*)::integer AS n FROM file_storage`)).toEqual([{ n: 1 }]);
    expect(await miscounted(db)).toEqual([]);
  });

  it("gives an audio_uploads row its file and session, or refuses the row", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const insert = (name: string, fileId: string | null = null) => sql<Record<string, string>>`
      INSERT INTO audio_uploads (user_id, original_filename, file_size, mime_type, file_storage_id)
      VALUES (${user}, ${name}, 100, 'audio/mpeg', ${fileId}) RETURNING *`;
    const [row] = await rowsOf(db, insert("a.mp3"));
    expect(row?.multipart_session_id).toMatch(new RegExp(`^${UUID}$`));
    expect(row?.storage_url).toBe(`/v1/files/${row?.file_storage_id}/content`);
    expect(row?.storage_path).toMatch(new RegExp(`${row?.file_storage_id}\\.mp3$`));
    expect(await errorOf(db, insert("a.exe"))).toMatchObject({ code: "AT004" });
    // A row that names its file, as in a restored backup, gets no second one.
    const stored = await storeFile(db, user);
    const [restored] = await rowsOf(db, insert("b.mp3", stored));
    expect(restored).toMatchObject({ file_storage_id: stored, multipart_session_id: null });
    expect(await rowsOf(db, sql`SELECT count(*)::integer AS n FROM audio_uploads`)).toEqual([{ n: 2 }]);
    expect(await rowsOf(db, sql`SELECT count(*)::integer AS n FROM file_storage`)).toEqual([{ n: 2 }]);
  });

  it("links history to a file with stable addresses, and says what it does not find", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const file = await storeFile(db, await seedUser(db), { size: 123 });
    const [history] = await rowsOf(
      db,
      sql<{ id: string }>`INSERT INTO audio_history (title) VALUES ('t') RETURNING id`,
    );
    const link = (historyId: string | undefined, fileId: string) =>
      sql`SELECT link_audio_history_to_storage(${historyId}, ${fileId})`;
    await link(history?.id, file).execute(db);
    await link(history?.id, file).execute(db);
    expect(
      await rowsOf(db, sql`SELECT file_storage_id, audio_url, cdn_url, file_size_bytes FROM audio_history`),
    ).toEqual([
      { file_storage_id: file, audio_url: `/v1/files/${file}/content`, cdn_url: null, file_size_bytes: 123 },
    ]);
    expect(await rowsOf(db, sql`SELECT status FROM file_storage`)).toEqual([{ status: "processed" }]);
    expect(await errorOf(db, link(history?.id, randomUUID()))).toMatchObject({ code: "AT011" });
    expect(await errorOf(db, link(randomUUID(), file))).toMatchObject({ code: "AT013" });
  });

  it("writes usage for one user or workspace without touching the others, and closes earlier months", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const [first, second] = [await seedUser(db), await seedUser(db)];
    const workspace = await seedWorkspace(db, { members: { [first]: "member" } });
    await sql`UPDATE storage_settings SET default_workspace_max_bytes = 5000`.execute(db);
    await storeFile(db, first, { size: 10 });
    await storeFile(db, first, { size: 20, workspaceId: workspace });
    await storeFile(db, first, { size: 5, name: "a.pdf", contentType: "export_file" });
    await storeFile(db, second, { size: 40 });
    await sql`INSERT INTO storage_usage (user_id, total_files, period_start, period_end) VALUES
      (${first}, 7, '2020-01-01', '2020-01-31'), (${second}, 8, '2020-01-01', '2020-01-31')`.execute(db);
    await sql`SELECT update_storage_usage(user_uuid => ${first})`.execute(db);
    const usage = await rowsOf(
      db,
      sql`
      SELECT user_id, workspace_id, total_files, total_size_bytes, audio_files_count, export_files_size, storage_quota_bytes
      FROM storage_usage WHERE is_current_period AND period_start > '2021-01-01' ORDER BY total_size_bytes`,
    );
    expect(usage).toEqual([
      {
        user_id: first,
        workspace_id: null,
        total_files: 2,
        total_size_bytes: 15,
        audio_files_count: 1,
        export_files_size: 5,
        storage_quota_bytes: null,
      },
      {
        user_id: first,
        workspace_id: workspace,
        total_files: 1,
        total_size_bytes: 20,
        audio_files_count: 1,
        export_files_size: 0,
        storage_quota_bytes: 5000,
      },
    ]);
    expect(
      await rowsOf(
        db,
        sql`SELECT total_files FROM storage_usage WHERE period_start < '2021-01-01' AND is_current_period`,
      ),
    ).toEqual([{ total_files: 8 }]);
  });
});
