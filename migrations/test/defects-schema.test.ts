import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { migrate } from "../src/index.ts";
import {
  addFile,
  addProvider,
  addUser,
  cleanup,
  type Db,
  defect,
  initiate,
  outcomeOf,
  scalar,
} from "./defect.ts";
import { ENGINES } from "./engines.ts";
import { rowsOf } from "./reserve.ts";
import { execute, openHostDatabase, openSpecification, readSpecification } from "./specification.ts";

describe("The schema: the specification's SQL and ours", () => {
  describe("defect 1: the schema loads, and one provider at most is primary", () => {
    it("not so in the specification's SQL", async () => {
      await using database = await openHostDatabase();
      const tables = (await readSpecification()).get("tables") ?? "";
      expect(await outcomeOf(execute(database.db, tables))).toBe("42601");
    });
    it.each(ENGINES)("so in ours, on $engine", async ({ open }) => {
      await using database = await open();
      await addProvider(database.db);
      await addProvider(database.db, { bucket: "second", isPrimary: false });
      expect(await outcomeOf(addProvider(database.db, { bucket: "third" }))).toBe("23505");
    });
  });

  // Sealing of secrets: packages/storage/src/providers/secret-envelope.test.ts.
  defect(
    6,
    "a plain secret is refused, and no error repeats it",
    async (db) => {
      const store = (region: string | null) =>
        sql`
        INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
          secret_access_key_encrypted) VALUES ('s3', 'e', ${region}, 'b', 'k', 'correct horse battery staple')`.execute(
          db,
        );
      // What the server says; PGlite's client adds the statement and its parameters, which were its caller's.
      const { message, detail, where } = (await store(null).catch((reason: unknown) => reason)) as Record<
        string,
        string
      >;
      const said = [message, detail, where].join();
      return { isLeaked: said.includes("correct horse"), outcome: await outcomeOf(store("nyc3")) };
    },
    { specification: { isLeaked: true, outcome: "ok" }, ours: { isLeaked: false, outcome: "AT014" } },
  );

  defect(
    20,
    "a state is never NULL",
    async (db) => {
      const provider = await addProvider(db);
      return [
        await outcomeOf(addFile(db, { provider, status: null, created: "-2 days" })),
        await outcomeOf(sql`UPDATE storage_providers SET is_primary = NULL`.execute(db)),
        await cleanup(db),
      ];
    },
    { specification: ["ok", "ok", 0], ours: ["23502", "23502", 0] },
  );

  defect(
    21,
    "one object belongs to one file",
    async (db) => {
      const provider = await addProvider(db);
      const path = "audio/uploads/2026/11/a.mp3";
      return [
        await outcomeOf(addFile(db, { provider, path })),
        await outcomeOf(addFile(db, { provider, path })),
      ];
    },
    { specification: ["ok", "ok"], ours: ["ok", "23505"] },
  );

  // Set-up by many servers at once: packages/storage/test/providers.test.ts.
  defect(
    22,
    "a second region can be set up, and a key rotated",
    async (db, side) => {
      // The specification's way is its function; ours, in TypeScript, does these statements in one transaction.
      const setUp = (region: string) =>
        side === "specification"
          ? sql`SELECT setup_digitalocean_spaces(${`${region}.example`}, ${region}, 'audio', 'k', 'env:')`.execute(
              db,
            )
          : db.transaction().execute(async (trx) => {
              await sql`UPDATE storage_providers SET is_primary = false WHERE is_primary`.execute(trx);
              await sql`INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
                  secret_access_key_encrypted, is_primary)
                VALUES ('digitalocean_spaces', ${`${region}.example`}, ${region}, 'audio', 'k', 'env:', true)
                ON CONFLICT (endpoint_url, bucket_name) DO UPDATE SET is_primary = true, access_key_id = excluded.access_key_id,
                  secret_access_key_encrypted = excluded.secret_access_key_encrypted`.execute(trx);
            });
      const outcomes = [
        await outcomeOf(setUp("nyc3")),
        await outcomeOf(setUp("ams3")),
        await outcomeOf(setUp("nyc3")),
      ];
      const rows = await rowsOf(db, sql`SELECT region, is_primary FROM storage_providers ORDER BY region`);
      return { outcomes, rows };
    },
    {
      specification: { outcomes: ["ok", "23505", "23505"], rows: [{ region: "nyc3", is_primary: true }] },
      ours: {
        outcomes: ["ok", "ok", "ok"],
        rows: [
          { region: "ams3", is_primary: false },
          { region: "nyc3", is_primary: true },
        ],
      },
    },
  );

  describe("defect 26: it can run again, says when a row changed, and keeps no credentials and nothing for ever", () => {
    it("not so in the specification's SQL", async () => {
      await using database = await openSpecification({ runnable: true });
      const { db } = database;
      const block = (await readSpecification()).get("audio_uploads") ?? "";
      expect(await outcomeOf(execute(db, block))).toBe("42710");
      expect(await changesAndLogs(db)).toEqual({ isTouched: false, credentials: "ok" });
      const [found] = await rowsOf(db, sql`SELECT to_regproc('drop_old_spaces_operations') AS found`);
      expect(found).toEqual({ found: null });
    });
    it.each(ENGINES)("so in ours, on $engine", async ({ open }) => {
      await using database = await open();
      const { db } = database;
      expect(await migrate(db)).toEqual({ applied: [], newer: [] });
      expect(await changesAndLogs(db)).toEqual({ isTouched: true, credentials: "23514" });
      await sql`INSERT INTO spaces_operations (operation_type, started_at) VALUES
        ('head', now() - interval '14 months'), ('head', now() - interval '12 months'), ('head', now())`.execute(
        db,
      );
      await sql`SELECT drop_old_spaces_operations()`.execute(db);
      expect(
        await scalar(db, sql<{ value: number }>`SELECT count(*)::integer AS value FROM spaces_operations`),
      ).toBe(2);
    });
  });

  defect(
    27,
    "a private file is not on the CDN, whatever its provider has",
    async (db) => {
      await addProvider(db);
      await sql`UPDATE storage_providers SET cdn_endpoint = 'cdn.example.com', cdn_enabled = true`.execute(
        db,
      );
      const { file_storage_id: file } = await initiate(db, { user: await addUser(db) });
      const isPublished = await scalar(
        db,
        sql<{ value: boolean }>`SELECT cdn_url IS NOT NULL AS value FROM file_storage WHERE id = ${file}`,
      );
      const publish = sql`UPDATE file_storage SET cdn_url = 'https://cdn.example.com/a.mp3' WHERE id = ${file}`;
      return { isPublished, published: await outcomeOf(publish.execute(db)) };
    },
    {
      specification: { isPublished: true, published: "ok" },
      ours: { isPublished: false, published: "23514" },
    },
  );

  defect(
    27,
    "public is said once, and an address stays true when the store moves",
    async (db) => {
      const provider = await addProvider(db);
      const file = await addFile(db, { provider });
      const contradiction = await outcomeOf(
        sql`UPDATE file_storage SET is_public = true, access_level = 'private' WHERE id = ${file}`.execute(
          db,
        ),
      );
      const { file_storage_id: born } = await initiate(db, { user: await addUser(db) });
      await sql`UPDATE storage_providers SET endpoint_url = 'ams3.digitaloceanspaces.com'`.execute(db);
      const isStale = await scalar(
        db,
        sql<{ value: boolean }>`
        SELECT storage_url LIKE '%nyc3%' AS value FROM file_storage WHERE id = ${born}`,
      );
      return { contradiction, isStale };
    },
    {
      specification: { contradiction: "ok", isStale: true },
      ours: { contradiction: "428C9", isStale: false },
    },
  );
});

async function changesAndLogs(db: Db): Promise<{ isTouched: boolean | undefined; credentials: string }> {
  const provider = await addProvider(db);
  const file = await addFile(db, { provider });
  await sql`UPDATE file_storage SET updated_at = now() - interval '1 year', download_count = 1 WHERE id = ${file}`.execute(
    db,
  );
  await sql`UPDATE file_storage SET download_count = 2 WHERE id = ${file}`.execute(db);
  return {
    isTouched: await scalar(
      db,
      sql<{ value: boolean }>`
      SELECT updated_at > now() - interval '1 hour' AS value FROM file_storage WHERE id = ${file}`,
    ),
    credentials: await outcomeOf(
      sql`INSERT INTO spaces_operations (operation_type, request_headers)
        VALUES ('upload', '{"Authorization": "AWS4-HMAC-SHA256 Credential=x"}')`.execute(db),
    ),
  };
}
