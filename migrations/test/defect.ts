import { randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { ENGINES } from "./engines.ts";
import { miscounted, rowsOf } from "./reserve.ts";
import { openSpecification } from "./specification.ts";

export type Db = Kysely<unknown>;
export type Side = "specification" | "ours";

/**
 * One scenario, run on the specification's own SQL and on ours: what is observed must be wrong there and right here.
 * `asWritten`: on the specification without the mends that let its functions be called.
 */
export function defect<Observed>(
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
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

export const insertId = async (db: Db, query: ReturnType<typeof sql<{ id: string }>>): Promise<string> =>
  (await rowsOf(db, query))[0]?.id ?? "";

export const addUser = (db: Db) =>
  insertId(db, sql<{ id: string }>`INSERT INTO users (name) VALUES ('Alpha') RETURNING id`);
export const addWorkspace = (db: Db) =>
  insertId(db, sql<{ id: string }>`INSERT INTO workspaces (name) VALUES ('Shared') RETURNING id`);

export const addProvider = (
  db: Db,
  { bucket = "audio", isPrimary = true, maxFileSize = 5_368_709_120 } = {},
) =>
  insertId(
    db,
    sql<{ id: string }>`
      INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
        secret_access_key_encrypted, is_primary, max_file_size)
      VALUES ('digitalocean_spaces', 'nyc3.digitaloceanspaces.com', 'nyc3', ${bucket}, 'key', 'env:', ${isPrimary},
        ${maxFileSize}) RETURNING id`,
  );

export interface AddedFile {
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

export const addFile = (db: Db, file: AddedFile) =>
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

export interface Initiated {
  file_storage_id: string;
  storage_path: string;
  upload_url: string;
  upload_method: string;
  multipart_session_id: string | null;
}
export interface Wanted {
  name?: string;
  size?: number;
  contentType?: string;
  user: string;
  workspace?: string | null;
  multipart?: boolean | null;
}
export const initiate = async (db: Db, file: Wanted): Promise<Initiated> => {
  const rows = await rowsOf(
    db,
    sql<Initiated>`SELECT * FROM initiate_file_storage(${file.name ?? "song.mp3"}, ${file.size ?? 100}::bigint, 'audio/mpeg',
      ${file.contentType ?? "audio_file"}, ${file.user}, ${file.workspace ?? null}, ${file.multipart ?? null})`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  return row;
};

export const scalar = async <Value>(
  db: Db,
  query: ReturnType<typeof sql<{ value: Value }>>,
): Promise<Value | undefined> => (await rowsOf(db, query))[0]?.value;

export const statusOf = (db: Db, fileId: string) =>
  scalar(db, sql<{ value: string | null }>`SELECT status AS value FROM file_storage WHERE id = ${fileId}`);
export const cleanup = (db: Db) =>
  scalar(db, sql<{ value: number }>`SELECT cleanup_expired_files() AS value`);

/** Runs `second` while the transaction of `first` is open, and commits that once `second` waits or is done. */
export async function whileFirstIsOpen(
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
      // Not by `trx`: a transaction sees pg_stat_activity as it was when it first looked, without later connections.
      const waiting = await scalar(
        db,
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
