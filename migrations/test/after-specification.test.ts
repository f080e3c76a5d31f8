import { seedProvider, seedUser } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { migrate, pendingMigrations } from "../src/index.ts";
import { splitStatements } from "../src/split-statements.ts";
import { miscounted, rowsOf } from "./reserve.ts";
import { openHostDatabase, readSpecification } from "./specification.ts";

/** As psql does it: what fails is left out, and the rest goes on. @returns How many statements failed. */
async function runIgnoringErrors(db: Kysely<unknown>): Promise<number> {
  let failed = 0;
  for (const block of (await readSpecification()).values()) {
    for (const statement of splitStatements(block)) {
      await sql
        .raw(statement)
        .execute(db)
        .catch(() => failed++);
    }
  }
  return failed;
}

describe("a database on which the specification's own SQL was run", () => {
  it("is migrated, and its callers reach ours", async () => {
    await using database = await openHostDatabase();
    const { db } = database;
    expect(await runIgnoringErrors(db)).toBeGreaterThan(5);
    await migrate(db);
    expect(await pendingMigrations(db)).toEqual([]);
    await seedProvider(db);
    const user = await seedUser(db);
    const [upload] = await rowsOf(
      db,
      sql<Record<string, string>>`
      INSERT INTO audio_uploads (original_filename, file_size, mime_type, user_id)
      VALUES ('song.mp3', 100, 'audio/mpeg', ${user}) RETURNING *`,
    );
    expect(upload?.storage_url).toBe(`/v1/files/${upload?.file_storage_id}/content`);
    await sql`SELECT * FROM initiate_file_storage('a.mp3'::varchar, 100, 'audio/mpeg'::varchar, 'audio_file'::varchar, ${user})`.execute(
      db,
    );
    await sql`SELECT cleanup_expired_files(), update_storage_usage()`.execute(db);
    await sql`DELETE FROM users`.execute(db);
    expect(await miscounted(db)).toEqual([]);
  });

  it("keeps usage that somebody recorded: the migration stops and says so", async () => {
    await using database = await openHostDatabase();
    const { db } = database;
    await runIgnoringErrors(db);
    await sql`INSERT INTO storage_usage (total_files, period_start, period_end) VALUES (1, '2026-01-01', '2026-01-31')`.execute(
      db,
    );
    await expect(migrate(db)).rejects.toThrow(
      'Migration 0002-storage-tables failed: relation "storage_usage" already exists',
    );
    expect(await rowsOf(db, sql`SELECT total_files FROM storage_usage`)).toEqual([{ total_files: 1 }]);
  });
});
