import { preparing } from "@audiotricks/storage";
import { createTestDatabase, type TestDatabase } from "@audiotricks/testing/database";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

describe("a client that prepares what comes again and again", () => {
  let database: TestDatabase<unknown>;
  let client: Client;
  beforeEach(async () => {
    database = await createTestDatabase<unknown>();
    client = new (preparing(Client))({ connectionString: database.url });
    await client.connect();
    await database.pool.query("CREATE TABLE things (id integer, name text)");
    await database.pool.query("INSERT INTO things SELECT n, 'thing ' || n FROM generate_series(1, 30) n");
  });
  afterEach(async () => {
    await client.end();
    await database[Symbol.asyncDispose]();
  });

  const BY_ID = "SELECT * FROM things WHERE id = $1";
  const ask = async (times: number) => {
    const rows: unknown[] = [];
    for (let id = 1; id <= times; id++) rows.push((await client.query(BY_ID, [id])).rows[0]);
    return rows;
  };
  const prepared = async () =>
    (await client.query<{ statement: string }>("SELECT statement FROM pg_prepared_statements")).rows.map(
      ({ statement }) => statement,
    );

  it("prepares it once on a connection, and answers the same", async () => {
    const rows = await ask(30);
    expect(rows).toEqual(Array.from({ length: 30 }, (_, n) => ({ id: n + 1, name: `thing ${n + 1}` })));
    expect(await prepared()).toEqual([BY_ID]);
  });

  it("leaves alone what comes seldom, or in too many forms", async () => {
    await ask(9);
    for (let length = 1; length <= 300; length++) {
      const ids = Array.from({ length }, (_, index) => index);
      const list = ids.map((index) => `$${index + 1}`).join(", ");
      for (let time = 0; time < (length <= 120 ? 11 : 1); time++)
        await client.query(`SELECT id FROM things WHERE id IN (${list})`, ids);
    }
    expect(await prepared()).toHaveLength(100);
    expect(await prepared()).not.toContain(BY_ID);
  });

  it("goes on when a migration changes the columns", async () => {
    await ask(12);
    await database.pool.query("ALTER TABLE things ADD COLUMN colour text DEFAULT 'red'");
    expect(await ask(12)).toContainEqual({ id: 12, name: "thing 12", colour: "red" });
    expect(await prepared()).toContain(BY_ID);
  });

  it("fails once in a transaction whose table changes, and not the next time", async () => {
    await ask(12);
    await database.pool.query("ALTER TABLE things ADD COLUMN colour text DEFAULT 'red'");
    const once = async () => {
      try {
        await client.query("BEGIN");
        const { rows } = await client.query(BY_ID, [7]);
        await client.query("COMMIT");
        return rows;
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      }
    };
    await expect(once()).rejects.toMatchObject({ code: "0A000", routine: "RevalidateCachedQuery" });
    expect(await once()).toEqual([{ id: 7, name: "thing 7", colour: "red" }]);
  });

  it("prepares nothing any more where a pooler loses it", async () => {
    await ask(12);
    await client.query("DEALLOCATE ALL");
    expect(await ask(30)).toHaveLength(30);
    expect(await prepared()).toEqual([]);
  });

  it("says what is wrong with a statement as ever", async () => {
    const broken = () => client.query("SELECT 1 / $1::integer", [0]);
    for (let time = 0; time < 15; time++) await expect(broken()).rejects.toMatchObject({ code: "22012" });
    await expect(client.query("SELECT nonsense($1::integer)", [1])).rejects.toMatchObject({ code: "42883" });
  });
});
