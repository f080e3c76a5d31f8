import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { counterOf, miscounted, reserve, rowsOf, setSession, startUpload, storeFile } from "./reserve.ts";

const setFile = (db: Kysely<unknown>, id: string, status: string) =>
  sql`UPDATE file_storage SET status = ${status}, deleted_at = ${status === "deleted" ? new Date() : null} WHERE id = ${id}`.execute(
    db,
  );

async function setUp(db: Kysely<unknown>) {
  await seedProvider(db);
  const user = await seedUser(db);
  const workspace = await seedWorkspace(db, { members: { [user]: "admin" } });
  return { user, workspace };
}

describe.each(ENGINES)("states on $engine", ({ open }) => {
  it("moves reserved bytes to used, and used bytes away, in the transaction that changes the state", async () => {
    await using database = await open();
    const { db } = database;
    const { user, workspace } = await setUp(db);
    const fileId = await storeFile(db, user, { size: 300, workspaceId: workspace });
    const stored = { used_bytes: 300, used_files: 1, reserved_bytes: 0, reserved_files: 0 };
    expect(await counterOf(db, "user", user)).toEqual(stored);
    expect(await counterOf(db, "workspace", workspace)).toEqual(stored);
    for (const status of ["processing", "processed", "archived", "recalling", "quarantined"]) {
      await setFile(db, fileId, status);
      expect(await counterOf(db, "workspace", workspace)).toEqual(stored);
    }
    await setFile(db, fileId, "deleting");
    expect(await counterOf(db, "user", user)).toMatchObject({ used_bytes: 0, used_files: 0 });
    await setFile(db, fileId, "deleted");
    expect(await counterOf(db, "workspace", workspace)).toMatchObject({ used_bytes: 0, used_files: 0 });
    expect(await miscounted(db)).toEqual([]);
  });

  it.each(["aborting", "failed"])(
    "gives a reservation back exactly once when its session is %s",
    async (end) => {
      await using database = await open();
      const { db } = database;
      const { user, workspace } = await setUp(db);
      const { sessionId } = await startUpload(db, user, { size: 700, workspaceId: workspace });
      await setSession(db, sessionId, "active");
      await sql`UPDATE multipart_uploads SET status = ${end}, error_code = ${end === "failed" ? "upload_failed" : null}
      WHERE id = ${sessionId}`.execute(db);
      if (end === "aborting") await setSession(db, sessionId, "aborted");
      expect(await counterOf(db, "user", user)).toMatchObject({ reserved_bytes: 0, reserved_files: 0 });
      expect(await counterOf(db, "workspace", workspace)).toMatchObject({
        reserved_bytes: 0,
        reserved_files: 0,
      });
    },
  );

  it("follows the size of an open session, and lets it grow only into free space", async () => {
    await using database = await open();
    const { db } = database;
    const { user } = await setUp(db);
    await sql`UPDATE storage_settings SET default_user_max_bytes = 1000`.execute(db);
    const { sessionId } = await startUpload(db, user, { size: 700 });
    const resize = (size: number) =>
      sql`UPDATE multipart_uploads SET total_file_size = ${size} WHERE id = ${sessionId}`.execute(db);
    await resize(1000);
    expect(await counterOf(db, "user", user)).toMatchObject({ reserved_bytes: 1000, reserved_files: 1 });
    await expect(resize(1001)).rejects.toMatchObject({ code: "AT001" });
    expect(await counterOf(db, "user", user)).toMatchObject({ reserved_bytes: 1000, reserved_files: 1 });
    await sql`UPDATE storage_settings SET default_user_max_bytes = 10`.execute(db);
    await resize(500);
    expect(await counterOf(db, "user", user)).toMatchObject({ reserved_bytes: 500, reserved_files: 1 });
  });

  it("never leaves a final state, never returns to an open one, and makes nothing of bytes that are not there", async () => {
    await using database = await open();
    const { db } = database;
    const { user } = await setUp(db);
    const refused = { code: "AT009" };

    const { sessionId, fileId } = await startUpload(db, user);
    for (const status of ["processing", "processed", "quarantined", "archived", "recalling"]) {
      await expect(setFile(db, fileId, status)).rejects.toMatchObject(refused);
    }
    await setSession(db, sessionId, "aborting");
    await expect(setSession(db, sessionId, "active")).rejects.toMatchObject(refused);
    await expect(
      sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now() WHERE id = ${sessionId}`.execute(
        db,
      ),
    ).rejects.toMatchObject(refused);
    await setSession(db, sessionId, "aborted");
    for (const status of ["creating", "active", "completing", "aborting"]) {
      await expect(setSession(db, sessionId, status)).rejects.toMatchObject(refused);
    }
    await setFile(db, fileId, "failed");
    await expect(setFile(db, fileId, "stored")).rejects.toMatchObject(refused);

    const stored = await storeFile(db, user);
    for (const status of ["uploading", "failed", "deleted"]) {
      await expect(setFile(db, stored, status)).rejects.toMatchObject(refused);
    }
    await setFile(db, stored, "deleting");
    await expect(setFile(db, stored, "stored")).rejects.toMatchObject(refused);
    await setFile(db, stored, "deleted");
    await expect(setFile(db, stored, "deleting")).rejects.toMatchObject(refused);
    expect(await miscounted(db)).toEqual([]);
  });

  it("touches updated_at", async () => {
    await using database = await open();
    const { db } = database;
    await setUp(db);
    await sql`UPDATE storage_providers SET updated_at = '2020-01-01', region = 'ams3'`.execute(db);
    const [row] = await rowsOf(
      db,
      sql<{ recent: boolean }>`
      SELECT updated_at > now() - interval '1 minute' AS recent FROM storage_providers`,
    );
    expect(row?.recent).toBe(true);
  });

  it("keeps rows whose bytes may still be at the store", async () => {
    await using database = await open();
    const { db } = database;
    const { user } = await setUp(db);
    const stored = await storeFile(db, user);
    const { sessionId, fileId } = await startUpload(db, user);
    const drop = (id: string) => sql`DELETE FROM file_storage WHERE id = ${id}`.execute(db);
    const refused = { code: "AT010" };
    await expect(drop(stored)).rejects.toMatchObject(refused);
    await expect(drop(fileId)).rejects.toMatchObject(refused);
    await expect(
      sql`DELETE FROM multipart_uploads WHERE id = ${sessionId}`.execute(db),
    ).rejects.toMatchObject(refused);
    // The file never was, but the parts of its upload may still be there.
    await setFile(db, fileId, "failed");
    await setSession(db, sessionId, "aborting");
    await expect(drop(fileId)).rejects.toMatchObject(refused);
    await setSession(db, sessionId, "aborted");
    await drop(fileId);
    await setFile(db, stored, "deleting");
    await expect(drop(stored)).rejects.toMatchObject(refused);
    await setFile(db, stored, "deleted");
    await drop(stored);
    expect(await rowsOf(db, sql`SELECT id FROM file_storage`)).toEqual([]);
  });

  it("lets a workspace go: its files are deleted, its uploads aborted, its bytes leave the members", async () => {
    await using database = await open();
    const { db } = database;
    const { user, workspace } = await setUp(db);
    const other = await seedUser(db);
    await sql`INSERT INTO workspace_members (workspace_id, user_id) VALUES (${workspace}, ${other})`.execute(
      db,
    );
    await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 100000)`.execute(
      db,
    );
    const shared = await storeFile(db, user, { size: 10, workspaceId: workspace });
    const own = await storeFile(db, user, { size: 20 });
    const { sessionId, fileId } = await startUpload(db, other, { size: 30, workspaceId: workspace });
    const late = await startUpload(db, other, { size: 40, workspaceId: workspace });
    await setSession(db, late.sessionId, "active");
    await sql`UPDATE multipart_uploads SET status = 'completing', complete_sent_at = now() WHERE id = ${late.sessionId}`.execute(
      db,
    );
    await sql`SELECT update_storage_usage()`.execute(db);

    await sql`DELETE FROM workspaces WHERE id = ${workspace}`.execute(db);
    const files = await rowsOf(
      db,
      sql<{ id: string; status: string }>`
      SELECT id, status FROM file_storage WHERE workspace_id IS NULL AND former_workspace_id = ${workspace}`,
    );
    expect(Object.fromEntries(files.map(({ id, status }) => [id, status]))).toEqual({
      [shared]: "deleting",
      [fileId]: "failed",
      [late.fileId]: "uploading",
    });
    expect(
      await rowsOf(
        db,
        sql`SELECT id, status FROM multipart_uploads WHERE user_id = ${other} ORDER BY total_file_size`,
      ),
    ).toEqual([
      { id: sessionId, status: "aborting" },
      { id: late.sessionId, status: "completing" },
    ]);
    expect(await counterOf(db, "user", user)).toMatchObject({ used_bytes: 20, used_files: 1 });
    expect(await counterOf(db, "user", other)).toMatchObject({ used_bytes: 0, reserved_bytes: 40 });
    expect(await rowsOf(db, sql`SELECT status FROM file_storage WHERE id = ${own}`)).toEqual([
      { status: "stored" },
    ]);
    expect(await miscounted(db)).toEqual([]);

    // The one whose Complete had gone out ends as it ends, and then expires at once.
    await sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now() WHERE id = ${late.sessionId}`.execute(
      db,
    );
    await setFile(db, late.fileId, "stored");
    const [claimed] = await rowsOf(db, sql<{ n: number }>`SELECT cleanup_expired_files() AS n`);
    expect(claimed?.n).toBe(1);
    expect(await rowsOf(db, sql`SELECT status FROM file_storage WHERE id = ${late.fileId}`)).toEqual([
      { status: "deleting" },
    ]);
    expect(await miscounted(db)).toEqual([]);
  });

  it("lets a user go: what is in no workspace is deleted, what is in one stays, uploads are aborted", async () => {
    await using database = await open();
    const { db } = database;
    const { user, workspace } = await setUp(db);
    await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${user}, 100000)`.execute(db);
    const shared = await storeFile(db, user, { size: 10, workspaceId: workspace });
    const own = await storeFile(db, user, { size: 20 });
    await startUpload(db, user, { size: 30, workspaceId: workspace });
    await startUpload(db, user, { size: 40 });
    await sql`SELECT update_storage_usage()`.execute(db);

    await sql`DELETE FROM users WHERE id = ${user}`.execute(db);
    expect(
      await rowsOf(
        db,
        sql`
      SELECT id, status, workspace_id FROM file_storage WHERE user_id IS NULL AND former_user_id = ${user}
        AND status <> 'failed' ORDER BY file_size`,
      ),
    ).toEqual([
      { id: shared, status: "stored", workspace_id: workspace },
      { id: own, status: "deleting", workspace_id: null },
    ]);
    expect(
      await rowsOf(
        db,
        sql`SELECT DISTINCT status, user_id FROM multipart_uploads WHERE status <> 'completed'`,
      ),
    ).toEqual([{ status: "aborting", user_id: null }]);
    expect(await counterOf(db, "workspace", workspace)).toMatchObject({ used_bytes: 10, reserved_bytes: 0 });
    expect(await counterOf(db, "user", user)).toEqual({
      used_bytes: 0,
      used_files: 0,
      reserved_bytes: 0,
      reserved_files: 0,
    });
    expect(await miscounted(db)).toEqual([]);
    expect((await reserve(db, user, [{}]))[0]?.outcome).toBe("forbidden");
  });

  it("reports and repairs counters that somebody bent", async () => {
    await using database = await open();
    const { db } = database;
    const { user, workspace } = await setUp(db);
    await storeFile(db, user, { size: 10, workspaceId: workspace });
    await startUpload(db, user, { size: 5 });
    await sql`UPDATE storage_counters SET used_bytes = 7, reserved_files = 9 WHERE scope = 'user'`.execute(
      db,
    );
    await sql`DELETE FROM storage_counters WHERE scope = 'workspace'`.execute(db);
    expect(await miscounted(db)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          scope_id: user,
          counter_used_bytes: 7,
          actual_used_bytes: 10,
          actual_reserved_files: 1,
        }),
        expect.objectContaining({ scope_id: workspace, counter_used_bytes: 0, actual_used_bytes: 10 }),
      ]),
    );
    await sql`SELECT update_storage_usage(force_recalculate => true)`.execute(db);
    expect(await miscounted(db)).toEqual([]);
    expect(await counterOf(db, "user", user)).toEqual({
      used_bytes: 10,
      used_files: 1,
      reserved_bytes: 5,
      reserved_files: 1,
    });
  });
});
