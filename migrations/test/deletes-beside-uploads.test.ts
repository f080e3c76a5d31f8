import { createTestDatabase } from "@audiotricks/testing/database";
import { seedProvider, seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { again, miscounted, reserve, rowsOf } from "./reserve.ts";

const ROUNDS = 10;
const UPLOADERS = 8;

type Db = Kysely<unknown>;
interface Owners {
  users: string[];
  workspace: string;
}

/** Begins and ends files in the workspace and outside, one after the other, until told to stop. @returns How many were stored. */
async function uploadAll(db: Db, userId: string, workspaceId: string, signal: AbortSignal): Promise<number> {
  let stored = 0;
  while (!signal.aborted) {
    const files = [{ workspaceId }, { workspaceId: null }].map((file) => ({ ...file, size: 10 }));
    const begun = (await again(() => reserve(db, userId, files))).flatMap((file) => file.session_id ?? []);
    if (begun.length === 0) continue;
    // What is being deleted is left alone, as the server claims it.
    await sql`UPDATE multipart_uploads SET status = 'completing' WHERE status = 'creating' AND id IN (
      SELECT id FROM multipart_uploads WHERE id = ANY (${begun}) ORDER BY id FOR UPDATE SKIP LOCKED)`.execute(
      db,
    );
    for (const id of begun) {
      await db.transaction().execute(async (trx) => {
        const [session] = await rowsOf(
          trx,
          sql<{
            file_storage_id: string;
          }>`UPDATE multipart_uploads SET status = 'completed', completed_at = now()
            WHERE id = ${id} AND status = 'completing' RETURNING file_storage_id`,
        );
        if (session === undefined) return;
        await sql`UPDATE file_storage SET status = 'stored' WHERE id = ${session.file_storage_id}`.execute(
          trx,
        );
        stored++;
      });
    }
  }
  return stored;
}

/** @returns The codes of what failed. */
async function besideUploads(act: (db: Db, owners: Owners) => Promise<unknown>): Promise<string[]> {
  await using database = await createTestDatabase<unknown>();
  const { db } = database;
  // Whoever waits in a circle is to hear of it within the test; connections that are made from now on.
  const [here] = await rowsOf(db, sql<{ name: string }>`SELECT current_database() AS name`);
  await sql`ALTER DATABASE ${sql.id(here?.name ?? "")} SET deadlock_timeout = '50ms'`.execute(db);
  await seedProvider(db);
  const failures: string[] = [];
  const failed = (error: Error & { code?: string }) => void failures.push(error.code ?? error.message);
  let stored = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const users = await Promise.all(Array.from({ length: UPLOADERS }, () => seedUser(db)));
    const workspace = await seedWorkspace(db, {
      members: Object.fromEntries(users.map((id) => [id, "member" as const])),
    });
    const stop = new AbortController();
    const uploads = users.map((id) =>
      uploadAll(db, id, workspace, stop.signal).then((count) => {
        stored += count;
      }, failed),
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
    await act(db, { users, workspace }).catch(failed);
    stop.abort();
    await Promise.all(uploads);
    expect(await miscounted(db)).toEqual([]);
  }
  expect(stored).toBeGreaterThan(ROUNDS);
  expect(
    await rowsOf(db, sql`SELECT 1 FROM counter_changes UNION ALL SELECT 1 FROM counter_findings`),
  ).toEqual([]);
  return failures;
}

const deleteUsers = (db: Db, ids: string[]) => sql`DELETE FROM users WHERE id = ANY (${ids})`.execute(db);
const deleteWorkspace = (db: Db, id: string) => sql`DELETE FROM workspaces WHERE id = ${id}`.execute(db);

describe("the host deletes while eight users upload into one workspace", () => {
  it("all its users in one statement", async () => {
    expect(await besideUploads((db, { users }) => deleteUsers(db, users))).toEqual([]);
  });

  it("the workspace and then its users, in one transaction", async () => {
    const failures = await besideUploads((db, { users, workspace }) =>
      db.transaction().execute(async (trx) => {
        await deleteWorkspace(trx, workspace);
        await deleteUsers(trx, users);
      }),
    );
    expect(failures).toEqual([]);
  });

  it("in two transactions of opposite order", async () => {
    const failures = await besideUploads((db, { users, workspace }) =>
      Promise.all([
        db.transaction().execute(async (trx) => {
          await deleteWorkspace(trx, workspace);
          await deleteUsers(trx, users);
        }),
        db.transaction().execute(async (trx) => {
          for (const user of users.toReversed()) await deleteUsers(trx, [user]);
          await deleteWorkspace(trx, workspace);
        }),
      ]),
    );
    expect(failures).toEqual([]);
  });

  it("while usage is counted anew, and history written", async () => {
    const failures = await besideUploads((db, { users, workspace }) =>
      Promise.all([
        deleteUsers(db, users.slice(0, 4)),
        sql`SELECT update_storage_usage(NULL, NULL, true)`.execute(db),
        sql`SELECT update_storage_usage()`.execute(db),
        sql`SELECT write_usage_day('user', ${users}::uuid[])`.execute(db),
        deleteWorkspace(db, workspace),
        ...users.slice(4).map((user) => deleteUsers(db, [user])),
      ]),
    );
    expect(failures).toEqual([]);
  });
});

it("counts within a transaction that goes on after a DELETE come out right", async () => {
  await using database = await createTestDatabase<unknown>();
  const { db } = database;
  await seedProvider(db);
  const [user, other] = await Promise.all([seedUser(db), seedUser(db)]);
  const workspace = await seedWorkspace(db, { members: { [user]: "member", [other]: "member" } });
  await reserve(db, user, [{ workspaceId: workspace }, {}]);
  await reserve(db, other, [{ workspaceId: workspace }, {}]);
  await db.transaction().execute(async (trx) => {
    await deleteUsers(trx, [user]);
    await sql`SELECT update_storage_usage(NULL, NULL, true)`.execute(trx);
    await reserve(trx, other, [{ workspaceId: workspace, size: 7 }]);
    await deleteUsers(trx, [other]);
  });
  expect(await miscounted(db)).toEqual([]);
});
