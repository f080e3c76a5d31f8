import { readFile } from "node:fs/promises";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { splitStatements } from "../src/split-statements.ts";
import { rowsOf } from "./reserve.ts";

const MIGRATION = new URL("../sql/0013-usage-by-day.sql", import.meta.url);

describe("usage by day", () => {
  it("begins with the months that were written before it", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    const user = await seedUser(db);
    const workspace = await seedWorkspace(db, { members: { [user]: "admin" } });
    // As the release before has it.
    await sql`DROP FUNCTION write_usage_day`.execute(db);
    await sql`DROP TABLE storage_usage_days`.execute(db);
    await sql`
      INSERT INTO storage_usage (user_id, workspace_id, total_files, total_size_bytes, storage_quota_bytes,
        period_start, period_end, calculated_at)
      VALUES (${user}, NULL, 1, 100, 5000, '2026-09-01', '2026-09-30', '2026-09-30 03:00Z'),
        (${user}, ${workspace}, 2, 200, 9000, '2026-09-01', '2026-09-30', '2026-09-30 03:01Z'),
        (NULL, ${workspace}, 4, 400, 9000, '2026-09-01', '2026-09-30', '2026-09-30 03:02Z'),
        (${user}, NULL, 1, 150, 6000, '2026-10-01', '2026-10-31', '2026-10-12 03:00Z')`.execute(db);
    for (const statement of splitStatements(await readFile(MIGRATION, "utf8")))
      await sql.raw(statement).execute(db);
    expect(
      await rowsOf(
        db,
        sql<object>`SELECT user_id AS owner, day::text, used_bytes, used_files, limit_bytes FROM storage_usage_days
          WHERE user_id IS NOT NULL ORDER BY day`,
      ),
    ).toEqual([
      { owner: user, day: "2026-09-30", used_bytes: 300, used_files: 3, limit_bytes: 5000 },
      { owner: user, day: "2026-10-12", used_bytes: 150, used_files: 1, limit_bytes: 6000 },
    ]);
    expect(
      await rowsOf(
        db,
        sql<object>`SELECT workspace_id AS owner, day::text, used_bytes, used_files, limit_bytes FROM storage_usage_days
          WHERE workspace_id IS NOT NULL`,
      ),
    ).toEqual([{ owner: workspace, day: "2026-09-30", used_bytes: 600, used_files: 6, limit_bytes: 9000 }]);
  });

  it("goes with its owner, and has none of an owner who is gone", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    const [one, gone] = [await seedUser(db), await seedUser(db)];
    for (const user of [one, gone])
      await sql`INSERT INTO storage_counters (scope, scope_id, used_bytes, used_files) VALUES ('user', ${user}, 7, 1)`.execute(
        db,
      );
    await sql`DELETE FROM users WHERE id = ${gone}`.execute(db);
    await sql`SELECT write_usage_day('user', ${[one, gone]}::uuid[])`.execute(db);
    const owners = () => rowsOf(db, sql<object>`SELECT user_id FROM storage_usage_days`);
    expect(await owners()).toEqual([{ user_id: one }]);
    await sql`DELETE FROM users WHERE id = ${one}`.execute(db);
    expect(await owners()).toEqual([]);
  });
});
