import { randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { migrate } from "../src/index.ts";
import { ENGINES } from "./engines.ts";
import { miscounted, rowsOf } from "./reserve.ts";
import { execute, openHostDatabase, openSpecification, readSpecification } from "./specification.ts";

type Db = Kysely<unknown>;
type Side = "specification" | "ours";

/**
 * One scenario, run on the specification's own SQL and on ours: what is observed must be wrong there and right here.
 * `asWritten`: on the specification without the mends that let its functions be called.
 */
function defect<Observed>(
  number: number,
  behaviour: string,
  scenario: (db: Db, side: Side) => Promise<Observed>,
  expected: Record<Side, Observed>,
  options: { asWritten?: boolean; manyConnections?: boolean } = {},
): void {
  describe(`defect ${number}: ${behaviour}`, () => {
    it("not so in the specification's SQL", async () => {
      await using database = await openSpecification({ runnable: options.asWritten !== true });
      expect(await scenario(database.db, "specification")).toEqual(expected.specification);
    });
    for (const { engine, open } of ENGINES) {
      if (engine === "PGlite" && options.manyConnections === true) continue;
      it(`so in ours, on ${engine}`, async () => {
        await using database = await open();
        expect(await scenario(database.db, "ours")).toEqual(expected.ours);
        expect(await miscounted(database.db)).toEqual([]);
      });
    }
  });
}

/** "ok", or the SQLSTATE it failed with. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const insertId = async (db: Db, query: ReturnType<typeof sql<{ id: string }>>): Promise<string> =>
  (await rowsOf(db, query))[0]?.id ?? "";

const addUser = (db: Db) =>
  insertId(db, sql<{ id: string }>`INSERT INTO users (name) VALUES ('Alpha') RETURNING id`);
const addWorkspace = (db: Db) =>
  insertId(db, sql<{ id: string }>`INSERT INTO workspaces (name) VALUES ('Shared') RETURNING id`);

const addProvider = (db: Db, { bucket = "audio", isPrimary = true, maxFileSize = 5_368_709_120 } = {}) =>
  insertId(
    db,
    sql<{ id: string }>`
      INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
        secret_access_key_encrypted, is_primary, max_file_size)
      VALUES ('digitalocean_spaces', 'nyc3.digitaloceanspaces.com', 'nyc3', ${bucket}, 'key', 'env:', ${isPrimary},
        ${maxFileSize}) RETURNING id`,
  );

interface AddedFile {
  provider: string;
  size?: number;
  status?: string | null;
  contentType?: string;
  user?: string | null;
  workspace?: string | null;
  path?: string;
  /** SQL intervals from now. */
  created?: string;
  expires?: string | null;
}

const addFile = (db: Db, file: AddedFile) =>
  insertId(
    db,
    sql<{ id: string }>`
      INSERT INTO file_storage (original_filename, stored_filename, storage_provider_id, storage_path, storage_url,
        file_size, status, content_type, user_id, workspace_id, created_at, expires_at, deleted_at)
      VALUES ('a.mp3', 'a.mp3', ${file.provider}, ${file.path ?? randomUUID()}, '/', ${file.size ?? 100},
        ${file.status === undefined ? "stored" : file.status}, ${file.contentType ?? "audio_file"}, ${file.user ?? null},
        ${file.workspace ?? null}, now() + ${file.created ?? "0"}::interval, now() + ${file.expires ?? null}::interval,
        CASE WHEN ${file.status ?? "stored"} = 'deleted' THEN now() END)
      RETURNING id`,
  );

interface Initiated {
  file_storage_id: string;
  storage_path: string;
  upload_url: string;
  upload_method: string;
  multipart_session_id: string | null;
}
interface Wanted {
  name?: string;
  size?: number;
  contentType?: string;
  user: string;
  workspace?: string | null;
  multipart?: boolean | null;
}
const initiate = async (db: Db, file: Wanted): Promise<Initiated> => {
  const rows = await rowsOf(
    db,
    sql<Initiated>`SELECT * FROM initiate_file_storage(${file.name ?? "song.mp3"}, ${file.size ?? 100}::bigint, 'audio/mpeg',
      ${file.contentType ?? "audio_file"}, ${file.user}, ${file.workspace ?? null}, ${file.multipart ?? null})`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  return row;
};

const scalar = async <Value>(
  db: Db,
  query: ReturnType<typeof sql<{ value: Value }>>,
): Promise<Value | undefined> => (await rowsOf(db, query))[0]?.value;

const statusOf = (db: Db, fileId: string) =>
  scalar(db, sql<{ value: string | null }>`SELECT status AS value FROM file_storage WHERE id = ${fileId}`);
const cleanup = (db: Db) => scalar(db, sql<{ value: number }>`SELECT cleanup_expired_files() AS value`);

describe("the specification's SQL and ours", () => {
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

  defect(
    2,
    "a recount of personal files replaces the one before",
    async (db) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      for (const size of [100, 100, 100]) await addFile(db, { provider, user, size });
      for (let i = 0; i < 3; i++) await sql`SELECT update_storage_usage()`.execute(db);
      const [row] = await rowsOf(
        db,
        sql<{ rows: number; total: number }>`
        SELECT count(*)::integer AS rows, sum(total_size_bytes)::integer AS total FROM storage_usage`,
      );
      return row;
    },
    { specification: { rows: 3, total: 900 }, ours: { rows: 1, total: 300 } },
  );

  defect(
    3,
    "the dashboard counts each file once, also those of earlier months",
    async (db) => {
      const provider = await addProvider(db);
      const busy = await addFile(db, { provider, size: 1000 });
      const other = await addFile(db, { provider, size: 10 });
      await addFile(db, { provider, size: 5, created: "-70 days" });
      for (const file of [busy, busy, busy, busy, other]) {
        await sql`INSERT INTO spaces_operations (operation_type, file_storage_id, success, duration_ms)
          VALUES ('download', ${file}, true, 10)`.execute(db);
      }
      const [row] = await rowsOf(
        db,
        sql<{ files: number; bytes: number; success: number }>`
        SELECT total_files::integer AS files, total_size_bytes::integer AS bytes, success_rate::integer AS success
        FROM storage_performance_dashboard`,
      );
      return row;
    },
    { specification: { files: 5, bytes: 4010, success: 100 }, ours: { files: 3, bytes: 1015, success: 100 } },
  );

  defect(
    4,
    "a file with an hour left lives, whatever the time zone of who looks",
    async (db) => {
      const provider = await addProvider(db);
      return db.connection().execute(async (one) => {
        await sql`SET TIME ZONE 'America/New_York'`.execute(one);
        const file = await addFile(one, { provider, expires: "1 hour" });
        await sql`SET TIME ZONE 'UTC'`.execute(one);
        await cleanup(one);
        return statusOf(one, file);
      });
    },
    { specification: "deleted", ours: "stored" },
  );

  defect(
    5,
    "only a real extension gets into an object's key",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const ending = async (name: string) => {
        try {
          const { storage_path: path } = await initiate(db, { name, user, contentType: "export_file" });
          return /[0-9a-f-]{36}(.*)$/.exec(path)?.[1];
        } catch (error) {
          return (error as { code?: string }).code;
        }
      };
      return [
        await ending("all.tar.gz"),
        await ending("readme"),
        await ending("uuid../a"),
        await ending("A.PDF"),
      ];
    },
    {
      specification: [".r.gz", ".adme", "../a", ".pdf"],
      ours: [".gz", "AT004", "AT004", ".pdf"],
    },
  );

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
    7,
    "cleanup claims, and leaves it to whoever calls the store to say deleted",
    async (db) => {
      const provider = await addProvider(db);
      const file = await addFile(db, { provider, expires: "-1 hour" });
      return {
        claimed: await cleanup(db),
        status: await statusOf(db, file),
        claimedAgain: await cleanup(db),
        logged: await scalar(
          db,
          sql<{ value: number }>`SELECT count(*)::integer AS value FROM spaces_operations`,
        ),
      };
    },
    {
      specification: { claimed: 1, status: "deleted", claimedAgain: 0, logged: 1 },
      ours: { claimed: 1, status: "deleting", claimedAgain: 0, logged: 0 },
    },
  );

  defect(
    7,
    "two workers at once claim each file once",
    async (db) => {
      const provider = await addProvider(db);
      for (let i = 0; i < 5; i++) await addFile(db, { provider, expires: "-1 hour" });
      return whileFirstIsOpen(
        db,
        (trx) => cleanup(trx).then(Number),
        () => cleanup(db).then(Number),
      );
    },
    { specification: { first: 5, second: 5 }, ours: { first: 5, second: 0 } },
    { manyConnections: true },
  );

  defect(
    7,
    "a file whose upload ends while cleanup runs stays",
    async (db, side) => {
      await addProvider(db);
      const { file_storage_id: file } = await initiate(db, { user: await addUser(db), multipart: true });
      await sql`UPDATE file_storage SET created_at = now() - interval '25 hours'`.execute(db);
      await sql`UPDATE multipart_uploads SET status = 'active', expires_at = now() - interval '1 hour'`.execute(
        db,
      );
      const complete = async (trx: Db) => {
        await sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now()`.execute(trx);
        await sql`UPDATE file_storage SET status = 'stored' WHERE id = ${file}`.execute(trx);
        return 1;
      };
      await whileFirstIsOpen(db, complete, () => cleanup(db).then(Number));
      return { side, status: await statusOf(db, file) };
    },
    { specification: { side: "specification", status: "deleted" }, ours: { side: "ours", status: "stored" } },
    { manyConnections: true },
  );

  describe("defect 8: quotas exist, and a workspace has one row with the sum of its members", () => {
    it("not so in the specification's SQL", async () => {
      await using database = await openSpecification({ runnable: true });
      expect(await usageOfSharedWorkspace(database.db)).toEqual([{ bytes: 100 }, { bytes: 200 }]);
      await sql`DROP TABLE storage_quotas CASCADE`.execute(database.db);
      const views = (await readSpecification()).get("views") ?? "";
      expect(await outcomeOf(execute(database.db, views))).toBe("42P01");
    });
    it.each(ENGINES)("so in ours, on $engine", async ({ open }) => {
      await using database = await open();
      const { db } = database;
      expect(await usageOfSharedWorkspace(db)).toEqual([{ bytes: 300 }]);
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) SELECT id, 310 FROM workspaces`.execute(
        db,
      );
      const [row] = await rowsOf(
        db,
        sql`SELECT usage_status, max_storage_bytes, audio_files_count FROM workspace_storage_usage`,
      );
      expect(row).toEqual({ usage_status: "warning", max_storage_bytes: 310, audio_files_count: 2 });
    });
  });

  defect(
    9,
    "what SQL callers call can be called",
    async (db, side) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      const outcome = await outcomeOf(initiate(db, { user }));
      if (side === "ours") return [outcome];
      const file = await addFile(db, { provider, user, status: "uploading" });
      await sql`INSERT INTO multipart_uploads (upload_session_id, file_storage_id, spaces_upload_id, original_filename,
        total_file_size, total_chunks, user_id) VALUES ('s', ${file}, 'u', 'a.mp3', 100, 1, ${user})`.execute(
        db,
      );
      return [
        outcome,
        await outcomeOf(sql`SELECT * FROM get_multipart_upload_urls('s', ARRAY[1])`.execute(db)),
      ];
    },
    // URLs are signed by the server: ours has no such function to fail.
    { specification: ["42804", "42702"], ours: ["ok"] },
    { asWritten: true },
  );

  defect(
    10,
    "a finished part stays finished when its URL is asked for again",
    async (db, side) => {
      await addProvider(db);
      const { multipart_session_id: session } = await initiate(db, {
        user: await addUser(db),
        size: 20 * 1024 ** 2,
      });
      const ask = () =>
        side === "specification"
          ? sql`SELECT * FROM get_multipart_upload_urls(${session}, ARRAY[1])`.execute(db)
          : sql`INSERT INTO upload_chunks (multipart_upload_id, chunk_number, chunk_size, start_byte, end_byte, status)
              VALUES (${session}, 1, 10, 0, 9, 'pending')
              ON CONFLICT (multipart_upload_id, chunk_number) DO UPDATE SET status = 'pending'`.execute(db);
      await ask();
      await sql`UPDATE upload_chunks SET status = 'completed'`.execute(db);
      const again = await outcomeOf(ask());
      return [again, await scalar(db, sql<{ value: string }>`SELECT status AS value FROM upload_chunks`)];
    },
    { specification: ["ok", "pending"], ours: ["AT009", "completed"] },
  );

  defect(
    11,
    "every size is cut into what the store takes, and no size below one is taken",
    async (db) => {
      await addProvider(db, { maxFileSize: 5_000_000_000_000 });
      const user = await addUser(db);
      await initiate(db, { user, size: 200_000_000_000 });
      const parts = await scalar(
        db,
        sql<{ value: number }>`SELECT total_chunks AS value FROM multipart_uploads`,
      );
      const { upload_method: tenGigabytes } = await initiate(db, {
        user,
        size: 10_000_000_000,
        multipart: false,
      });
      const refusals = [
        await outcomeOf(initiate(db, { user, size: 0 })),
        await outcomeOf(initiate(db, { user, size: -5 })),
      ];
      return { parts, tenGigabytes, refusals };
    },
    {
      specification: { parts: 19074, tenGigabytes: "direct", refusals: ["ok", "ok"] },
      ours: { parts: 9537, tenGigabytes: "multipart", refusals: ["AT002", "AT002"] },
    },
  );

  defect(
    12,
    "the largest size, the allowed types and the quota are kept",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const workspace = await addWorkspace(db);
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 150)`.execute(
        db,
      );
      const start = (file: Omit<Wanted, "user">) => outcomeOf(initiate(db, { user, workspace, ...file }));
      return [
        await start({ size: 6_000_000_000 }),
        await start({ name: "virus.exe" }),
        await start({}),
        await start({}),
      ];
    },
    { specification: ["ok", "ok", "ok", "ok"], ours: ["AT003", "AT004", "ok", "AT001"] },
  );

  defect(
    13,
    "there are parts 1 to 10,000 and no others, and not everybody may put files everywhere",
    async (db, side) => {
      await addProvider(db);
      const user = await addUser(db);
      const workspace = await addWorkspace(db);
      const { multipart_session_id: session } = await initiate(db, { user, size: 20 * 1024 ** 2 });
      const parts: string[] = [];
      for (const number of [0, -5, 10_001]) {
        parts.push(
          await outcomeOf(
            side === "specification"
              ? sql`SELECT * FROM get_multipart_upload_urls(${session}, ARRAY[${number}::integer])`.execute(
                  db,
                )
              : sql`INSERT INTO upload_chunks (multipart_upload_id, chunk_number, chunk_size, start_byte, end_byte)
                  VALUES (${session}, ${number}, 10, 0, 9)`.execute(db),
          ),
        );
      }
      // A stranger to the workspace, at the door that people come in by.
      const stranger =
        side === "specification"
          ? await outcomeOf(initiate(db, { user, workspace }))
          : await scalar(
              db,
              sql<{ value: string }>`SELECT outcome AS value FROM reserve_uploads(${user}, 'v1', NULL,
              ${JSON.stringify([{ clientId: "c", name: "a.mp3", size: 1, workspaceId: workspace }])})`,
            );
      return { parts, stranger };
    },
    {
      specification: { parts: ["ok", "ok", "ok"], stranger: "ok" },
      ours: { parts: ["23514", "23514", "23514"], stranger: "workspace_not_found" },
    },
  );

  defect(
    14,
    "no address is handed out that cannot work, and no upload id is made up",
    async (db) => {
      await addProvider(db, { bucket: "the-bucket" });
      const user = await addUser(db);
      const large = await initiate(db, { user, size: 20 * 1024 ** 2 });
      const small = await initiate(db, { user, multipart: false });
      const url = await scalar(
        db,
        sql<{ value: string }>`SELECT storage_url AS value FROM file_storage LIMIT 1`,
      );
      return {
        isStoreUrlWithoutBucket:
          small.upload_url.startsWith("https:") && !small.upload_url.includes("the-bucket"),
        wayOn: small.upload_url
          .replace(small.multipart_session_id ?? "none", "<session>")
          .replace(/^https:.*/, "a URL"),
        fileUrl: (url ?? "").replace(/[0-9a-f-]{36}/, "<file>").replace(/^https:.*/, "a URL"),
        isUploadIdKnown:
          (await scalar(
            db,
            sql<{ value: boolean }>`SELECT bool_or(spaces_upload_id IS NOT NULL) AS value
            FROM multipart_uploads WHERE file_storage_id = ${large.file_storage_id}`,
          )) ?? null,
      };
    },
    {
      specification: {
        isStoreUrlWithoutBucket: true,
        wayOn: "a URL",
        fileUrl: "a URL",
        isUploadIdKnown: true,
      },
      ours: {
        isStoreUrlWithoutBucket: false,
        wayOn: "/v1/uploads/<session>",
        fileUrl: "/v1/files/<file>/content",
        isUploadIdKnown: false,
      },
    },
  );

  defect(
    15,
    "an upload can be completed and aborted, step by step",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const outcomes: string[] = [];
      for (const steps of [
        ["active", "completing"],
        ["aborting", "aborted"],
      ]) {
        const { file_storage_id: file } = await initiate(db, { user, multipart: true });
        for (const status of steps) {
          outcomes.push(
            await outcomeOf(
              sql`UPDATE multipart_uploads SET status = ${status} WHERE file_storage_id = ${file}`.execute(
                db,
              ),
            ),
          );
        }
      }
      return outcomes;
    },
    { specification: ["ok", "23514", "23514", "ok"], ours: ["ok", "ok", "ok", "ok"] },
  );

  defect(
    16,
    "an upload lives until it expires, and no longer",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const add = async (created: string, expires: string) => {
        const { file_storage_id: file } = await initiate(db, { user, multipart: true });
        await sql`UPDATE multipart_uploads SET status = 'active', created_at = now() + ${created}::interval,
          expires_at = now() + ${expires}::interval WHERE file_storage_id = ${file}`.execute(db);
        return () =>
          scalar(
            db,
            sql<{
              value: string;
            }>`SELECT status AS value FROM multipart_uploads WHERE file_storage_id = ${file}`,
          );
      };
      const live = await add("-25 hours", "2 days");
      const expired = await add("-2 hours", "-1 hour");
      await cleanup(db);
      return { live: await live(), expired: await expired() };
    },
    { specification: { live: "aborted", expired: "active" }, ours: { live: "active", expired: "aborting" } },
  );

  defect(
    17,
    "an export lives as long as it was given, a week if nothing was said",
    async (db, side) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      const kept = await addFile(db, {
        provider,
        contentType: "export_file",
        created: "-8 days",
        expires: "30 days",
      });
      const { file_storage_id: plain } = await initiate(db, {
        user,
        name: "a.pdf",
        contentType: "export_file",
      });
      await cleanup(db);
      return {
        side,
        kept: await statusOf(db, kept),
        days: await scalar(
          db,
          sql<{ value: number | null }>`
          SELECT extract(day FROM expires_at - created_at)::integer AS value FROM file_storage WHERE id = ${plain}`,
        ),
      };
    },
    {
      specification: { side: "specification", kept: "deleted", days: null },
      ours: { side: "ours", kept: "stored", days: 7 },
    },
  );

  defect(
    18,
    "usage falls to zero with the last file, and counts what is on its way",
    async (db, side) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      const file = await addFile(db, { provider, user, size: 300 });
      await sql`SELECT update_storage_usage()`.execute(db);
      await sql`UPDATE file_storage SET status = ${side === "ours" ? "deleting" : "deleted"} WHERE id = ${file}`.execute(
        db,
      );
      await sql`SELECT update_storage_usage()`.execute(db);
      const after = await scalar(
        db,
        sql<{ value: number }>`
        SELECT sum(total_size_bytes)::integer AS value FROM storage_usage WHERE user_id = ${user}`,
      );
      const workspace = await addWorkspace(db);
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspace}, 1000)`.execute(
        db,
      );
      const start = () => outcomeOf(initiate(db, { user, workspace, size: 600 }));
      return { after, uploads: [await start(), await start()] };
    },
    {
      specification: { after: 300, uploads: ["ok", "ok"] },
      ours: { after: 0, uploads: ["ok", "AT001"] },
    },
  );

  defect(
    19,
    "history is linked only to a file whose bytes are there",
    async (db) => {
      const provider = await addProvider(db);
      const history = await insertId(
        db,
        sql<{ id: string }>`INSERT INTO audio_history DEFAULT VALUES RETURNING id`,
      );
      const result: (string | null | undefined)[] = [];
      for (const status of ["uploading", "deleted", "stored"]) {
        const file = await addFile(db, { provider, status });
        result.push(
          await outcomeOf(sql`SELECT link_audio_history_to_storage(${history}, ${file})`.execute(db)),
        );
        result.push(await statusOf(db, file));
      }
      return result;
    },
    {
      specification: ["ok", "processed", "ok", "processed", "ok", "processed"],
      ours: ["AT012", "uploading", "AT012", "deleted", "ok", "processed"],
    },
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

  defect(
    23,
    "every kind of content has a place, and no other kind is heard of",
    async (db) => {
      await addProvider(db);
      const user = await addUser(db);
      const { storage_path: backup } = await initiate(db, { user, name: "a.gz", contentType: "backup" });
      return [backup.split("/")[0], await outcomeOf(initiate(db, { user, contentType: "ringtone" }))];
    },
    { specification: ["misc", "23514"], ours: ["backups", "AT004"] },
  );

  defect(
    24,
    "an upload id may be as long as the store likes",
    async (db) => {
      await addProvider(db);
      await initiate(db, { user: await addUser(db), size: 20 * 1024 ** 2 });
      return outcomeOf(sql`UPDATE multipart_uploads SET spaces_upload_id = ${"x".repeat(1000)}`.execute(db));
    },
    { specification: "22001", ours: "ok" },
  );

  defect(
    25,
    "a user with files can be deleted",
    async (db) => {
      const provider = await addProvider(db);
      const user = await addUser(db);
      const workspace = await addWorkspace(db);
      const own = await addFile(db, { provider, user });
      const shared = await addFile(db, { provider, user, workspace });
      const outcome = await outcomeOf(sql`DELETE FROM users WHERE id = ${user}`.execute(db));
      return { outcome, own: await statusOf(db, own), shared: await statusOf(db, shared) };
    },
    {
      specification: { outcome: "23503", own: "stored", shared: "stored" },
      ours: { outcome: "ok", own: "deleting", shared: "stored" },
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
      expect(await migrate(db)).toEqual({ applied: [] });
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

/** Runs `second` while the transaction of `first` is open, and commits that once `second` waits or is done. */
async function whileFirstIsOpen(
  db: Db,
  first: (trx: Db) => Promise<number>,
  second: () => Promise<number>,
): Promise<{ first: number; second: number }> {
  let later: Promise<number> = Promise.resolve(0);
  const firstResult = await db.transaction().execute(async (trx) => {
    const result = await first(trx);
    later = second();
    let isDone = false;
    const settled = later.finally(() => {
      isDone = true;
    });
    settled.catch(() => undefined);
    for (;;) {
      const waiting = await scalar(
        trx,
        sql<{ value: number }>`
        SELECT count(*)::integer AS value FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE NOT l.granted AND a.datname = current_database()`,
      );
      if (isDone || (waiting ?? 0) > 0) return result;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  return { first: firstResult, second: await later };
}

async function usageOfSharedWorkspace(db: Db): Promise<unknown[]> {
  const provider = await addProvider(db);
  const workspace = await addWorkspace(db);
  await addFile(db, { provider, workspace, user: await addUser(db), size: 100 });
  await addFile(db, { provider, workspace, user: await addUser(db), size: 200 });
  await sql`SELECT update_storage_usage()`.execute(db);
  return rowsOf(
    db,
    sql`
    SELECT total_size_bytes::integer AS bytes FROM workspace_storage_usage WHERE workspace_id = ${workspace} ORDER BY 1`,
  );
}

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
