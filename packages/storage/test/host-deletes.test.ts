import { setTimeout as delay } from "node:timers/promises";
import { UploadError } from "@audiotricks/protocol";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Principal } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";
import {
  begin,
  countUsage,
  gate,
  newUpload,
  openTestStorage,
  send,
  type TestStorage,
} from "./test-storage.ts";

/** What an upload may be told whose owner goes meanwhile, and what a full server may answer. */
const ANSWERS = [
  "workspace_not_found",
  "unknown_user",
  "session_not_found",
  "session_not_open",
  "upload_failed",
  "database_unavailable",
];
const BYTES = wavBytes(500);

describe("uploads in the way of a host", () => {
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

  const miscounted = async () => (await sql`SELECT * FROM recount_storage()`.execute(on.db)).rows;

  /** Batches of files in the workspace and outside, to the end. @returns What went wrong. */
  async function uploadInBatches(
    me: Principal,
    workspaceId: string,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const failures: unknown[] = [];
    while (!signal.aborted) {
      try {
        const files = [workspaceId, undefined, workspaceId, undefined].map((id) =>
          newUpload({ size: BYTES.length, ...(id === undefined ? {} : { workspaceId: id }) }),
        );
        const created = await on.storage.uploads.create(me, files);
        const sessions = created.flatMap((result) => ("session" in result ? [result.session] : []));
        await Promise.all(sessions.map((session) => send(session, session.urls, BYTES)));
        const completed = await on.storage.uploads.completeMany(
          me,
          sessions.map(({ sessionId }) => ({ sessionId })),
        );
        for (const result of [...created, ...completed])
          if ("error" in result) failures.push(result.error.code);
      } catch (error) {
        failures.push(error instanceof UploadError ? error.code : error);
      }
    }
    return failures;
  }

  it("lose nothing but what is deleted, and the host's DELETEs succeed", async () => {
    for (let round = 0; round < 5; round++) {
      const users = await Promise.all([1, 2, 3, 4].map(() => seedUser(on.db)));
      const workspaceId = await seedWorkspace(on.db, {
        members: Object.fromEntries(users.map((id) => [id, "member" as const])),
      });
      const stop = new AbortController();
      const uploads = users.map((userId) => uploadInBatches({ userId }, workspaceId, stop.signal));
      await delay(150);
      try {
        await on.db.transaction().execute(async (trx) => {
          await sql`DELETE FROM workspaces WHERE id = ${workspaceId}`.execute(trx);
          await delay(100);
          await sql`DELETE FROM users WHERE id = ANY (${users.slice(1)}::uuid[])`.execute(trx);
        });
      } finally {
        stop.abort();
      }
      const failures = (await Promise.all(uploads)).flat();
      expect(failures.filter((failure) => !ANSWERS.includes(String(failure)))).toEqual([]);
      expect(await miscounted()).toEqual([]);
      // Whoever stays goes on.
      await begin({ ...on, me: { userId: users[0] ?? "" } }, { size: BYTES.length });
    }
  });

  /** A host's transaction that has counters of ours and then wants what we hold: a circle, and ours is to give way. */
  async function closeCircle(hold: ReturnType<typeof sql>, want: ReturnType<typeof sql>) {
    const [held, wanted] = [gate(), gate()];
    const host = on.db.transaction().execute(async (trx) => {
      // As a host has it that never heard of our order.
      await hold.execute(trx);
      held.open();
      await wanted.opened;
      await want.execute(trx);
    });
    await held.opened;
    return {
      close: async () => {
        // Whoever waits first looks first: ours.
        await delay(300);
        wanted.open();
        await host;
      },
    };
  }
  const myCounter = () => sql`SELECT FROM storage_counters WHERE scope_id = ${on.me.userId} FOR UPDATE`;

  it("begin again when the database ends a start", async () => {
    await begin(on, { size: BYTES.length });
    const circle = await closeCircle(
      myCounter(),
      sql`SELECT FROM users WHERE id = ${on.me.userId} FOR UPDATE`,
    );
    const [session] = await Promise.all([begin(on, { size: BYTES.length }), circle.close()]);
    expect(session.state).toBe("active");
    expect(await countUsage(on.db, on.me)).toMatchObject({ reservedFiles: 2 });
  });

  it("begin again when the database ends a completion, which happens once", async () => {
    const session = await begin(on, { size: BYTES.length });
    await send(session, session.urls, BYTES);
    const circle = await closeCircle(
      myCounter(),
      sql`UPDATE multipart_uploads SET updated_at = now() WHERE id = ${session.sessionId}`,
    );
    const [completion] = await Promise.all([
      on.storage.uploads.complete(on.me, session.sessionId, {}),
      circle.close(),
    ]);
    expect(completion.state).toBe("completed");
    expect(await countUsage(on.db, on.me)).toMatchObject({ usedFiles: 1, reservedFiles: 0 });
    const stored = await on.db.selectFrom("audit_logs").select("action").execute();
    expect(stored).toEqual([{ action: "file_stored" }]);
  });

  it("are told to come again where a host does not let go of a workspace", async () => {
    const workspaceId = await seedWorkspace(on.db, { members: { [on.me.userId]: "member" } });
    const [held, done] = [gate(), gate()];
    const host = on.db.transaction().execute(async (trx) => {
      await sql`SELECT FROM workspaces WHERE id = ${workspaceId} FOR UPDATE`.execute(trx);
      held.open();
      await done.opened;
    });
    await held.opened;
    try {
      await expect(begin(on, { size: BYTES.length, workspaceId })).rejects.toMatchObject({
        code: "database_unavailable",
        status: 503,
        details: { retryAfterMs: 1_000 },
      });
      // Nobody else waits for that.
      await begin(on, { size: BYTES.length });
    } finally {
      done.open();
      await host;
    }
    await begin(on, { size: BYTES.length, workspaceId });
    expect(await countUsage(on.db, on.me)).toMatchObject({ reservedFiles: 2 });
  });
});
