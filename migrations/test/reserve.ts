import { type Kysely, sql } from "kysely";

/** An element of `p_files`; what is left out is as most tests want it. */
export interface WantedFile {
  clientId?: string;
  requestHash?: string;
  name?: string;
  size?: number;
  sizeKnown?: boolean;
  mimeType?: string;
  contentType?: string;
  contentCategory?: string;
  workspaceId?: string | null;
  metadata?: Record<string, unknown>;
  method?: "put" | "multipart" | null;
  expiresInSeconds?: number;
  fileExpiresAt?: string | null;
}

export interface Reserved {
  ordinal: number;
  client_id: string | null;
  outcome: string;
  session_id: string | null;
  file_id: string | null;
  details: Record<string, unknown>;
}

export async function reserve(
  db: Kysely<unknown>,
  userId: string,
  files: WantedFile[],
  options: { origin?: "v1" | "s3" | "sql"; key?: string } = {},
): Promise<Reserved[]> {
  const elements = files.map((file, index) => ({
    clientId: `c${index}`,
    requestHash: "h",
    name: "song.mp3",
    size: 100,
    sizeKnown: true,
    mimeType: "audio/mpeg",
    contentType: "audio_file",
    workspaceId: null,
    metadata: {},
    method: null,
    expiresInSeconds: 3600,
    ...file,
  }));
  const { rows } = await sql<Reserved>`
    SELECT * FROM reserve_uploads(${userId}, ${options.origin ?? "v1"}, ${options.key ?? null}, ${JSON.stringify(elements)})
  `.execute(db);
  return rows;
}

/** Reserves one file and moves it on as the server does: created at the store, completed, proved. @returns Its id. */
export async function storeFile(db: Kysely<unknown>, userId: string, file: WantedFile = {}): Promise<string> {
  const { sessionId, fileId } = await startUpload(db, userId, file);
  await setSession(db, sessionId, "active");
  await setSession(db, sessionId, "completing");
  await sql`UPDATE multipart_uploads SET status = 'completed', completed_at = now() WHERE id = ${sessionId}`.execute(
    db,
  );
  await sql`UPDATE file_storage SET status = 'stored', stored_at = now() WHERE id = ${fileId}`.execute(db);
  return fileId;
}

export async function startUpload(
  db: Kysely<unknown>,
  userId: string,
  file: WantedFile = {},
): Promise<{ sessionId: string; fileId: string }> {
  const [result] = await reserve(db, userId, [file]);
  if (result?.session_id == null || result.file_id === null)
    throw new Error(`reserved: ${JSON.stringify(result)}`);
  return { sessionId: result.session_id, fileId: result.file_id };
}

export async function setSession(db: Kysely<unknown>, sessionId: string, status: string): Promise<void> {
  await sql`UPDATE multipart_uploads SET status = ${status} WHERE id = ${sessionId}`.execute(db);
}

export interface Counter {
  used_bytes: number;
  reserved_bytes: number;
  used_files: number;
  reserved_files: number;
}

export async function counterOf(
  db: Kysely<unknown>,
  scope: "user" | "workspace",
  id: string,
): Promise<Counter> {
  const { rows } = await sql<Counter>`
    SELECT used_bytes, reserved_bytes, used_files, reserved_files FROM storage_counters
    WHERE scope = ${scope} AND scope_id = ${id}`.execute(db);
  return rows[0] ?? { used_bytes: 0, reserved_bytes: 0, used_files: 0, reserved_files: 0 };
}

/** Scopes whose counters differ from their rows. */
export async function miscounted(db: Kysely<unknown>): Promise<unknown[]> {
  return (await sql`SELECT * FROM recount_storage()`.execute(db)).rows;
}

/** Rows of one statement, as they come. */
export async function rowsOf<Row>(db: Kysely<unknown>, query: ReturnType<typeof sql<Row>>): Promise<Row[]> {
  return (await query.execute(db)).rows;
}

/** As our servers do where they are told that a workspace is being deleted at this moment. Nothing else is tried again. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== "55P03") throw error;
    }
  }
}
