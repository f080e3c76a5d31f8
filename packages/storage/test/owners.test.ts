import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openEmulator } from "./open-emulator.ts";
import { begin, gate, openTestStorage, PART_SIZE, send, type TestStorage, upload } from "./test-storage.ts";

describe("a plain DELETE by the host", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  let other: { userId: string };
  let workspaceId: string;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store);
    other = { userId: await seedUser(on.db) };
    workspaceId = await seedWorkspace(on.db, {
      members: { [on.me.userId]: "member", [other.userId]: "admin" },
    });
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const deleteFrom = (table: "users" | "workspaces", id: string) =>
    sql`DELETE FROM ${sql.table(table)} WHERE id = ${id}`.execute(on.db);
  const sweepLater = async () => {
    const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
    return later.sweep();
  };
  const miscounted = async () => (await sql`SELECT * FROM recount_storage()`.execute(on.db)).rows;

  it("of a user takes what is theirs alone, at the store too, and leaves the workspace its files", async () => {
    const shared = await upload(on, wavBytes(1000), { workspaceId });
    await upload(on, wavBytes(2000));
    await upload(on, wavBytes(2 * PART_SIZE));
    const open = await begin(on, { size: 3 * PART_SIZE, workspaceId });
    const arrived = await begin(on, { size: 3000 });
    await send(arrived, arrived.urls, wavBytes(3000));
    await deleteFrom("users", on.me.userId);
    expect(await sweepLater()).toMatchObject({ sessionsAborted: 2, filesDeleted: 2, failures: [] });
    expect(await on.bucket.keys()).toEqual([shared.key]);
    expect(await on.bucket.openUploads()).toEqual([]);
    expect(await on.storage.files.get(other, shared.id)).toMatchObject({ ownerId: null, state: "stored" });
    const { quotas } = await on.storage.quota(other, workspaceId);
    expect(quotas).toContainEqual(expect.objectContaining({ usedBytes: 1000, reservedBytes: 0 }));
    expect(await miscounted()).toEqual([]);
    expect(open.key).not.toBe(shared.key);
  });

  it("of a workspace takes all its files, whoever owns them, and nothing else", async () => {
    const own = await upload(on, wavBytes(1000));
    await upload(on, wavBytes(2000), { workspaceId });
    await upload({ storage: on.storage, me: other }, wavBytes(3000), { workspaceId });
    await begin(on, { size: 3 * PART_SIZE, workspaceId });
    await deleteFrom("workspaces", workspaceId);
    expect(await sweepLater()).toMatchObject({ sessionsAborted: 1, filesDeleted: 2, failures: [] });
    expect(await on.bucket.keys()).toEqual([own.key]);
    expect(await on.bucket.openUploads()).toEqual([]);
    expect(await on.storage.quota(other)).toMatchObject({ quotas: [{ usedBytes: 0, reservedBytes: 0 }] });
    expect(await miscounted()).toEqual([]);
  });

  it("of a user whose Complete is on its way ends that upload as it ends, and then takes the file", async () => {
    const bytes = wavBytes(2 * PART_SIZE + 1);
    const session = await begin(on, { size: bytes.length });
    await send(session, session.urls, bytes);
    const [reached, held] = [gate(), gate()];
    on.proxy.intercept = (operation) => {
      if (operation !== "CompleteMultipartUpload") return undefined;
      reached.open();
      return { before: held.opened };
    };
    const completing = on.storage.uploads.complete(on.me, session.sessionId, {});
    await reached.opened;
    await deleteFrom("users", on.me.userId);
    held.open();
    expect(await completing).toMatchObject({ state: "completed" });
    await on.storage.sweep();
    expect(await sweepLater()).toMatchObject({ filesDeleted: 1, failures: [] });
    expect(await on.bucket.keys()).toEqual([]);
    expect(await miscounted()).toEqual([]);
  });

  it("tells who it was, in the rows and in the log of operations", async () => {
    const file = await upload(on, wavBytes(1000));
    await deleteFrom("users", on.me.userId);
    await sweepLater();
    await on.storage.close();
    const row = await on.db
      .selectFrom("file_storage")
      .select(["status", "user_id", "former_user_id"])
      .where("id", "=", file.id)
      .executeTakeFirst();
    expect(row).toEqual({ status: "deleted", user_id: null, former_user_id: on.me.userId });
    const logged = await on.db.selectFrom("spaces_operations").select("user_id").distinct().execute();
    expect(logged).toContainEqual({ user_id: on.me.userId });
  });
});
