import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import {
  again,
  counterOf,
  miscounted,
  reserve,
  rowsOf,
  setSession,
  startUpload,
  storeFile,
} from "./reserve.ts";

const CLIENTS = 60;

function countOf(outcomes: (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome ?? "none"] = (counts[outcome ?? "none"] ?? 0) + 1;
  return counts;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe("many clients at once, on PostgreSQL", () => {
  it("fill a user's quota exactly, and never go over", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await sql`UPDATE storage_settings SET default_user_max_bytes = 1000`.execute(db);
    const results = await Promise.all(times(CLIENTS, () => reserve(db, user, [{ size: 40 }])));
    expect(countOf(results.map(([result]) => result?.outcome))).toEqual({
      created: 25,
      quota_exceeded: CLIENTS - 25,
    });
    expect(await counterOf(db, "user", user)).toMatchObject({ reserved_bytes: 1000, reserved_files: 25 });
    expect(await miscounted(db)).toEqual([]);
  });

  it("fill a workspace's quota exactly, from many users in batches, with files ending meanwhile", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const users = await Promise.all(times(CLIENTS, () => seedUser(db)));
    const workspace = await seedWorkspace(db, {
      members: Object.fromEntries(users.map((id) => [id, "member"])),
    });
    await sql`UPDATE storage_settings SET default_workspace_max_bytes = 1000`.execute(db);
    const results = await Promise.all(
      users.map(async (user, index) => {
        const batch = await reserve(db, user, [
          { size: 30, workspaceId: workspace },
          { size: 1 },
          { size: 20, workspaceId: workspace },
        ]);
        const [first] = batch;
        // Some give their bytes back while others ask.
        if (index % 3 === 0 && first?.session_id != null) await setSession(db, first.session_id, "aborting");
        return batch;
      }),
    );
    const counter = await counterOf(db, "workspace", workspace);
    expect(counter.reserved_bytes).toBeLessThanOrEqual(1000);
    // Whatever was left when all were done is less than the smallest file that was refused at the end.
    const outcomes = countOf(results.flat().map((result) => result.outcome));
    expect(outcomes.quota_exceeded).toBeGreaterThan(0);
    expect(outcomes.created).toBeGreaterThanOrEqual(CLIENTS + 33);
    expect(await miscounted(db)).toEqual([]);
    await reserve(
      db,
      users[0] ?? "",
      times(100, () => ({ size: 10, workspaceId: workspace })),
    );
    expect((await counterOf(db, "workspace", workspace)).reserved_bytes).toBe(1000);
  });

  it("with one idempotency key make one session", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    const results = await Promise.all(
      times(CLIENTS, (index) =>
        reserve(db, user, [{ clientId: "a" }, { clientId: "b", requestHash: index % 2 === 0 ? "x" : "y" }], {
          key: "k",
        }),
      ),
    );
    const first = results.map((batch) => batch[0]);
    expect(countOf(first.map((result) => result?.outcome))).toEqual({ created: 1, repeated: CLIENTS - 1 });
    expect(new Set(first.map((result) => result?.session_id)).size).toBe(1);
    // Of two bodies under one key, one wins.
    expect(countOf(results.map((batch) => batch[1]?.outcome))).toEqual({
      created: 1,
      repeated: CLIENTS / 2 - 1,
      idempotency_conflict: CLIENTS / 2,
    });
    expect(await rowsOf(db, sql`SELECT count(*) AS n FROM multipart_uploads`)).toEqual([{ n: 2 }]);
    expect(await counterOf(db, "user", user)).toMatchObject({ reserved_files: 2 });
  });

  it("do not wait for each other in a circle, whatever order their workspaces come in", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const users = await Promise.all(times(10, () => seedUser(db)));
    const members = Object.fromEntries(users.map((id) => [id, "member" as const]));
    const workspaces = await Promise.all(times(8, () => seedWorkspace(db, { members })));
    const batches = times(CLIENTS, (index) => {
      const rotated = [...workspaces.slice(index % 8), ...workspaces.slice(0, index % 8)];
      if (index % 2 === 0) rotated.reverse();
      return reserve(
        db,
        users[index % 10] ?? "",
        rotated.map((workspaceId) => ({ size: 1, workspaceId })),
      );
    });
    const ending = batches.map(async (batch, index) => {
      const ids = (await batch).map((result) => result.session_id);
      if (index % 2 === 0)
        await sql`UPDATE multipart_uploads SET status = 'aborting' WHERE id = ANY (${ids})`.execute(db);
      else await sql`SELECT cleanup_expired_files()`.execute(db);
    });
    await Promise.all(ending);
    expect(await miscounted(db)).toEqual([]);
    const [sum] = await rowsOf(
      db,
      sql<{ n: number }>`
      SELECT sum(reserved_files)::integer AS n FROM storage_counters WHERE scope = 'workspace'`,
    );
    expect(sum?.n).toBe((CLIENTS / 2) * 8);
  });

  it("lose nothing when users and workspaces are deleted while uploads begin and end", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const users = await Promise.all(times(12, () => seedUser(db)));
    const members = Object.fromEntries(users.map((id) => [id, "member" as const]));
    const workspaces = await Promise.all(times(4, () => seedWorkspace(db, { members })));
    const place = (index: number) => (index % 5 === 4 ? null : (workspaces[index % 4] ?? null));
    const uploads = times(CLIENTS, (index) => beginAndEnd(db, users[index % 12] ?? "", place(index), index));
    const deleteAll = async (ids: string[], remove: (id: string) => ReturnType<typeof sql>) => {
      for (const id of ids) await remove(id).execute(db);
    };
    await Promise.all([
      ...uploads,
      deleteAll(users.slice(0, 6), (id) => sql`DELETE FROM users WHERE id = ${id}`),
      deleteAll(workspaces.slice(0, 2), (id) => sql`DELETE FROM workspaces WHERE id = ${id}`),
    ]);
    expect(await miscounted(db)).toEqual([]);
    // Nothing of a deleted owner is still promised, and nothing of theirs is still reserved.
    expect(
      await rowsOf(
        db,
        sql`
      SELECT status FROM file_storage WHERE user_id IS NULL AND workspace_id IS NULL
        AND status NOT IN ('deleting', 'failed') AND expires_at IS NULL`,
      ),
    ).toEqual([]);
    expect(
      await rowsOf(
        db,
        sql`
      SELECT status FROM multipart_uploads WHERE user_id IS NULL AND status IN ('creating', 'active')`,
      ),
    ).toEqual([]);
  });

  it("claim each expired file and session once", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const users = await Promise.all(times(5, () => seedUser(db)));
    for (const user of users) {
      for (const size of [1, 2, 3, 4]) {
        await storeFile(db, user, { size, fileExpiresAt: "2020-01-01T00:00:00Z" });
        await startUpload(db, user, { size, expiresInSeconds: 0 });
      }
    }
    const claims = await Promise.all(
      times(10, () => rowsOf(db, sql<{ n: number }>`SELECT cleanup_expired_files(7) AS n`)),
    );
    expect(claims.flat().reduce((sum, { n }) => sum + n, 0)).toBe(40);
    expect(
      await rowsOf(db, sql`SELECT status, count(*) AS n FROM file_storage GROUP BY status ORDER BY status`),
    ).toEqual([
      { status: "deleting", n: 20 },
      { status: "failed", n: 20 },
    ]);
    expect(
      await rowsOf(db, sql`SELECT 1 FROM storage_counters WHERE used_bytes + reserved_bytes > 0`),
    ).toEqual([]);
    expect(await miscounted(db)).toEqual([]);
  });
});

async function beginAndEnd(
  db: Kysely<unknown>,
  user: string,
  workspaceId: string | null,
  index: number,
): Promise<void> {
  const [result] = await again(() => reserve(db, user, [{ size: 10, workspaceId }]));
  // The user or the workspace may be gone by now.
  if (result?.session_id == null) return;
  const advance = (status: string, from: string) =>
    sql`UPDATE multipart_uploads SET status = ${status}, completed_at = CASE WHEN ${status} = 'completed' THEN now() END
      WHERE id = ${result.session_id} AND status = ${from}`.execute(db);
  await advance("active", "creating");
  if (index % 3 === 0) {
    await advance("aborting", "active");
    return;
  }
  await db.transaction().execute(async (trx) => {
    const { numAffectedRows } = await sql`
      UPDATE multipart_uploads SET status = 'completed', completed_at = now()
      WHERE id = ${result.session_id} AND status = 'active'`.execute(trx);
    if (numAffectedRows !== 1n) return;
    await sql`UPDATE file_storage SET status = 'stored' WHERE id = ${result.file_id} AND status = 'uploading'`.execute(
      trx,
    );
  });
}
