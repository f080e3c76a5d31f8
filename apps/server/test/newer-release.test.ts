import { join } from "node:path";
import type { Database } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { type Kysely, sql } from "kysely";
import { expect, it, vi } from "vitest";
import { startServerProcess, temporaryDirectory } from "./server-process.ts";
import { downloadedSha256, sha256, uploadByApi } from "./upload-by-api.ts";

// Starts real processes, on a machine that other tests share.
vi.setConfig({ testTimeout: 120_000 });

/** As an expanding migration of a release that is still to come leaves the schema: a column, a table, a state of files and of sessions. */
async function migrateFurther(db: Kysely<Database>): Promise<void> {
  const statements = [
    "ALTER TABLE file_storage ADD COLUMN mood text NOT NULL DEFAULT 'calm'",
    "ALTER TABLE multipart_uploads ADD COLUMN mood text",
    "CREATE TABLE moods (id uuid PRIMARY KEY)",
    "ALTER TABLE file_storage DROP CONSTRAINT file_storage_status_check",
    "ALTER TABLE multipart_uploads DROP CONSTRAINT multipart_uploads_status_check",
    `CREATE OR REPLACE FUNCTION is_counted_file(p_status text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
       SELECT p_status IN ('stored', 'processing', 'processed', 'quarantined', 'archived', 'recalling', 'transposing') $$`,
    `CREATE OR REPLACE FUNCTION is_open_session(p_status text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
       SELECT p_status IN ('creating', 'active', 'completing', 'listening') $$`,
    `INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-moods', '${new Date().toISOString()}')`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

it("starts on the schema of a newer release, serves uploads, and leaves alone what is in states that it does not know", async () => {
  using directory = temporaryDirectory();
  await using database = await createTestDatabase<Database>();
  const { db } = database;
  const env = { DATABASE_URL: database.url, DATA_DIR: join(directory.path, "data"), LOG_LEVEL: "debug" };
  await migrateFurther(db);
  await using server = await startServerProcess(env);
  expect(server.output()).toContain('"newer":["9999-moods"]');
  expect((await server.fetch("/readyz")).status).toBe(200);
  const { token } = await server.signIn("alpha");
  const [known, strange, late] = [wavBytes(30_000, 1), wavBytes(40_000, 2), wavBytes(50_000, 3)];
  const kept = await uploadByApi(server, token, { name: "kept.wav", bytes: known });
  const file = await uploadByApi(server, token, { name: "strange.wav", bytes: strange });
  const created = await server.fetch("/v1/uploads", {
    method: "POST",
    token,
    json: { files: [{ clientId: "1", name: "late.wav", size: late.length, type: "audio/wav" }] },
  });
  const { results } = (await created.json()) as { results: { session: { sessionId: string } }[] };
  const sessionId = results[0]?.session.sessionId ?? "";
  // What a newer server is at; the session's time is over, and it is not for this one to end it.
  await sql`UPDATE file_storage SET status = 'transposing' WHERE id = ${file.id}`.execute(db);
  await sql`UPDATE multipart_uploads SET status = 'listening', expires_at = now() - interval '2 days' WHERE id = ${sessionId}`.execute(
    db,
  );

  const before = server.output().length;
  const sweeps = () =>
    server
      .output()
      .slice(before)
      .match(/"job":"sweep"[^\n]*"a job is done"/g)?.length ?? 0;
  await expect.poll(sweeps, { timeout: 90_000, interval: 250 }).toBeGreaterThan(0);
  for (const [method, path, status] of [
    ["GET", "/v1/files", 200],
    ["GET", `/v1/files/${file.id}`, 404],
    ["POST", `/v1/files/${file.id}/download`, 404],
    ["DELETE", `/v1/files/${file.id}`, 404],
    ["GET", `/v1/uploads/${sessionId}`, 200],
    ["POST", `/v1/uploads/${sessionId}/complete`, 409],
    // To be repeated: soon there is a server that knows.
    ["DELETE", `/v1/uploads/${sessionId}`, 503],
    ["GET", "/v1/uploads?state=open", 200],
    ["GET", "/v1/quota", 200],
  ] as const) {
    const response = await server.fetch(path, { method, token });
    expect(response.status, `${method} ${path}: ${await response.text()}`).toBe(status);
  }
  expect(server.output()).not.toMatch(/"level":"(?:error|fatal)"/);
  const { rows } = await sql`
    SELECT f.status AS file, m.status AS session, (SELECT used_bytes FROM storage_counters c WHERE c.scope = 'user' AND c.scope_id = f.user_id) AS used
    FROM file_storage f, multipart_uploads m WHERE f.id = ${file.id} AND m.id = ${sessionId}`.execute(db);
  expect(rows).toEqual([{ file: "transposing", session: "listening", used: known.length + strange.length }]);
  expect(await downloadedSha256(server, token, kept.id)).toBe(sha256(known));
});
