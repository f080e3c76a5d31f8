import { createTestDatabase } from "@audiotricks/testing/database";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { rowsOf } from "./reserve.ts";

async function partitionsWithRows(db: Kysely<unknown>): Promise<string[]> {
  const rows = await rowsOf(
    db,
    sql<{ name: string }>`SELECT DISTINCT tableoid::regclass::text AS name FROM spaces_operations ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

function month(offset: number): string {
  const now = new Date();
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1));
  return `spaces_operations_${first.toISOString().slice(0, 7).replace("-", "_")}`;
}

const drop = (db: Kysely<unknown>, name: string) => sql`DROP TABLE IF EXISTS ${sql.table(name)}`.execute(db);
const ensure = async (db: Kysely<unknown>, ahead: number): Promise<number | undefined> =>
  (
    await rowsOf(db, sql<{ n: number }>`SELECT ensure_spaces_operations_partitions(${ahead}::integer) AS n`)
  )[0]?.n;

describe.each(ENGINES)("spaces_operations on $engine", ({ open }) => {
  it("has a partition for this month and the next three, in UTC", async () => {
    await using database = await open();
    const { db } = database;
    await sql`SELECT ensure_spaces_operations_partitions()`.execute(db);
    const at = (offset: string) =>
      sql`INSERT INTO spaces_operations (operation_type, started_at)
      VALUES ('head', (date_trunc('month', now() AT TIME ZONE 'UTC') + ${offset}::interval) AT TIME ZONE 'UTC')`.execute(
        db,
      );
    for (const offset of ["0", "1 month -1 microsecond", "3 months", "-1 microsecond", "4 months"])
      await at(offset);
    expect(await partitionsWithRows(db)).toEqual([month(0), month(3), "spaces_operations_default"].sort());
  });

  it("moves rows that came before their partition, and makes each month once", async () => {
    await using database = await open();
    const { db } = database;
    await ensure(db, 3);
    await drop(db, month(0));
    await sql`INSERT INTO spaces_operations (operation_type, duration_ms, request_headers) VALUES ('upload', 5, '{"a": "b"}')`.execute(
      db,
    );
    expect(await partitionsWithRows(db)).toEqual(["spaces_operations_default"]);
    expect(await ensure(db, 3)).toBe(1);
    expect(await ensure(db, 3)).toBe(0);
    expect(await partitionsWithRows(db)).toEqual([month(0)]);
    expect(
      await rowsOf(db, sql`SELECT operation_type, duration_ms, request_headers FROM spaces_operations`),
    ).toEqual([{ operation_type: "upload", duration_ms: 5, request_headers: { a: "b" } }]);
    // The checks hold in a partition made later, too.
    await expect(
      sql`INSERT INTO spaces_operations (operation_type, endpoint_url) VALUES ('head', 'https://a/b?X-Amz-Signature=1')`.execute(
        db,
      ),
    ).rejects.toMatchObject({ code: "23514" });
  });

  it("drops whole months that are old enough, and nothing younger", async () => {
    await using database = await open();
    const { db } = database;
    const old = "spaces_operations_2020_01";
    await drop(db, old);
    await sql`CREATE TABLE ${sql.table(old)} PARTITION OF spaces_operations
      FOR VALUES FROM ('2020-01-01T00:00Z') TO ('2020-02-01T00:00Z')`.execute(db);
    await sql`INSERT INTO spaces_operations (operation_type, started_at)
      VALUES ('head', '2020-01-15'), ('head', '2019-12-31'), ('head', now())`.execute(db);
    const [row] = await rowsOf(db, sql<{ n: number }>`SELECT drop_old_spaces_operations('1 year') AS n`);
    expect(row?.n).toBe(1);
    expect(
      await rowsOf(db, sql`SELECT started_at > now() - interval '1 day' AS recent FROM spaces_operations`),
    ).toEqual([{ recent: true }]);
  });
});

describe("spaces_operations", () => {
  it("gets its partitions once from many servers that start together, while they write", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    for (const offset of [0, 1, 2, 3]) await drop(db, month(offset));
    const servers = Array.from({ length: 12 }, async () => {
      await sql`INSERT INTO spaces_operations (operation_type) VALUES ('head')`.execute(db);
      const made = await ensure(db, 3);
      await sql`INSERT INTO spaces_operations (operation_type) VALUES ('head')`.execute(db);
      return made ?? 0;
    });
    expect((await Promise.all(servers)).reduce((sum, made) => sum + made)).toBe(4);
    expect(await partitionsWithRows(db)).toEqual([month(0)]);
    expect(await rowsOf(db, sql`SELECT count(*)::integer AS n FROM spaces_operations`)).toEqual([{ n: 24 }]);
  });
});
