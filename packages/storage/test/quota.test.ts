import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { begin, countUsage, newUpload, openTestStorage, type TestStorage, upload } from "./test-storage.ts";

describe("quota", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store);
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const limitUser = (bytes: number | null, files: number | null = null) =>
    sql`INSERT INTO storage_quotas (user_id, max_storage_bytes, max_file_count) VALUES (${on.me.userId}, ${bytes}, ${files})`.execute(
      on.db,
    );

  it("never lets in more than fits, whatever comes at once", async () => {
    await limitUser(10_000);
    const results = await Promise.all(
      Array.from({ length: 40 }, () => on.storage.uploads.create(on.me, [newUpload({ size: 700 })])),
    );
    const outcomes = results.flat().map((result) => ("error" in result ? result.error.code : "created"));
    expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(14);
    expect(new Set(outcomes)).toEqual(new Set(["created", "quota_exceeded"]));
    expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 9800, reservedFiles: 14 });
    expect(on.proxy.operations).toEqual([]);
  });

  it("says by how much a file does not fit, and lets the others of its batch in", async () => {
    await limitUser(1000, 2);
    const results = await on.storage.uploads.create(on.me, [
      newUpload({ size: 600, clientId: "a" }),
      newUpload({ size: 500, clientId: "b" }),
      newUpload({ size: 400, clientId: "c" }),
      newUpload({ size: 1, clientId: "d", name: "x.exe" }),
    ]);
    expect(results).toMatchObject([
      { clientId: "a", session: { size: 600 } },
      {
        clientId: "b",
        error: {
          code: "quota_exceeded",
          details: {
            scope: "user",
            size: 500,
            reservedBytes: 600,
            usedBytes: 0,
            limitBytes: 1000,
            overBytes: 100,
          },
        },
      },
      { clientId: "c", session: { size: 400 } },
      { clientId: "d", error: { code: "type_not_allowed" } },
    ]);
  });

  it("counts for the workspace too, for all its members together", async () => {
    const other = { userId: await seedUser(on.db) };
    const workspaceId = await seedWorkspace(on.db, {
      members: { [on.me.userId]: "member", [other.userId]: "member" },
    });
    await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspaceId}, 1000)`.execute(
      on.db,
    );
    await begin(on, { size: 600, workspaceId });
    const [refused] = await on.storage.uploads.create(other, [newUpload({ size: 600, workspaceId })]);
    expect(refused).toMatchObject({
      error: { code: "quota_exceeded", details: { scope: "workspace", overBytes: 200 } },
    });
    expect(await countUsage(on.db, other)).toMatchObject({ reservedBytes: 0 });
    expect(await on.storage.quota(other, workspaceId)).toMatchObject({
      quotas: [
        { scope: "user", id: other.userId, reservedBytes: 0, limitBytes: null },
        { scope: "workspace", id: workspaceId, reservedBytes: 600, limitBytes: 1000, status: "normal" },
      ],
    });
  });

  it("is read for many at once as for each alone, and not for who does not belong, in one statement", async () => {
    const other = { userId: await seedUser(on.db) };
    const workspaceId = await seedWorkspace(on.db, { members: { [on.me.userId]: "viewer" } });
    await limitUser(1000);
    await begin(on, { size: 600 });
    const questions = [
      { userId: on.me.userId, workspaceId },
      { userId: other.userId, workspaceId },
      { userId: on.me.userId },
      { userId: on.me.userId.toUpperCase(), workspaceId: workspaceId.toUpperCase() },
      { userId: other.userId, workspaceId: crypto.randomUUID() },
      { userId: crypto.randomUUID() },
    ];
    const mine = await on.storage.quota(on.me, workspaceId);
    expect(mine).toMatchObject({
      quotas: [{ reservedBytes: 600, limitBytes: 1000 }, { scope: "workspace" }],
    });
    const answers = await on.storage.standings(questions);
    const nobody = {
      quotas: [expect.objectContaining({ id: questions[5]?.userId, usedBytes: 0 })],
      files: [],
    };
    const [inWorkspace, alone] = [
      { ...mine, files: [] },
      { quotas: mine.quotas.slice(0, 1), files: [] },
    ];
    expect(answers).toEqual([inWorkspace, null, alone, inWorkspace, null, nobody]);
    expect(await on.storage.standings([])).toEqual([]);
  });

  it("warns as storage fills, and stays calm when a limit is lowered below what is used", async () => {
    await limitUser(10_000);
    const statuses: string[] = [];
    const setLimit = (bytes: number) =>
      sql`UPDATE storage_quotas SET max_storage_bytes = ${bytes} WHERE user_id = ${on.me.userId}`.execute(
        on.db,
      );
    const file = await upload(on, wavBytes(8000));
    for (const limit of [10_000, 9900, 8800, 8000, 7999]) {
      await setLimit(limit);
      const { quotas } = await on.storage.quota(on.me);
      statuses.push(quotas[0]?.status ?? "");
    }
    expect(statuses).toEqual(["normal", "high", "warning", "warning", "over_quota"]);
    const [refused] = await on.storage.uploads.create(on.me, [newUpload({ size: 1 })]);
    expect(refused).toMatchObject({ error: { code: "quota_exceeded" } });
    await on.storage.files.delete(on.me, file.id);
    expect(await on.storage.quota(on.me)).toMatchObject({ quotas: [{ usedBytes: 0, status: "normal" }] });
  });

  it("gives back once, however often a file is deleted", async () => {
    const file = await upload(on, wavBytes(8000));
    await upload(on, wavBytes(500));
    await Promise.all(Array.from({ length: 10 }, () => on.storage.files.delete(on.me, file.id)));
    expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 500, usedFiles: 1 });
  });
});
