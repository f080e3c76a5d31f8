import { seedProvider, seedUser } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { counterOf, rowsOf, startUpload, storeFile } from "./reserve.ts";

const run = (db: Kysely<unknown>, statement: string) => sql.raw(statement).execute(db);

describe.each(ENGINES)("what plain SQL may not take away, on $engine", ({ open }) => {
  it("is no table at once, by whatever way TRUNCATE gets to it", async () => {
    await using database = await open();
    const { db } = database;
    await seedProvider(db);
    const user = await seedUser(db);
    await storeFile(db, user, { size: 10 });
    await startUpload(db, user, { size: 5 });
    for (const [statement, instead] of [
      ["TRUNCATE file_storage CASCADE", /deleting/],
      ["TRUNCATE multipart_uploads CASCADE", /aborting/],
      ["TRUNCATE upload_chunks", /session/],
      ["TRUNCATE storage_counters", /update_storage_usage/],
      ["TRUNCATE outbox_events", /drop_dead_letters/],
      ["TRUNCATE users CASCADE", /cannot be truncated/],
      ["TRUNCATE storage_providers CASCADE", /cannot be truncated/],
    ] as const)
      await expect(run(db, statement), statement).rejects.toMatchObject({
        code: "AT016",
        message: expect.stringMatching(instead),
      });
    expect(await rowsOf(db, sql`SELECT count(*)::integer AS n FROM file_storage`)).toEqual([{ n: 2 }]);
    expect(await counterOf(db, "user", user)).toMatchObject({ used_bytes: 10, reserved_bytes: 5 });
  });

  it("is an event that nobody was told of, but by the functions that are made for it", async () => {
    await using database = await open();
    const { db } = database;
    await run(
      db,
      `INSERT INTO outbox_events (event_type, ordering_key, data, status, settled_at, occurred_at) VALUES
        ('file.stored', 'file:pending', '{}', 'pending', NULL, now()),
        ('file.stored', 'file:old', '{}', 'pending', NULL, now() - interval '8 days'),
        ('file.stored', 'file:dead', '{}', 'dead', now(), now()),
        ('file.stored', 'file:given-up', '{}', 'dead', now(), now()),
        ('file.stored', 'file:delivered', '{}', 'delivered', now(), now())`,
    );
    const left = async () =>
      (await rowsOf(db, sql<{ key: string }>`SELECT ordering_key AS key FROM outbox_events ORDER BY 1`)).map(
        ({ key }) => key.slice("file:".length),
      );
    for (const which of ["true", "status = 'pending'", "status = 'dead'"])
      await expect(run(db, `DELETE FROM outbox_events WHERE ${which}`)).rejects.toMatchObject({
        code: "AT017",
      });
    expect(await left()).toHaveLength(5);
    await run(db, "DELETE FROM outbox_events WHERE status = 'delivered'");
    expect(await left()).toEqual(["dead", "given-up", "old", "pending"]);
    const count = async (call: string) =>
      (await rowsOf(db, sql<{ n: number }>`SELECT ${sql.raw(call)} AS n`))[0]?.n;
    const ofDead =
      "(SELECT array_agg(id) FROM outbox_events WHERE ordering_key IN ('file:dead', 'file:pending'))";
    expect(await count(`drop_dead_letters(${ofDead})`)).toBe(1);
    expect(await left()).toEqual(["given-up", "old", "pending"]);
    expect(await count("drop_dead_letters()")).toBe(1);
    expect(await count("drop_dead_letters()")).toBe(0);
    expect(await count("drop_untold_events(now() - interval '7 days', 100)")).toBe(1);
    expect(await left()).toEqual(["pending"]);
  });

  it("is what keeps credentials out of the log, at any depth and in any text", async () => {
    await using database = await open();
    const { db } = database;
    const log = (headers: unknown) =>
      sql`INSERT INTO spaces_operations (operation_type, request_headers) VALUES ('head', ${JSON.stringify(headers)}::jsonb)`.execute(
        db,
      );
    for (const headers of [
      { Authorization: "y" },
      { x: { authorization: "y" } },
      { x: [[{ y: { "X-Amz-Security-Token": "z" } }]] },
      { url: "https://b.nyc3.digitaloceanspaces.com/a?X-Amz-Date=1&X-Amz-Signature=abc" },
      { url: ["https://b/a?x-amz-credential%3Dabc"] },
      { a: { b: "AWS4-HMAC-SHA256 Credential=K/20260101" } },
      { a: ["Bearer eyJhbGciOi"] },
      { a: " basic dXNlcjpwYXNz" },
      { a: "AWS AKIDEXAMPLE:c2lnbmVk" },
      { a: "sent Authorization: whatever" },
      { a: "/file?Signature=abc&Expires=1" },
      "authorization",
      ["x"],
    ])
      await expect(log(headers), JSON.stringify(headers)).rejects.toMatchObject({ code: "23514" });
    for (const headers of [
      {},
      { operation: "PutObject", "content-length": 5, nested: { "x-amz-request-id": "tx0" } },
      {
        browser: "Mozilla/5.0 (X11; Linux x86_64) Basically a browser",
        retryCauses: [{ cause: "http-403", count: 2 }],
      },
      { url: "https://b.nyc3.digitaloceanspaces.com/a?partNumber=1", agent: "AWS Toolkit" },
    ])
      await log(headers);
  });
});
