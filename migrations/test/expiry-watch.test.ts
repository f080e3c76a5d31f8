import { randomUUID } from "node:crypto";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { rowsOf, startUpload, storeFile } from "./reserve.ts";

const cleanUp = async (db: Kysely<unknown>) =>
  (await rowsOf(db, sql<{ n: number }>`SELECT cleanup_expired_files() AS n`))[0]?.n;
const stateOf = async (db: Kysely<unknown>, id: string) =>
  (await rowsOf(db, sql<{ status: string }>`SELECT status FROM file_storage WHERE id = ${id}`))[0]?.status;
const holdOf = async (db: Kysely<unknown>) =>
  (await rowsOf(db, sql<{ id: string | null }>`SELECT hold_id AS id FROM expiry_watch`))[0]?.id;

/** A file whose time is up, as a database of an hour ago has it. */
async function expiredFile(db: Kysely<unknown>, userId: string, expiresIn = "-1 minute") {
  const id = await storeFile(db, userId, { size: 100 });
  await sql`UPDATE file_storage SET expires_at = now() + ${expiresIn}::interval, created_at = now() - interval '2 hours'
    WHERE id = ${id}`.execute(db);
  return id;
}
/** What a backup that is so old looks like, once it has been read in. */
const ageWatch = (db: Kysely<unknown>, age: string, seenIn?: string) =>
  sql`UPDATE expiry_watch SET seen_at = now() - ${age}::interval, seen_in = coalesce(${seenIn ?? null}::text, seen_in)`.execute(
    db,
  );

describe.each(ENGINES)("expiry in a restored database on $engine", ({ open }) => {
  async function setUp() {
    const database = await open();
    await seedProvider(database.db);
    return { database, db: database.db, user: await seedUser(database.db) };
  }

  it.each([
    ["00:00:30", true, false],
    ["00:59:59", true, false],
    ["01:00:00", true, true],
    ["60:00:00", true, true],
    ["-60:00:00", true, false],
    ["00:04:59", false, false],
    ["00:05:00", false, true],
    ["-00:05:00", false, false],
  ])(
    "takes %s without a look, in the same database or not (%s), for a gap: %s",
    async (since, isSame, isGap) => {
      const { database, db } = await setUp();
      await using _ = database;
      const [row] = await rowsOf(
        db,
        sql`SELECT is_expiry_gap(${since}::interval, ${isSame}::boolean, interval '1 hour') AS "isGap"`,
      );
      expect(row).toEqual({ isGap });
    },
  );

  it("lets files expire at their time where somebody looks all the time, from the first look on", async () => {
    const { database, db, user } = await setUp();
    await using _ = database;
    const first = await expiredFile(db, user);
    expect(await cleanUp(db)).toBe(1);
    expect(await stateOf(db, first)).toBe("deleting");
    await ageWatch(db, "59 minutes");
    const second = await expiredFile(db, user);
    expect(await cleanUp(db)).toBe(1);
    expect(await stateOf(db, second)).toBe("deleting");
    expect(await holdOf(db)).toBeNull();
  });

  it.each([
    ["a backup of a day ago", "1 day", undefined],
    ["a dump of six minutes ago, or a server taken back to then", "6 minutes", "elsewhere"],
  ])("holds back what %s says has expired, until somebody agrees", async (_name, age, seenIn) => {
    const { database, db, user } = await setUp();
    await using _ = database;
    await cleanUp(db);
    const [due, later] = [await expiredFile(db, user), await expiredFile(db, user, "1 hour")];
    const { sessionId } = await startUpload(db, user, { size: 700 });
    await sql`UPDATE multipart_uploads SET expires_at = now() - interval '1 hour' WHERE id = ${sessionId}`.execute(
      db,
    );
    await ageWatch(db, age, seenIn);

    // The session goes; nobody was told that it is stored.
    expect(await cleanUp(db)).toBe(1);
    const hold = await holdOf(db);
    expect(hold).toEqual(expect.any(String));
    // It comes to its time meanwhile.
    await sql`UPDATE file_storage SET expires_at = now() WHERE id = ${later}`.execute(db);
    for (let sweeps = 0; sweeps < 3; sweeps++) expect(await cleanUp(db)).toBe(0);
    expect(await holdOf(db)).toBe(hold);
    expect([await stateOf(db, due), await stateOf(db, later)]).toEqual(["stored", "stored"]);

    // What is born since is of this database.
    const since = await storeFile(db, user, { size: 100 });
    await sql`UPDATE file_storage SET expires_at = now() WHERE id = ${since}`.execute(db);
    expect(await cleanUp(db)).toBe(1);
    expect(await stateOf(db, since)).toBe("deleting");

    const end = (id: string | null | undefined) =>
      rowsOf(db, sql`SELECT end_expiry_hold(${id}::uuid) AS "isEnded"`);
    expect(await end(randomUUID())).toEqual([{ isEnded: false }]);
    expect(await cleanUp(db)).toBe(0);
    expect(await end(hold)).toEqual([{ isEnded: true }]);
    expect(await end(hold)).toEqual([{ isEnded: false }]);
    expect(await cleanUp(db)).toBe(2);
  });

  it("does not take an answer for one restore as one for the next", async () => {
    const { database, db, user } = await setUp();
    await using _ = database;
    await cleanUp(db);
    const id = await expiredFile(db, user);
    await ageWatch(db, "1 day");
    await cleanUp(db);
    const first = await holdOf(db);
    // The backup that is restored now was made while a person was being asked.
    await ageWatch(db, "2 days");
    // Answered before anybody has looked: no more is known about this restore.
    await sql`SELECT end_expiry_hold(${first}::uuid)`.execute(db);
    expect(await cleanUp(db)).toBe(0);
    const second = await holdOf(db);
    expect(second).not.toBe(first);
    await ageWatch(db, "2 days");
    expect(await cleanUp(db)).toBe(0);
    expect(await holdOf(db)).not.toBe(second);
    await sql`SELECT end_expiry_hold(${second}::uuid)`.execute(db);
    expect(await cleanUp(db)).toBe(0);
    expect(await stateOf(db, id)).toBe("stored");
  });

  it("asks nobody where nothing is held back, or no longer", async () => {
    const { database, db, user } = await setUp();
    await using _ = database;
    await cleanUp(db);
    const lasting = await storeFile(db, user, { size: 100 });
    await ageWatch(db, "1 day");
    await cleanUp(db);
    expect(await holdOf(db)).toBeNull();
    // Given a time since: that is known.
    await sql`UPDATE file_storage SET expires_at = now() WHERE id = ${lasting}`.execute(db);
    expect(await cleanUp(db)).toBe(1);

    const held = await expiredFile(db, user);
    await ageWatch(db, "1 day");
    await cleanUp(db);
    expect(await holdOf(db)).not.toBeNull();
    await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${held}`.execute(db);
    await cleanUp(db);
    expect(await holdOf(db)).toBeNull();
  });

  it("is patient for as long as the deployment says", async () => {
    const { database, db, user } = await setUp();
    await using _ = database;
    await cleanUp(db);
    await sql`UPDATE storage_settings SET expiry_gap_seconds = ${3 * 86_400}`.execute(db);
    await expiredFile(db, user);
    await ageWatch(db, "2 days");
    expect(await cleanUp(db)).toBe(1);
    await expect(sql`UPDATE storage_settings SET expiry_gap_seconds = 299`.execute(db)).rejects.toThrow();
  });

  it("knows the same database again", async () => {
    const { database, db } = await setUp();
    await using _ = database;
    const identity = async () => (await rowsOf(db, sql`SELECT database_identity() AS id`))[0];
    const before = await identity();
    await cleanUp(db);
    expect(await identity()).toEqual(before);
    expect(await rowsOf(db, sql`SELECT seen_in AS id FROM expiry_watch`)).toEqual([before]);
  });
});

describe("expiry in a restored database, by many at once", () => {
  it("holds back under every one of them, and asks once", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await cleanUp(db);
    const files = [];
    for (let index = 0; index < 5; index++) files.push(await expiredFile(db, user));
    await ageWatch(db, "1 day");
    const claimed = await Promise.all(Array.from({ length: 20 }, () => cleanUp(db)));
    expect(claimed).toEqual(claimed.map(() => 0));
    const hold = await holdOf(db);
    expect(await cleanUp(db)).toBe(0);
    expect(await holdOf(db)).toBe(hold);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        rowsOf(db, sql<{ isEnded: boolean }>`SELECT end_expiry_hold(${hold}::uuid) AS "isEnded"`),
      ),
    );
    expect(answers.flat().filter(({ isEnded }) => isEnded)).toHaveLength(1);
    expect(await cleanUp(db)).toBe(files.length);
  });

  it("waits for nobody who has looked and not yet committed", async () => {
    await using database = await createTestDatabase<unknown>();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await cleanUp(db);
    const id = await expiredFile(db, user);
    await ageWatch(db, "1 day");
    await db.transaction().execute(async (trx) => {
      await sql`SELECT watch_expiry()`.execute(trx);
      expect(await cleanUp(db)).toBe(0);
    });
    expect(await cleanUp(db)).toBe(0);
    expect(await stateOf(db, id)).toBe("stored");
  });

  it("knows that rows were read into another database, whatever its role may ask for", async () => {
    await using from = await createTestDatabase<unknown>();
    await using to = await createTestDatabase<unknown>();
    const identity = async (db: Kysely<unknown>) =>
      (await rowsOf(db, sql<{ id: string }>`SELECT database_identity() AS id`))[0]?.id;
    expect(await identity(from.db)).not.toBe(await identity(to.db));
    const whole = await identity(to.db);
    const poorer = await to.db.transaction().execute(async (trx) => {
      await sql`REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`.execute(trx);
      await sql`CREATE ROLE poorer_of_expiry`.execute(trx);
      await sql`SET LOCAL ROLE poorer_of_expiry`.execute(trx);
      const known = await identity(trx);
      await sql`RESET ROLE`.execute(trx);
      await sql`DROP ROLE poorer_of_expiry`.execute(trx);
      return known ?? "";
    });
    expect(poorer).toMatch(/^\d+\/\d+$/);
    expect(whole?.startsWith(`${poorer}/`)).toBe(true);
    expect(whole).toMatch(/^\d+\/\d+\/\d+\/[0-9A-F]{8}$/);
  });
});
