import { sql } from "kysely";
import { describe } from "vitest";
import {
  addFile,
  addProvider,
  addUser,
  addWorkspace,
  cleanup,
  type Db,
  defect,
  initiate,
  insertId,
  outcomeOf,
  scalar,
  statusOf,
  whileFirstIsOpen,
} from "./defect.ts";

describe("Lifecycle: the specification's SQL and ours", () => {
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

  defect(
    7,
    "a file whose life is prolonged while cleanup runs stays",
    async (db) => {
      const provider = await addProvider(db);
      const file = await addFile(db, { provider, expires: "-1 hour" });
      const prolong = async (trx: Db) => {
        await sql`UPDATE file_storage SET expires_at = now() + interval '1 day'`.execute(trx);
        return 1;
      };
      await whileFirstIsOpen(db, prolong, () => cleanup(db).then(Number));
      return statusOf(db, file);
    },
    { specification: "deleted", ours: "stored" },
    { manyConnections: true },
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
});
