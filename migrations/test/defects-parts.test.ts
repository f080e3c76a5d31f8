import { sql } from "kysely";
import { describe } from "vitest";
import {
  addProvider,
  addUser,
  addWorkspace,
  cleanup,
  defect,
  initiate,
  outcomeOf,
  scalar,
} from "./defect.ts";

describe("Parts and uploads: the specification's SQL and ours", () => {
  // Over HTTP, whoever goes on sends only what is missing: packages/storage/test/describe-uploads.ts.
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

  // Over HTTP, a session is its owner's alone, on every call: packages/storage/test/access.test.ts.
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

  // Completion and cancelling at a real store: packages/storage/test/describe-uploads.ts.
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
    24,
    "an upload id may be as long as the store likes",
    async (db) => {
      await addProvider(db);
      await initiate(db, { user: await addUser(db), size: 20 * 1024 ** 2 });
      return outcomeOf(sql`UPDATE multipart_uploads SET spaces_upload_id = ${"x".repeat(1000)}`.execute(db));
    },
    { specification: "22001", ours: "ok" },
  );
});
