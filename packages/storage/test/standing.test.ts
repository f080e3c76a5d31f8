import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { CompiledQuery, type Kysely, sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Database } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, type TestStorage } from "./test-storage.ts";

const FILES = 20_000;

let store: Awaited<ReturnType<typeof openEmulator>>;
let on: TestStorage;
beforeAll(async () => {
  store = await openEmulator();
  on = await openTestStorage(store);
});
afterAll(async () => {
  await on[Symbol.asyncDispose]();
  await store.close();
});

it("tells how far the newest files of a place are, in one statement, and looks at no more than those", {
  timeout: 120_000,
}, async () => {
  // The owner of so many in a workspace, and of nothing besides.
  const owner = await seedUser(on.db);
  const viewer = await seedUser(on.db);
  const workspaceId = await seedWorkspace(on.db, { members: { [owner]: "admin", [viewer]: "viewer" } });
  await addFiles(owner, workspaceId);

  const asked: CompiledQuery[] = [];
  const storage = await on.openAnother({ db: listening(on.db, asked) });
  const stranger = await seedUser(on.db);
  const questions = [
    { userId: owner, workspaceId },
    { userId: owner },
    { userId: viewer, workspaceId },
    { userId: stranger, workspaceId },
  ];
  const answers = await storage.standings(questions);
  expect(asked).toHaveLength(1);
  const [owners, alone, viewers, foreign] = answers;
  expect(owners?.files).toHaveLength(20);
  expect(owners?.files.slice(0, 4).map(({ state, scan }) => [state, scan])).toEqual([
    ["stored", undefined],
    ["processed", "clean"],
    ["quarantined", "infected"],
    ["stored", undefined],
  ]);
  expect(alone?.files).toEqual([]);
  // Of three, one is for the workspace.
  expect(viewers?.files.map(({ state }) => state)).toEqual(Array(7).fill("stored"));
  expect(foreign).toBeNull();
  for (const [index, question] of questions.slice(0, 3).entries()) {
    const list = await on.storage.files.list({ userId: question.userId }, { ...question, limit: 20 });
    const told = new Set(answers[index]?.files.map(({ id }) => id));
    expect(list.files.slice(0, told.size).map(({ id }) => id)).toEqual([...told]);
  }

  const [query] = asked;
  if (query === undefined) throw new Error("nothing was asked");
  const { rows: plan } = await on.db.executeQuery<{ "QUERY PLAN": string }>(
    CompiledQuery.raw(`EXPLAIN (ANALYZE) ${query.sql}`, [...query.parameters]),
  );
  const read = [
    ...plan
      .map((row) => row["QUERY PLAN"])
      .join("\n")
      .matchAll(/on file_storage n .*actual time=\S+ rows=([\d.]+) loops=(\d+)/g),
  ];
  expect(read.length).toBeGreaterThan(0);
  for (const [, each] of read) expect(Number(each)).toBeLessThanOrEqual(20);
});

function listening(db: Kysely<Database>, asked: CompiledQuery[]): Kysely<Database> {
  return new Proxy(db, {
    get: (target, name) => {
      if (name === "executeQuery")
        return (query: CompiledQuery) => {
          asked.push(query);
          return target.executeQuery(query);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function addFiles(userId: string, workspaceId: string): Promise<void> {
  await on.db.connection().execute(async (db) => {
    await sql`SET session_replication_role = replica`.execute(db);
    await sql`INSERT INTO file_storage (original_filename, stored_filename, file_extension, mime_type, storage_provider_id,
        storage_path, storage_url, file_size, upload_method, content_type, content_category, user_id, former_user_id, workspace_id,
        status, scan_state, access_level, quarantined_from, created_at)
      SELECT n || '.wav', n || '.wav', 'wav', 'audio/wav', p.id, 'audio/uploads/2026/01/' || n || '.wav', '/v1/files/x/content', 1000,
        'direct', 'audio_file', 'original', ${userId}::uuid, ${userId}::uuid, ${workspaceId}::uuid,
        (ARRAY['stored', 'processed', 'quarantined'])[n % 3 + 1], (ARRAY['none', 'clean', 'infected'])[n % 3 + 1],
        (ARRAY['workspace', 'private', 'private'])[n % 3 + 1], (ARRAY[NULL, NULL, 'stored'])[n % 3 + 1], now() - make_interval(secs => n)
      FROM generate_series(0, ${FILES}::integer) AS n CROSS JOIN storage_providers p`.execute(db);
    await sql`SET session_replication_role = origin`.execute(db);
    await sql`VACUUM ANALYZE file_storage`.execute(db);
  });
}
