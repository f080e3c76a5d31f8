import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import {
  addFile,
  addProvider,
  addUser,
  addWorkspace,
  type Db,
  defect,
  initiate,
  outcomeOf,
  scalar,
  type Wanted,
} from "./defect.ts";
import { ENGINES } from "./engines.ts";
import { rowsOf } from "./reserve.ts";
import { execute, openSpecification, readSpecification } from "./specification.ts";

describe("Usage and quota: the specification's SQL and ours", () => {
  defect(
    2,
    "a recount of personal files replaces the one before",
    async (db) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      for (const size of [100, 100, 100]) await addFile(db, { provider, user, size });
      for (let i = 0; i < 3; i++) await sql`SELECT update_storage_usage()`.execute(db);
      const [row] = await rowsOf(
        db,
        sql<{ rows: number; total: number }>`
        SELECT count(*)::integer AS rows, sum(total_size_bytes)::integer AS total FROM storage_usage`,
      );
      return row;
    },
    { specification: { rows: 3, total: 900 }, ours: { rows: 1, total: 300 } },
  );

  defect(
    3,
    "the dashboard counts each file once, also those of earlier months",
    async (db) => {
      const provider = await addProvider(db);
      const busy = await addFile(db, { provider, size: 1000 });
      const other = await addFile(db, { provider, size: 10 });
      await addFile(db, { provider, size: 5, created: "-70 days" });
      for (const file of [busy, busy, busy, busy, other]) {
        await sql`INSERT INTO spaces_operations (operation_type, file_storage_id, success, duration_ms)
          VALUES ('download', ${file}, true, 10)`.execute(db);
      }
      const [row] = await rowsOf(
        db,
        sql<{ files: number; bytes: number; success: number }>`
        SELECT total_files::integer AS files, total_size_bytes::integer AS bytes, success_rate::integer AS success
        FROM storage_performance_dashboard`,
      );
      return row;
    },
    { specification: { files: 5, bytes: 4010, success: 100 }, ours: { files: 3, bytes: 1015, success: 100 } },
  );

  describe("defect 8: quotas exist, and a workspace has one row with the sum of its members", () => {
    it("not so in the specification's SQL", async () => {
      await using database = await openSpecification({ runnable: true });
      expect(await usageOfSharedWorkspace(database.db)).toEqual([{ bytes: 100 }, { bytes: 200 }]);
      await sql`DROP TABLE storage_quotas CASCADE`.execute(database.db);
      const views = (await readSpecification()).get("views") ?? "";
      expect(await outcomeOf(execute(database.db, views))).toBe("42P01");
    });
    it.each(ENGINES)("so in ours, on $engine", async ({ open }) => {
      await using database = await open();
      const { db } = database;
      expect(await usageOfSharedWorkspace(db)).toEqual([{ bytes: 300 }]);
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) SELECT id, 310 FROM workspaces`.execute(
        db,
      );
      const [row] = await rowsOf(
        db,
        sql`SELECT usage_status, max_storage_bytes, audio_files_count FROM workspace_storage_usage`,
      );
      expect(row).toEqual({ usage_status: "warning", max_storage_bytes: 310, audio_files_count: 2 });
    });
  });

  defect(
    8,
    "members who have passed the limit together are over it",
    async (db) => {
      const provider = await addProvider(db);
      const workspace = await addWorkspace(db);
      for (const size of [60, 70]) await addFile(db, { provider, workspace, user: await addUser(db), size });
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 100)`.execute(
        db,
      );
      await sql`SELECT update_storage_usage()`.execute(db);
      return (
        await rowsOf(
          db,
          sql<{
            status: string;
          }>`SELECT usage_status AS status FROM workspace_storage_usage WHERE workspace_id = ${workspace}`,
        )
      ).map(({ status }) => status);
    },
    { specification: ["normal", "normal"], ours: ["over_quota"] },
  );

  defect(
    12,
    "the largest size, the allowed types and the quota are kept",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const workspace = await addWorkspace(db);
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 150)`.execute(
        db,
      );
      const start = (file: Omit<Wanted, "user">) => outcomeOf(initiate(db, { user, workspace, ...file }));
      return [
        await start({ size: 6_000_000_000 }),
        await start({ name: "virus.exe" }),
        await start({}),
        await start({}),
      ];
    },
    { specification: ["ok", "ok", "ok", "ok"], ours: ["AT003", "AT004", "ok", "AT001"] },
  );

  defect(
    18,
    "usage falls to zero with the last file, and counts what is on its way",
    async (db, side) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      const file = await addFile(db, { provider, user, size: 300 });
      await sql`SELECT update_storage_usage()`.execute(db);
      await sql`UPDATE file_storage SET status = ${side === "ours" ? "deleting" : "deleted"} WHERE id = ${file}`.execute(
        db,
      );
      await sql`SELECT update_storage_usage()`.execute(db);
      const after = await scalar(
        db,
        sql<{ value: number }>`
        SELECT sum(total_size_bytes)::integer AS value FROM storage_usage WHERE user_id = ${user}`,
      );
      const workspace = await addWorkspace(db);
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 1000)`.execute(
        db,
      );
      const start = () => outcomeOf(initiate(db, { user, workspace, size: 600 }));
      return { after, uploads: [await start(), await start()] };
    },
    {
      specification: { after: 300, uploads: ["ok", "ok"] },
      ours: { after: 0, uploads: ["ok", "AT001"] },
    },
  );
});

async function usageOfSharedWorkspace(db: Db): Promise<unknown[]> {
  const provider = await addProvider(db);
  const workspace = await addWorkspace(db);
  await addFile(db, { provider, workspace, user: await addUser(db), size: 100 });
  await addFile(db, { provider, workspace, user: await addUser(db), size: 200 });
  await sql`SELECT update_storage_usage()`.execute(db);
  return rowsOf(
    db,
    sql`
    SELECT total_size_bytes::integer AS bytes FROM workspace_storage_usage WHERE workspace_id = ${workspace} ORDER BY 1`,
  );
}
