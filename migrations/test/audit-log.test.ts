import { createTestDatabase } from "@audiotricks/testing/database";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { rowsOf } from "./reserve.ts";

const MONTH = `storage_audit_${new Date().toISOString().slice(0, 7).replace("-", "_")}`;

const add = (db: Kysely<unknown>, at = "now()") =>
  sql`INSERT INTO storage_audit (action, resource, outcome, at) VALUES ('getFile', 'file', 'done', ${sql.raw(at)})`.execute(
    db,
  );
const count = async (db: Kysely<unknown>) =>
  (await rowsOf(db, sql<{ n: number }>`SELECT count(*)::integer AS n FROM storage_audit`))[0]?.n ?? 0;

describe.each(ENGINES)("storage_audit on $engine", ({ open }) => {
  it("is only ever added to: whole, by partition, by row", async () => {
    await using database = await open();
    const { db } = database;
    await add(db);
    const before = await count(db);
    for (const table of ["storage_audit", MONTH])
      for (const statement of [
        `UPDATE ${table} SET outcome = 'forbidden'`,
        `UPDATE ${table} SET at = at - interval '1 year'`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `WITH gone AS (DELETE FROM ${table} RETURNING id) SELECT count(*) FROM gone`,
        `INSERT INTO ${table} SELECT * FROM ${table} LIMIT 1
          ON CONFLICT (id, at) DO UPDATE SET outcome = 'forbidden'`,
      ])
        await expect(sql.raw(statement).execute(db), statement).rejects.toMatchObject({ code: "AT015" });
    expect(await count(db)).toBe(before);
  });

  it("takes nothing that is no entry", async () => {
    await using database = await open();
    const { db } = database;
    for (const values of [
      "'getFile', 'file', 'Not a code', NULL, NULL, 1",
      "'getFile', 'elsewhere', 'done', NULL, NULL, 1",
      "'getFile', 'file', 'done', gen_random_uuid(), 'pipeline', 1",
      "'getFile', 'file', 'done', NULL, NULL, 0",
    ])
      await expect(
        sql`INSERT INTO storage_audit (action, resource, outcome, user_id, service, times) VALUES (${sql.raw(values)})`.execute(
          db,
        ),
      ).rejects.toMatchObject({ code: "23514" });
  });

  it("takes what was done by the command line, by nobody that signs in, with what it was and is", async () => {
    await using database = await open();
    const { db } = database;
    const insert = (values: string) =>
      sql`INSERT INTO storage_audit (action, resource, outcome, actor, user_id, change) VALUES ('addProvider', 'provider', 'done', ${sql.raw(values)})`.execute(
        db,
      );
    await insert(`'cli:alice@host', NULL, '{"before":null}'`);
    for (const values of [
      "'alice@host', NULL, NULL",
      "'cli:', NULL, NULL",
      "E'cli:a\nb', NULL, NULL",
      "'cli:' || repeat('x', 301), NULL, NULL",
      "'cli:alice@host', gen_random_uuid(), NULL",
      "NULL, NULL, '[]'",
      `NULL, NULL, jsonb_build_object('x', repeat('x', 70000))`,
    ])
      await expect(insert(values), values).rejects.toMatchObject({ code: "23514" });
  });

  it("lets go of whole months that are old enough, by name and in no other way", async () => {
    await using database = await open();
    const { db } = database;
    await sql`DROP TABLE IF EXISTS storage_audit_2020_01`.execute(db);
    await sql`CREATE TABLE storage_audit_2020_01 PARTITION OF storage_audit
      FOR VALUES FROM ('2020-01-01T00:00Z') TO ('2020-02-01T00:00Z')`.execute(db);
    await add(db, "'2020-01-15'");
    await add(db);
    const before = await count(db);
    expect(await rowsOf(db, sql`SELECT drop_old_audit('1 year') AS n`)).toEqual([{ n: 1 }]);
    expect(await count(db)).toBe(before - 1);
    expect(await rowsOf(db, sql`SELECT drop_old_audit('1 year') AS n`)).toEqual([{ n: 0 }]);
  });

  it("knows users by their issuer's subjects, and makes some only where it may", async () => {
    await using database = await open();
    const { db } = database;
    const find = async (subject: string, creates: boolean) =>
      (
        await rowsOf(
          db,
          sql<{ id: string | null }>`SELECT user_of_subject('https://issuer', ${subject}, ${creates}) AS id`,
        )
      )[0]?.id;
    expect(await find("auth0|1", false)).toBeNull();
    const made = await Promise.all([1, 2, 3, 4, 5].map(() => find("auth0|1", true)));
    expect(new Set(made).size).toBe(1);
    expect(await find("auth0|1", false)).toBe(made[0]);
    expect(await rowsOf(db, sql`SELECT id FROM users`)).toEqual([{ id: made[0] }]);
    // A host that has begun to use the table: from here on it is the host's to write to.
    await sql`ALTER TABLE users ADD COLUMN password_hash text`.execute(db);
    try {
      expect(await find("auth0|2", true)).toBeNull();
      expect(await find("auth0|1", true)).toBe(made[0]);
    } finally {
      await sql`ALTER TABLE users DROP COLUMN password_hash`.execute(db);
    }
    await sql`DELETE FROM users`.execute(db);
    expect(await find("auth0|1", false)).toBeNull();
  });
});

describe("storage_audit", () => {
  it("gets its months once from many servers that start together, each with its own lock on the past", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await sql`SELECT drop_old_audit('-10 years')`.execute(db);
    const made = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const [row] = await rowsOf(db, sql<{ n: number }>`SELECT ensure_audit_partitions() AS n`);
        await add(db);
        return row?.n ?? 0;
      }),
    );
    expect(made.reduce((sum, n) => sum + n)).toBe(4);
    expect(await count(db)).toBe(12);
    await expect(sql.raw(`TRUNCATE ${MONTH}`).execute(db)).rejects.toMatchObject({ code: "AT015" });
  });
});
