import { sql } from "kysely";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { createEmptyDatabase, createPgliteDatabase, createTestDatabase } from "../src/database.ts";
import { seedProvider, seedUser, seedWorkspace } from "../src/seed.ts";

describe("createTestDatabase", () => {
  it("clones the migrated template, apart from all others, and drops it afterwards", async () => {
    let url: string;
    {
      await using one = await createTestDatabase<unknown>();
      await using two = await createTestDatabase<unknown>();
      url = one.url;
      const user = await seedUser(one.db);
      await seedWorkspace(one.db, { members: { [user]: "admin" } });
      await seedProvider(one.db);
      const count = sql<{ n: number }>`SELECT count(*) AS n FROM users`;
      expect((await count.execute(one.db)).rows).toEqual([{ n: 1 }]);
      expect((await count.execute(two.db)).rows).toEqual([{ n: 0 }]);
      // Someone else's open connection does not keep it.
      const stranger = new pg.Client({ connectionString: url });
      stranger.on("error", () => undefined);
      await stranger.connect();
    }
    await expect(new pg.Client({ connectionString: url }).connect()).rejects.toMatchObject({ code: "3D000" });
  });

  it("can be had without our schema", async () => {
    await using database = await createEmptyDatabase<unknown>();
    const { rows } = await sql`SELECT to_regclass('file_storage') AS found`.execute(database.db);
    expect(rows).toEqual([{ found: null }]);
  });
});

describe("createPgliteDatabase", () => {
  it("is migrated, and apart from all others", async () => {
    await using one = await createPgliteDatabase<unknown>();
    await using two = await createPgliteDatabase<unknown>();
    await seedUser(one.db);
    const count = sql<{ n: number }>`SELECT count(*) AS n FROM users`;
    expect((await count.execute(one.db)).rows).toEqual([{ n: 1 }]);
    expect((await count.execute(two.db)).rows).toEqual([{ n: 0 }]);
  });
});

describe("both", () => {
  it("read bigint as a number, dates as Date, JSON as objects", async () => {
    await using postgres = await createTestDatabase<unknown>();
    await using pglite = await createPgliteDatabase<unknown>();
    for (const { db } of [postgres, pglite]) {
      const { rows } =
        await sql`SELECT 5000000000000::bigint AS big, NULL::bigint AS none, '{"a": 1}'::jsonb AS json,
        timestamptz '2026-11-24T00:00:00Z' AS at`.execute(db);
      expect(rows).toEqual([
        { big: 5_000_000_000_000, none: null, json: { a: 1 }, at: new Date("2026-11-24T00:00:00Z") },
      ]);
    }
  });
});
