import { createHash } from "node:crypto";
import type { CreatedUpload } from "@audiotricks/protocol/messages";
import { executableBytes, wavBytes } from "@audiotricks/testing/audio";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  begin,
  countUsage,
  gate,
  newUpload,
  openTestStorage,
  PART_SIZE,
  send,
  type TestStorage,
  type TestStore,
} from "./test-storage.ts";

/** Published by way of memory, and by a copy at the store. */
const SIZES = [700, 100_000];

/** How many small files are completed together, on any S3 server we say we support. */
export function describeBatches(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`batches on ${server}`, { timeout: 60_000 }, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      on = await openTestStorage(store);
    });
    afterEach(() => on[Symbol.asyncDispose]());

    const beginMany = async (count: number) => {
      const files = Array.from({ length: count }, (_, index) =>
        newUpload({ size: SIZES[index % SIZES.length] ?? 1, name: `${index}.wav` }),
      );
      const results = await on.storage.uploads.create(on.me, files);
      return results.map((result) => {
        if ("error" in result) throw new Error(result.error.message);
        return result.session;
      });
    };
    const sendMany = async (count: number) => {
      const sessions = await beginMany(count);
      await Promise.all(
        sessions.map((session, index) => send(session, session.urls, wavBytes(session.size, index))),
      );
      return sessions;
    };
    const wishesFor = (sessions: readonly CreatedUpload[]) =>
      sessions.map(({ sessionId }) => ({ sessionId }));
    const usageOf = (sessions: readonly CreatedUpload[]) => ({
      usedBytes: sessions.reduce((sum, { size }) => sum + size, 0),
      usedFiles: sessions.length,
      reservedBytes: 0,
      reservedFiles: 0,
    });
    const requireStored = async (sessions: readonly CreatedUpload[]) => {
      expect((await on.bucket.keys()).toSorted()).toEqual(sessions.map(({ key }) => key).toSorted());
      expect(await on.bucket.openUploads()).toEqual([]);
      expect(await countUsage(on.db, on.me)).toEqual(usageOf(sessions));
      const audits = await on.db
        .selectFrom("audit_logs")
        .select("resource_id")
        .where("action", "=", "file_stored")
        .execute();
      expect(audits).toHaveLength(sessions.length);
      expect(new Set(audits.map((audit) => audit.resource_id))).toEqual(
        new Set(sessions.map(({ fileId }) => fileId)),
      );
    };

    it("completes 99 of 100 and refuses the one that is no audio, with the quota exact", async () => {
      const sessions = await beginMany(100);
      await Promise.all(
        sessions.map((session, index) => {
          const bytes = index === 41 ? executableBytes(session.size) : wavBytes(session.size, index);
          return send(session, session.urls, bytes);
        }),
      );
      const results = await on.storage.uploads.completeMany(on.me, wishesFor(sessions));
      for (const [index, result] of results.entries()) {
        const { sessionId, fileId, size } = sessions[index] as CreatedUpload;
        expect(result).toMatchObject(
          index === 41
            ? { sessionId, error: { code: "content_mismatch" } }
            : { sessionId, state: "completed", file: { id: fileId, size, state: "stored" } },
        );
      }
      const good = sessions.filter((_, index) => index !== 41);
      await requireStored(good);
      for (const index of [0, 1, 99]) {
        const { key, size } = sessions[index] as CreatedUpload;
        expect(Buffer.from(await on.bucket.read(key)).equals(wavBytes(size, index))).toBe(true);
      }
      const again = await on.storage.uploads.completeMany(on.me, wishesFor(sessions));
      expect(again).toEqual(results);
      await requireStored(good);
    });

    it("completes each file once when two servers get the same batch at once, in other orders", async () => {
      const sessions = await sendMany(40);
      const other = await on.openAnother();
      const wishes = wishesFor(sessions);
      const answers = await Promise.all([
        on.storage.uploads.completeMany(on.me, wishes),
        other.uploads.completeMany(on.me, wishes.toReversed()),
        other.uploads.completeMany(on.me, [...wishes, ...wishes]),
        on.storage.uploads.completeMany(on.me, wishes.slice(10, 20)),
      ]);
      for (const result of answers.flat()) expect(result).not.toHaveProperty("error");
      const results = await on.storage.uploads.completeMany(on.me, wishes);
      for (const [index, result] of results.entries()) {
        expect(result).toMatchObject({ state: "completed", file: { id: sessions[index]?.fileId } });
      }
      await requireStored(sessions);
    });

    it("answers each of a mixed batch as it would alone", async () => {
      const [stored, replaced, absent, cancelled] = (await sendMany(4)) as [
        CreatedUpload,
        CreatedUpload,
        CreatedUpload,
        CreatedUpload,
      ];
      const parts = await begin(on, { size: PART_SIZE + 1, method: "multipart" });
      await send(parts, parts.urls, wavBytes(PART_SIZE + 1));
      const unsent = await begin(on, { size: 500 });
      await on.storage.uploads.cancel(on.me, cancelled.sessionId);
      const other = { userId: await seedUser(on.db) };
      const foreign = await begin({ storage: on.storage, me: other }, { size: 500 });
      const nobodys = "00000000-0000-4000-8000-000000000000";
      await on.storage.uploads.complete(on.me, absent.sessionId, {});

      const md5 = createHash("md5").update(wavBytes(replaced.size, 99)).digest("hex");
      const results = await on.storage.uploads.completeMany(on.me, [
        { sessionId: stored.sessionId.toUpperCase(), sha256: "0".repeat(64) },
        { sessionId: replaced.sessionId, md5 },
        { sessionId: absent.sessionId },
        { sessionId: cancelled.sessionId },
        ...wishesFor([parts, unsent, foreign, stored]),
        { sessionId: nobodys },
      ]);
      expect(results).toMatchObject([
        { sessionId: stored.sessionId, state: "completed", file: { checksumSha256: "0".repeat(64) } },
        { sessionId: replaced.sessionId, error: { code: "parts_missing" } },
        { sessionId: absent.sessionId, state: "completed" },
        { sessionId: cancelled.sessionId, error: { code: "session_not_open" } },
        { sessionId: parts.sessionId, state: "completed" },
        { sessionId: unsent.sessionId, error: { code: "parts_missing", details: { missing: [1] } } },
        { sessionId: foreign.sessionId, error: { code: "session_not_found" } },
        { sessionId: stored.sessionId, state: "completed" },
        { sessionId: nobodys, error: { code: "session_not_found" } },
      ]);
      // What was refused for now is open, and goes on.
      await send(replaced, replaced.urls, wavBytes(replaced.size, 99));
      await send(unsent, unsent.urls, wavBytes(500));
      const rest = await on.storage.uploads.completeMany(on.me, [
        { sessionId: replaced.sessionId, md5 },
        { sessionId: unsent.sessionId },
      ]);
      expect(rest).toMatchObject([{ file: { checksumMd5: md5 } }, { state: "completed" }]);
      await requireStored([stored, replaced, absent, parts, unsent]);
    });

    it("writes the others down while the store takes its time over one", async () => {
      const sessions = await sendMany(12);
      const impatient = await on.openAnother({ settings: { batchPatienceMs: 50 } });
      const held = gate();
      let copies = 0;
      on.proxy.intercept = (operation) =>
        // The first only asks what a condition is worth.
        operation === "CopyObject" && ++copies === 2 ? { before: held.opened } : undefined;
      const answer = impatient.uploads.completeMany(on.me, wishesFor(sessions));
      await expect.poll(async () => (await countUsage(on.db, on.me))?.usedFiles).toBe(11);
      held.open();
      for (const result of await answer) expect(result).toMatchObject({ state: "completed" });
      await requireStored(sessions);
    });

    it("sets up uploads in parts together, and leaves for later the one that the store refuses", async () => {
      let creations = 0;
      on.proxy.intercept = (operation) =>
        operation === "CreateMultipartUpload" && ++creations === 3 ? { refuseWith: 503 } : undefined;
      const files = Array.from({ length: 6 }, () => newUpload({ size: 2 * PART_SIZE, method: "multipart" }));
      const sessions = (await on.storage.uploads.create(on.me, files)).map((result) => {
        if ("error" in result) throw new Error(result.error.message);
        return result.session;
      });
      const waiting = sessions.filter(({ state }) => state === "creating");
      expect(waiting.map(({ urls }) => urls)).toEqual([[]]);
      const active = sessions.filter(({ state }) => state === "active");
      expect(active.map(({ urls }) => urls.length)).toEqual([2, 2, 2, 2, 2]);
      // One statement, one time.
      const { rows } = await sql<{ times: number }>`
        SELECT count(DISTINCT updated_at)::integer AS times FROM multipart_uploads WHERE status = 'active'`.execute(
        on.db,
      );
      expect(rows).toEqual([{ times: 1 }]);

      const { sessionId = "" } = waiting[0] ?? {};
      expect(await on.storage.uploads.signParts(on.me, sessionId, { partNumbers: [1] })).toHaveLength(1);
      expect(await on.bucket.openUploads()).toHaveLength(6);
    });

    it("takes few statements, and never more calls to the store at once than it may", async () => {
      const sessions = await sendMany(40);
      let [underWay, most] = [0, 0];
      // On a busy machine the fourth may take a while to come.
      const untilCrowded = async () => {
        for (let tries = 0; tries < 100; tries++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (most >= 4) return;
        }
      };
      on.proxy.intercept = () => {
        underWay++;
        most = Math.max(most, underWay);
        return { after: untilCrowded().then(() => underWay--) };
      };
      on.proxy.operations.length = 0;
      const bounded = await on.openAnother({ settings: { storeConcurrency: 4, batchPatienceMs: 30_000 } });
      await bounded.uploads.completeMany(on.me, wishesFor(sessions));
      expect(most).toBe(4);
      const calls = Map.groupBy(on.proxy.operations, (operation) => operation);
      expect(Object.fromEntries([...calls].map(([name, all]) => [name, all.length]))).toEqual({
        GetObject: 40,
        PutObject: 20,
        HeadObject: 20,
        // Once to find out what a condition is worth.
        CopyObject: 21,
        "POST bucket": 1,
        // And whether the bucket keeps versions.
        "GET bucket": 1,
      });
      // One statement, one time.
      const { rows } = await sql<{ times: number }>`
        SELECT count(DISTINCT completed_at)::integer AS times FROM multipart_uploads`.execute(on.db);
      expect(rows).toEqual([{ times: 1 }]);
    });

    it.each(["chosen", "stored"] as const)(
      "loses nothing when the database goes away as files are about to be %s",
      async (moment) => {
        const sessions = await sendMany(30);
        const [first] = sessions as [CreatedUpload];
        const reached = gate();
        const locked = gate();
        on.proxy.intercept = (operation) => {
          if (moment === "stored" && operation !== "PutObject") return undefined;
          reached.open();
          return { before: locked.opened };
        };
        const wishes = wishesFor(sessions);
        const answer = on.storage.uploads.completeMany(on.me, wishes).catch((error: unknown) => error);
        await reached.opened;
        await on.db.transaction().execute(async (trx) => {
          await sql`SELECT 1 FROM multipart_uploads WHERE id = ${first.sessionId} FOR UPDATE`.execute(trx);
          locked.open();
          await expect
            .poll(async () => {
              const { rows } = await sql`
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(on.db);
              return rows.length;
            })
            .toBeGreaterThan(0);
        });
        expect(await answer).toMatchObject({ code: "database_unavailable" });
        on.proxy.intercept = () => undefined;
        // Those of whom nothing is known yet are told so; once the leases have run out, everyone is.
        const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
        await later.uploads.completeMany(on.me, wishes);
        const results = await later.uploads.completeMany(on.me, wishes);
        for (const result of results) expect(result).toMatchObject({ state: "completed" });
        const tidy = await on.openAnother({ settings: { leftoverGraceMs: 0 } });
        expect(await tidy.sweep()).toMatchObject({ failures: [] });
        await requireStored(sessions);
      },
    );
  });
}
