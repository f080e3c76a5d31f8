import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import pg from "pg";
import { openSpecification } from "./specification.ts";

/** A database with one provider, user and workspace, where a scenario runs that both schemas understand. */
export interface Trial {
  schema: "specification" | "ours";
  db: Kysely<unknown>;
  provider: string;
  user: string;
  workspace: string;
}

/** Runs one scenario on the specification's own SQL and on ours, each in a fresh database on PostgreSQL. */
export async function onBoth<Result>(
  scenario: (trial: Trial) => Promise<Result>,
): Promise<{ specification: Result; ours: Result }> {
  await using specification = await openSpecification({ runnable: true });
  await using ours = await createTestDatabase<unknown>();
  return {
    specification: await scenario(await prepare("specification", specification.db)),
    ours: await scenario(await prepare("ours", ours.db)),
  };
}

async function prepare(schema: Trial["schema"], db: Kysely<unknown>): Promise<Trial> {
  return {
    schema,
    db,
    provider: await seedProvider(db),
    user: await seedUser(db),
    workspace: await seedWorkspace(db),
  };
}

/** The rows of a statement, or the SQLSTATE that it failed with. */
export async function attempt<Row>(
  db: Kysely<unknown>,
  query: ReturnType<typeof sql<Row>>,
): Promise<Row[] | string> {
  try {
    return (await query.execute(db)).rows;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code !== undefined) return error.code;
    throw error;
  }
}

/** Adds a file whose bytes are there, unless `status` says otherwise. @returns Its id. */
export async function insertFile(
  trial: Trial,
  file: {
    size?: number;
    status?: string;
    contentType?: string;
    user?: string | null;
    workspace?: string | null;
    path?: string;
  } = {},
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO file_storage (original_filename, stored_filename, file_extension, storage_provider_id, storage_path,
      storage_url, file_size, status, content_type, user_id, workspace_id)
    VALUES ('song.mp3', 'song.mp3', 'mp3', ${trial.provider}, ${file.path ?? `audio/uploads/${crypto.randomUUID()}.mp3`},
      '/', ${file.size ?? 100}, ${file.status ?? "stored"}, ${file.contentType ?? "audio_file"},
      ${file.user === undefined ? trial.user : file.user}, ${file.workspace ?? null})
    RETURNING id`.execute(trial.db);
  const [row] = rows;
  if (row === undefined) throw new Error("The insert returned no row.");
  return row.id;
}

export interface Initiated {
  file_storage_id: string;
  storage_path: string;
  upload_url: string;
  upload_method: string;
  multipart_session_id: string | null;
}

/** `initiate_file_storage`: its row, or the SQLSTATE of its refusal. */
export async function initiate(
  trial: Trial,
  file: {
    name?: string;
    size?: number;
    contentType?: string;
    workspace?: string | null;
    useMultipart?: boolean | null;
  } = {},
): Promise<Initiated | string> {
  const answer = await attempt(
    trial.db,
    sql<Initiated>`SELECT * FROM initiate_file_storage(
      ${file.name ?? "song.mp3"}, ${file.size ?? 100}, 'audio/mpeg', ${file.contentType ?? "audio_file"},
      ${trial.user}, ${file.workspace ?? null}, ${file.useMultipart ?? null})`,
  );
  if (typeof answer === "string") return answer;
  const [row] = answer;
  if (row === undefined) throw new Error("initiate_file_storage answered no row.");
  return row;
}

/** As `initiate`, where a refusal is not what is tested. */
export async function initiated(trial: Trial, file: Parameters<typeof initiate>[1] = {}): Promise<Initiated> {
  const answer = await initiate(trial, file);
  if (typeof answer === "string") throw new Error(`initiate_file_storage failed with ${answer}`);
  return answer;
}
