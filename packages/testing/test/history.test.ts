import { sql } from "kysely";
import { expect, it } from "vitest";
import { createPgliteDatabase, createTestDatabase } from "../src/database.ts";
import { A_MONTH, fillHistory } from "../src/history.ts";

const SMALL = {
  ...A_MONTH,
  files: 400,
  operations: 2_000,
  workspaces: 5,
  users: 20,
  until: new Date("2026-11-20T12:00:00Z"),
};

it.each([
  ["PostgreSQL", [1, 1, 2], () => createTestDatabase<unknown>()],
  ["PGlite", [1], () => createPgliteDatabase<unknown>()],
] as const)(
  "makes the same month from the same seed on %s, with sums that its rows bear out",
  async (_engine, seeds, open) => {
    const read = async (seed: number) => {
      await using database = await open();
      const { db } = database;
      await fillHistory(db, { ...SMALL, seed });
      const one = async (query: ReturnType<typeof sql>) => (await query.execute(db)).rows[0];
      expect(await one(sql`SELECT count(*)::integer AS n FROM recount_storage()`)).toEqual({ n: 0 });
      expect(await one(sql`SELECT mend_file_totals() AS n`)).toEqual({ n: 0 });
      expect(
        await one(sql`SELECT count(DISTINCT date_trunc('day', stored_at))::integer >= 30 AS days, max(stored_at) < '2026-11-20 12:00Z' AS past,
        count(DISTINCT content_type)::integer AS kinds, count(DISTINCT storage_provider_id)::integer AS regions FROM file_storage`),
      ).toEqual({ days: true, past: true, kinds: 4, regions: 2 });
      expect(
        await one(
          sql`SELECT count(DISTINCT operation)::integer > 2 AS browsers FROM storage_activity WHERE measure = 'client'`,
        ),
      ).toEqual({
        browsers: true,
      });
      expect(
        await one(sql`SELECT (SELECT sum(byte_hours) FROM storage_bytes_days WHERE day = '2026-11-19')::text
            = (SELECT 24 * sum(file_size) FROM file_storage WHERE stored_at < '2026-11-20Z'
              AND (deleted_at IS NULL OR deleted_at >= '2026-11-20Z'))::text AS costs,
          (SELECT count(*) FROM file_backups WHERE deleted_at IS NULL)
            = (SELECT count(*) FROM file_storage f JOIN storage_backups USING (storage_provider_id) WHERE is_counted_file(f.status)) AS copies`),
      ).toEqual({ costs: true, copies: true });
      await expect(fillHistory(db, SMALL)).rejects.toThrow("has files already");
      return await one(sql`SELECT md5(string_agg(f.id::text || f.file_size || f.status || f.created_at, ',' ORDER BY f.id)) AS files,
      (SELECT md5(string_agg(o.operation_type || o.duration_ms || o.started_at, ',' ORDER BY o.started_at, o.duration_ms, o.operation_type))
        FROM spaces_operations o) AS operations FROM file_storage f`);
    };
    const made: unknown[] = [];
    for (const seed of seeds) made.push(await read(seed));
    const [first, again = first, other] = made;
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  },
);

it("refuses numbers that are none", async () => {
  await using database = await createPgliteDatabase<unknown>();
  for (const files of [0, -1, 1.5, Number.NaN])
    await expect(fillHistory(database.db, { ...SMALL, files })).rejects.toThrow(RangeError);
});
