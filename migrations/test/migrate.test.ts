import { createEmptyDatabase, createEmptyPglite, createPgliteDatabase } from "@audiotricks/testing/database";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { migrate, pendingMigrations } from "../src/index.ts";

describe("migrate", () => {
  it("lets six concurrent processes apply everything once", async () => {
    await using database = await createEmptyDatabase<unknown>();
    const processes = Array.from(
      { length: 6 },
      () =>
        new Kysely<unknown>({
          dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: database.url }) }),
        }),
    );
    try {
      const expected = await pendingMigrations(database.db);
      const results = await Promise.all(processes.map((db) => migrate(db)));
      expect(results.flatMap((result) => result.applied)).toEqual(expected);
      expect(expected.length).toBeGreaterThan(2);
      expect(await pendingMigrations(database.db)).toEqual([]);
      const { rows } = await sql`SELECT name FROM kysely_migration`.execute(database.db);
      expect(rows).toHaveLength(expected.length);
    } finally {
      await Promise.all(processes.map((db) => db.destroy()));
    }
  });

  it("does nothing the second time", async () => {
    await using database = await createPgliteDatabase<unknown>();
    expect(await migrate(database.db)).toEqual({ applied: [] });
  });

  it("says on an empty database what is pending", async () => {
    await using database = await createEmptyPglite<unknown>();
    expect((await pendingMigrations(database.db))[0]).toBe("0001-host-tables");
  });
});
