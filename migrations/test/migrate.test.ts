import {
  createEmptyDatabase,
  createEmptyPglite,
  createPgliteDatabase,
  createTestDatabase,
} from "@audiotricks/testing/database";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { migrate, pendingMigrations } from "../src/index.ts";

describe("migrate", () => {
  it("lets six concurrent processes apply everything once", async () => {
    await using database = await createEmptyDatabase<unknown>();
    const processes = Array.from({ length: 6 }, () => {
      const pool = new pg.Pool({ connectionString: database.url });
      // `end` does not wait for its connections to close: dropping the database may end them first.
      pool.on("error", () => undefined);
      return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    });
    try {
      const expected = await pendingMigrations(database.db);
      const results = await Promise.all(processes.map((db) => migrate(db)));
      expect(results.flatMap((result) => result.applied).sort()).toEqual(expected);
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
    expect(await migrate(database.db)).toEqual({ applied: [], newer: [] });
  });

  it("says on an empty database what is pending", async () => {
    await using database = await createEmptyPglite<unknown>();
    expect((await pendingMigrations(database.db))[0]).toBe("0001-host-tables");
  });

  it("names the migration that failed, and leaves nothing of it behind", async () => {
    await using database = await createEmptyDatabase<unknown>();
    const { db } = database;
    await sql`CREATE TABLE upload_chunks (id integer)`.execute(db);
    await expect(migrate(db)).rejects.toThrow(
      'Migration 0002-storage-tables failed: relation "upload_chunks" already exists',
    );
    expect(await pendingMigrations(db)).toContain("0002-storage-tables");
    expect(await pendingMigrations(db)).not.toContain("0001-host-tables");
    const { rows } = await sql`SELECT to_regclass('storage_providers') AS found`.execute(db);
    expect(rows).toEqual([{ found: null }]);
    // Mended, it goes on where it stopped.
    await sql`DROP TABLE upload_chunks`.execute(db);
    expect((await migrate(db)).applied[0]).toBe("0002-storage-tables");
    expect(await pendingMigrations(db)).toEqual([]);
  });

  it.each([
    { engine: "PostgreSQL", open: () => createTestDatabase<unknown>() },
    { engine: "PGlite", open: () => createPgliteDatabase<unknown>() },
  ])("leaves what a newer release has applied as it is, on $engine", async ({ open }) => {
    await using database = await open();
    const { db } = database;
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('9998-expand', ${later(1)}), ('9999-more', ${later(2)})`.execute(
      db,
    );
    const runs = await Promise.all([migrate(db), migrate(db)]);
    for (const run of runs) expect(run).toEqual({ applied: [], newer: ["9998-expand", "9999-more"] });
    expect(await pendingMigrations(db)).toEqual([]);
  });

  it("goes on where a newer release goes ahead while it waits for its turn", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db, pool } = database;
    const other = await pool.connect();
    try {
      // As Kysely locks, whoever migrates.
      await other.query("BEGIN");
      await other.query("SELECT pg_advisory_xact_lock(3853314791062309107)");
      await other.query("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-more', $1)", [
        later(1),
      ]);
      const run = migrate(db);
      await expect.poll(() => waitsForLock(db), { timeout: 20_000 }).toBe(true);
      await other.query("COMMIT");
      expect(await run).toEqual({ applied: [], newer: ["9999-more"] });
    } finally {
      other.release();
    }
  });

  it("refuses a database with a migration between ours that no release has", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('0002-strange', ${later(1)})`.execute(
      db,
    );
    await expect(migrate(db)).rejects.toThrow("The migrations could not begin: corrupted migrations");
  });
});

function later(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

async function waitsForLock(db: Kysely<unknown>): Promise<boolean> {
  const { rows } = await sql`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`.execute(db);
  return rows.length > 0;
}
