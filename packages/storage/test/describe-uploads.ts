import { createHash } from "node:crypto";
import type { CompleteUploadRequest, Completion } from "@audiotricks/protocol/messages";
import { executableBytes, wavBytes } from "@audiotricks/testing/audio";
import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Fault, ignoreCopyConditions } from "./fault-proxy.ts";
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
  upload,
} from "./test-storage.ts";

const NOTHING = { usedBytes: 0, reservedBytes: 0, usedFiles: 0, reservedFiles: 0 };
const THREE_PARTS = 2 * PART_SIZE + 1000;
/** A single PUT too large to be published by way of memory. */
const LARGE_PUT = 100_000;

/** How uploads behave, on any S3 server we say we support. */
export function describeUploads(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`uploads on ${server}`, { timeout: 60_000 }, () => {
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

    const sendAll = async (size: number, options: Parameters<typeof newUpload>[0] | object = {}) => {
      const bytes = wavBytes(size);
      const session = await begin(on, { ...options, size });
      await send(session, session.urls, bytes);
      return { bytes, session };
    };
    const complete = (sessionId: string, storage = on.storage) =>
      storage.uploads.complete(on.me, sessionId, {});
    const rejection = (work: Promise<unknown>) =>
      work.then(
        (value) => {
          throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
        },
        (error: unknown) => error as { code: string; details?: Record<string, unknown> },
      );
    const requireNothingLeft = async () => {
      expect(await on.bucket.keys()).toEqual([]);
      expect(await on.bucket.openUploads()).toEqual([]);
      expect(await countUsage(on.db, on.me)).toEqual(NOTHING);
    };

    it("stores a file of several parts, byte for byte, and counts it", async () => {
      const { bytes, session } = await sendAll(THREE_PARTS);
      expect(session).toMatchObject({
        method: "multipart",
        partCount: 3,
        partSize: PART_SIZE,
        resumed: false,
      });
      expect(session.key).toMatch(/^audio\/uploads\/\d{4}\/\d\d\/[0-9a-f-]{36}\.wav$/);
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 0, reservedBytes: THREE_PARTS });

      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const completion = await on.storage.uploads.complete(on.me, session.sessionId, {
        sha256,
        summary: { durationMs: 5, bytesSent: THREE_PARTS, retries: 1 },
      });
      expect(completion).toMatchObject({
        state: "completed",
        file: {
          state: "stored",
          size: THREE_PARTS,
          type: "audio/wav",
          checksumSha256: sha256,
          ownerId: on.me.userId,
        },
      });
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
      expect(await countUsage(on.db, on.me)).toEqual({ ...NOTHING, usedBytes: THREE_PARTS, usedFiles: 1 });
      const chunks = await on.db
        .selectFrom("upload_chunks")
        .select(["chunk_number", "status", "start_byte", "chunk_size"])
        .orderBy("chunk_number")
        .execute();
      expect(
        chunks.map((chunk) => [chunk.chunk_number, chunk.status, chunk.start_byte, chunk.chunk_size]),
      ).toEqual([
        [1, "completed", 0, PART_SIZE],
        [2, "completed", PART_SIZE, PART_SIZE],
        [3, "completed", 2 * PART_SIZE, 1000],
      ]);
    });

    it.each(["together", "alone"])(
      "takes whatever a browser calls itself, and no checksum that is none (%s)",
      async (how) => {
        const { session } = await sendAll(1000);
        const asked = (request: CompleteUploadRequest) =>
          how === "alone"
            ? on.storage.uploads.complete(on.me, session.sessionId, request)
            : on.storage.uploads.completeMany(on.me, [{ sessionId: session.sessionId, ...request }]);
        for (const request of [{ sha256: "\0" }, { md5: "F".repeat(32) }, { partsMd5: "\uD83C" }])
          expect(await rejection(asked(request))).toMatchObject({ code: "invalid_request" });
        const summary = {
          durationMs: 5,
          bytesSent: 1000,
          retries: 0,
          browser: "Half \uD83C, none \0, whole 🎵",
        };
        expect([await asked({ summary })].flat()).toMatchObject([{ state: "completed" }]);
        await on.storage.close();
        const { client_summary: kept } = await on.db
          .selectFrom("multipart_uploads")
          .select("client_summary")
          .executeTakeFirstOrThrow();
        const browser = "Half \uFFFD, none \uFFFD, whole 🎵";
        expect(kept).toMatchObject({ browser });
        const logged = await on.db
          .selectFrom("spaces_operations")
          .select("client_report")
          .where("reported_by", "=", "client")
          .execute();
        expect(logged).toMatchObject([{ client_report: { browser } }]);
        expect(on.errors).toEqual([]);
      },
    );

    it("writes the row of a part once if the browser's word of it holds, and the store's in its place if not", async () => {
      const { bytes, session } = await sendAll(THREE_PARTS);
      const md5s = [0, 1, 2].map((index) =>
        createHash("md5")
          .update(bytes.subarray(index * PART_SIZE, (index + 1) * PART_SIZE))
          .digest("hex"),
      );
      const rows = () =>
        on.db
          .selectFrom("upload_chunks")
          .select(["chunk_number", "spaces_etag", "checksum_md5", sql<string>`xmin::text`.as("writer")])
          .orderBy("chunk_number")
          .execute();
      const finished = [
        { partNumber: 1, etag: md5s[0] ?? "" },
        { partNumber: 2, etag: md5s[0] ?? "" },
      ];
      await on.storage.uploads.signParts(on.me, session.sessionId, { partNumbers: [3], finished });
      const told = await rows();
      expect(told.map(({ spaces_etag }) => spaces_etag)).toEqual([md5s[0], md5s[0]]);

      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
      const stored = await rows();
      expect(stored.map(({ spaces_etag, checksum_md5 }) => [spaces_etag, checksum_md5])).toEqual(
        md5s.map((md5) => [md5, md5]),
      );
      expect(stored[0]?.writer).toBe(told[0]?.writer);
      expect(stored[1]?.writer).not.toBe(told[1]?.writer);
    });

    it("stores a small file by one PUT, proves its MD5 and leaves nothing under temp/", async () => {
      const { bytes, session } = await sendAll(50_000);
      expect(session).toMatchObject({ method: "put", partCount: 1 });
      const md5 = createHash("md5").update(bytes).digest("hex");
      const completion = await on.storage.uploads.complete(on.me, session.sessionId, { md5 });
      expect(completion).toMatchObject({ state: "completed", file: { checksumMd5: md5, size: 50_000 } });
      expect(await on.bucket.keys()).toEqual([session.key]);
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
    });

    it.each([
      [THREE_PARTS, "CompleteMultipartUpload", 1],
      // And once to find out what a condition is worth here.
      [LARGE_PUT, "CopyObject", 2],
      [50_000, "PutObject", 1],
    ])(
      "gives twenty concurrent completes of %d bytes one file, one usage change and one answer",
      async (size, publishing, times) => {
        const { session } = await sendAll(size);
        on.proxy.operations.length = 0;
        const other = await on.openAnother();
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            complete(session.sessionId, index % 2 ? other : on.storage),
          ),
        );
        const finals = answers.filter((answer) => answer.state === "completed");
        expect(finals.length).toBeGreaterThan(0);
        for (const answer of finals) expect(answer).toEqual(finals[0]);
        expect(await complete(session.sessionId)).toEqual(finals[0]);
        expect(await countUsage(on.db, on.me)).toEqual({ ...NOTHING, usedBytes: size, usedFiles: 1 });
        expect(on.proxy.operations.filter((name) => name === publishing)).toHaveLength(times);
        const audits = await on.db
          .selectFrom("audit_logs")
          .select("action")
          .where("action", "=", "file_stored")
          .execute();
        expect(audits).toHaveLength(1);
      },
    );

    it.each([THREE_PARTS, LARGE_PUT, 50_000])(
      "lets exactly one of complete and cancel win (%d bytes)",
      async (size) => {
        for (let round = 0; round < 8; round++) {
          const { session } = await sendAll(size);
          const wait = new Promise((resolve) => setTimeout(resolve, round * 8));
          const [completed, cancelled] = await Promise.allSettled([
            complete(session.sessionId),
            wait.then(() => on.storage.uploads.cancel(on.me, session.sessionId)),
          ]);
          const isStored = completed.status === "fulfilled" && completed.value.state === "completed";
          const outcome = { completed, cancelled, isStored };
          expect(cancelled.status, JSON.stringify(outcome)).toBe(isStored ? "rejected" : "fulfilled");
          if (cancelled.status === "rejected")
            expect(cancelled.reason).toMatchObject({ code: "session_completed" });
          if (completed.status === "rejected")
            expect(completed.reason).toMatchObject({ code: "session_not_open" });
          expect(await on.bucket.has(session.key)).toBe(isStored);
          expect(await on.bucket.openUploads()).toEqual([]);
          await countUsage(on.db, on.me);
        }
      },
    );

    it.each([
      [LARGE_PUT, "HeadObject"],
      [LARGE_PUT, "CopyObject"],
      [50_000, "GetObject"],
      [THREE_PARTS, "ListParts"],
    ])(
      "says of an upload (%d bytes) that it was cancelled, whatever it then missed (%s)",
      async (size, step) => {
        const { session } = await sendAll(size);
        on.proxy.intercept = (operation) => {
          if (operation !== step) return undefined;
          on.proxy.intercept = () => undefined;
          return { before: on.storage.uploads.cancel(on.me, session.sessionId) };
        };
        expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "session_not_open" });
        await requireNothingLeft();
      },
    );

    it("aborts nothing of which a busy store may be making an object after all", async () => {
      const { session, bytes } = await sendAll(LARGE_PUT);
      const twice = Promise.withResolvers<void>();
      let refused = 0;
      on.proxy.intercept = (operation) => {
        if (operation !== "CompleteMultipartUpload" || refused > 0) return ignoreCopyConditions(operation);
        refused += 1;
        return { refuseWith: 503, twice: twice.promise };
      };
      expect(await complete(session.sessionId)).toMatchObject({ state: "completing" });
      expect(refused).toBe(1);
      expect(on.proxy.operations).not.toContain("AbortMultipartUpload");
      twice.resolve();
      await expect.poll(() => on.bucket.has(session.key)).toBe(true);
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
    });

    it.each<[string, object]>([
      ["was lost on the way back", { drop: "after" }],
      ["was a 500 that hid success", { hideBehind: 500 }],
      ["was a 200 cut short", { hideBehind: 200 }],
    ])("stores a file whose answer to Complete %s", async (_, fault) => {
      const { bytes, session } = await sendAll(THREE_PARTS);
      on.proxy.intercept = (operation) => (operation === "CompleteMultipartUpload" ? fault : undefined);
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
      expect(on.proxy.operations.filter((name) => name === "CompleteMultipartUpload")).toHaveLength(1);
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
    });

    it.each([200, 500])(
      "sends Complete once more when the store says in a %d that it failed at it",
      async (status) => {
        const { session } = await sendAll(THREE_PARTS);
        let fault: object | undefined = { refuseWith: status };
        on.proxy.intercept = (operation) => {
          if (operation !== "CompleteMultipartUpload") return undefined;
          const once = fault;
          fault = undefined;
          return once;
        };
        expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
        expect(on.proxy.operations.filter((name) => name === "CompleteMultipartUpload")).toHaveLength(2);
      },
    );

    it("leaves nothing where the store carried out after all what it had refused", async () => {
      const { session } = await sendAll(THREE_PARTS);
      const twice = Promise.withResolvers<void>();
      on.proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { refuseWith: 503, twice: twice.promise } : undefined;
      expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "storage_unavailable" });
      twice.resolve();
      await expect.poll(() => on.bucket.has(session.key)).toBe(true);
      await on.storage.uploads.cancel(on.me, session.sessionId);
      await requireNothingLeft();
    });

    it("stores in the end what the store carried out after all, where nobody cancels it", async () => {
      const { session, bytes } = await sendAll(THREE_PARTS);
      const twice = Promise.withResolvers<void>();
      on.proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { refuseWith: 503, twice: twice.promise } : undefined;
      expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "storage_unavailable" });
      twice.resolve();
      await expect.poll(() => on.bucket.has(session.key)).toBe(true);
      on.proxy.intercept = () => undefined;
      const later = await on.openAnother({ now: () => new Date(Date.now() + 7 * 86_400_000) });
      await later.sweep();
      expect(await on.storage.files.get(on.me, session.fileId)).toMatchObject({ state: "stored" });
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
    });

    it("ends a session that was asked to complete in vain, once its time is up", async () => {
      const { session } = await sendAll(THREE_PARTS);
      on.proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { refuseWith: 503 } : undefined;
      expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "storage_unavailable" });
      const later = await on.openAnother({ now: () => new Date(Date.now() + 7 * 86_400_000) });
      // While the store cannot be asked, it is left as it is.
      on.proxy.intercept = (operation) => (operation === "HeadObject" ? { refuseWith: 503 } : undefined);
      expect(await later.sweep()).toMatchObject({ expired: 0, sessionsAborted: 0 });
      on.proxy.intercept = () => undefined;
      expect(await later.sweep()).toMatchObject({ expired: 1, sessionsAborted: 1, failures: [] });
      await requireNothingLeft();
    });

    it.each(["failed", "deleting"])(
      "does not say completed of a file that somebody made %s",
      async (status) => {
        const { session } = await sendAll(1000);
        await on.db.transaction().execute(async (trx) => {
          await sql`SET LOCAL session_replication_role = 'replica'`.execute(trx);
          await sql`UPDATE file_storage SET status = ${status} WHERE id = ${session.fileId}`.execute(trx);
        });
        expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "upload_failed" });
        expect(await on.storage.uploads.get(on.me, session.sessionId)).toMatchObject({ state: "failed" });
      },
    );

    it("waits out the store's limit after a Complete of unknown fate before it sends another", async () => {
      const { session } = await sendAll(THREE_PARTS);
      on.proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { drop: "before" } : undefined;
      expect(await complete(session.sessionId)).toMatchObject({ state: "completing" });
      on.proxy.intercept = () => undefined;
      expect(await complete(session.sessionId)).toMatchObject({ state: "completing" });
      expect(on.proxy.operations.filter((name) => name === "CompleteMultipartUpload")).toHaveLength(1);
      expect(await rejection(on.storage.uploads.cancel(on.me, session.sessionId))).toMatchObject({
        code: "storage_unavailable",
      });

      const later = await on.openAnother({ now: () => new Date(Date.now() + 601_000) });
      expect(await rejection(complete(session.sessionId, later))).toMatchObject({
        code: "storage_unavailable",
      });
      expect(await complete(session.sessionId, later)).toMatchObject({ state: "completed" });
    });

    it("says which parts are missing, and goes on when they are there", async () => {
      const bytes = wavBytes(THREE_PARTS);
      const session = await begin(on, { size: THREE_PARTS });
      const [, second, third] = session.urls;
      if (!second || !third) throw new Error("three URLs expected");
      await send(session, [second], bytes);
      // Longer and shorter bodies than signed for, and bytes that changed on the way: the store refuses them all.
      const bad = await Promise.all([
        fetch(third.url, { method: "PUT", body: bytes.subarray(0, 1001) }),
        fetch(third.url, { method: "PUT", body: bytes.subarray(0, 999) }),
        fetch(third.url, {
          method: "PUT",
          body: bytes.subarray(0, 1000),
          headers: { "content-md5": createHash("md5").update("other").digest("base64") },
        }),
      ]);
      expect(bad.map(({ status }) => status)).toEqual([403, 403, 400]);
      expect(await rejection(complete(session.sessionId))).toMatchObject({
        code: "parts_missing",
        details: { missing: [1, 3] },
      });
      expect((await on.storage.uploads.get(on.me, session.sessionId)).storedParts).toEqual([
        {
          partNumber: 2,
          size: PART_SIZE,
          etag: createHash("md5")
            .update(bytes.subarray(PART_SIZE, 2 * PART_SIZE))
            .digest("hex"),
        },
      ]);
      const again = await on.storage.uploads.signParts(on.me, session.sessionId, { partNumbers: [1, 3] });
      await send(session, again, bytes);
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
    });

    it("completes no single PUT that has not arrived, or has other bytes than announced", async () => {
      const session = await begin(on, { size: 50_000 });
      expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "parts_missing" });
      await send(session, session.urls, wavBytes(50_000, 1));
      const md5 = createHash("md5").update(wavBytes(50_000, 2)).digest("hex");
      expect(await rejection(on.storage.uploads.complete(on.me, session.sessionId, { md5 }))).toMatchObject({
        code: "parts_missing",
      });
      await send(session, session.urls, wavBytes(50_000, 2));
      const completion = await on.storage.uploads.complete(on.me, session.sessionId, { md5 });
      expect(completion).toMatchObject({ state: "completed", file: { checksumMd5: md5 } });
    });

    it.each([THREE_PARTS, LARGE_PUT, 50_000])(
      "refuses a program named as audio (%d bytes): gone, and the quota back",
      async (size) => {
        const session = await begin(on, { size, name: "song.mp3", type: "audio/mpeg" });
        await send(session, session.urls, executableBytes(size));
        expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "content_mismatch" });
        expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "content_mismatch" });
        expect(await on.storage.uploads.get(on.me, session.sessionId)).toMatchObject({
          state: "failed",
          error: { code: "content_mismatch" },
        });
        await requireNothingLeft();
      },
    );

    it("does not change acknowledged bytes when the PUT is made again", async () => {
      const { bytes, session } = await sendAll(50_000);
      await complete(session.sessionId);
      const replayed = await send(session, session.urls, wavBytes(50_000, 9));
      expect(replayed.get(1)).toBe(200);
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
      await on.storage.sweep();
      expect(await on.bucket.keys()).toEqual([session.key]);
    });

    describe.each<[string, (operation: string) => Fault | undefined]>([
      ["a condition", () => undefined],
      ["no condition", ignoreCopyConditions],
    ])("a single PUT on a store whose copies take %s", (_, ofStore) => {
      /** Completes another first, so that what the store is like is known. */
      const acquaint = async () => {
        on.proxy.intercept = ofStore;
        await upload(on, wavBytes(LARGE_PUT, 3));
        await on.db.deleteFrom("audit_logs").execute();
      };
      const putAgainAt = (step: string, again: () => Promise<unknown>) => {
        let isArmed = true;
        on.proxy.intercept = (operation) => {
          if (!isArmed || operation !== step) return ofStore(operation);
          isArmed = false;
          return { before: again() };
        };
      };
      const isConditional = ofStore("CopyObject") === undefined;
      const publishing = isConditional ? "CopyObject" : "CompleteMultipartUpload";

      it("publishes the bytes that it took or none when the PUT is made again in mid-completion", async () => {
        await acquaint();
        const steps = isConditional
          ? ([
              [50_000, "PutObject", "first"],
              [LARGE_PUT, "HeadObject", "second"],
              [LARGE_PUT, "CopyObject", "none"],
              [LARGE_PUT, "GetObject", "first"],
            ] as const)
          : ([
              [LARGE_PUT, "UploadPartCopy", "second"],
              [LARGE_PUT, "CompleteMultipartUpload", "first"],
              [LARGE_PUT, "GetObject", "first"],
            ] as const);
        for (const [size, step, which] of steps) {
          const { bytes, session } = await sendAll(size);
          const others = wavBytes(size, 9);
          putAgainAt(step, () => send(session, session.urls, others));
          if (which === "none") {
            expect(await rejection(complete(session.sessionId)), step).toMatchObject({
              code: "upload_failed",
            });
            expect(await on.bucket.has(session.key)).toBe(false);
            continue;
          }
          const taken = which === "first" ? bytes : others;
          const md5 = createHash("md5").update(taken).digest("hex");
          expect(await complete(session.sessionId), step).toMatchObject({ file: { checksumMd5: md5 } });
          expect(Buffer.from(await on.bucket.read(session.key)).equals(taken), step).toBe(true);
        }
        await on.storage.sweep();
        expect(await on.bucket.keys("temp/")).toEqual([]);
        expect(await on.bucket.openUploads()).toEqual([]);
        await countUsage(on.db, on.me);
      });

      it("publishes the bytes it chose or none when the PUT is made again after a crash", async () => {
        await acquaint();
        for (const [size, step] of [
          [50_000, "PutObject"],
          [LARGE_PUT, publishing],
        ] as const) {
          const { session } = await sendAll(size);
          on.proxy.intercept = (operation) => (operation === step ? { refuseWith: 500 } : ofStore(operation));
          expect(await complete(session.sessionId)).toMatchObject({ state: "completing" });
          on.proxy.intercept = ofStore;
          await send(session, session.urls, wavBytes(size, 9));
          expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "upload_failed" });
          expect(await on.bucket.has(session.key)).toBe(false);
        }
        const impatient = await on.openAnother({ settings: { leftoverGraceMs: 0 } });
        await impatient.sweep();
        expect(await on.bucket.openUploads()).toEqual([]);
        await countUsage(on.db, on.me);
      });
    });

    it("does not take a store's silence for a condition", async () => {
      const { session } = await sendAll(LARGE_PUT);
      on.proxy.intercept = (operation) => (operation === "CopyObject" ? { refuseWith: 503 } : undefined);
      expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "storage_unavailable" });
      on.proxy.intercept = ignoreCopyConditions;
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
      expect(on.proxy.operations).toContain("UploadPartCopy");
    });

    it.each<[string, object]>([
      ["was lost on the way back", { drop: "after" }],
      ["was a 500 that hid success", { hideBehind: 500 }],
    ])("stores a small file whose publication's answer %s", async (_, fault) => {
      const { bytes, session } = await sendAll(50_000);
      on.proxy.intercept = (operation) => (operation === "PutObject" ? fault : undefined);
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
      expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
    });

    it("goes on where it was: sends only what is missing, under the same session", async () => {
      const size = 3 * PART_SIZE;
      const bytes = wavBytes(size);
      const session = await begin(on, { size, name: "long.wav" });
      await send(session, session.urls.slice(0, 2), bytes);
      const resumed = await begin(on, { size, name: "long.wav", resume: session.sessionId });
      expect(resumed).toMatchObject({ sessionId: session.sessionId, resumed: true });
      expect(resumed.storedParts.map(({ partNumber }) => partNumber)).toEqual([1, 2]);
      expect(resumed.urls.map(({ partNumber }) => partNumber)).toEqual([3]);
      const other = await begin(on, { size: size + 1, name: "long.wav", resume: session.sessionId });
      expect(other).toMatchObject({ resumed: false });
      expect(other.sessionId).not.toBe(session.sessionId);

      expect((await on.storage.uploads.listOpen(on.me)).map(({ sessionId }) => sessionId).sort()).toEqual(
        [session.sessionId, other.sessionId].sort(),
      );
      await send(session, resumed.urls, bytes);
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
    });

    it.each([3 * PART_SIZE, 50_000])(
      "answers who goes on with a completed session of %d bytes with the parts it was made of, while its file is there",
      async (size) => {
        const { bytes, session } = await sendAll(size);
        const { sessionId, partSize, name } = session;
        await complete(sessionId);
        const resumed = await begin(on, { size, name, resume: sessionId });
        expect(resumed).toMatchObject({ sessionId, resumed: true, state: "completed", urls: [] });
        const md5s = resumed.storedParts.map(({ partNumber, etag }) => {
          const part = bytes.subarray((partNumber - 1) * partSize, partNumber * partSize);
          expect(etag).toBe(createHash("md5").update(part).digest("hex"));
          return part.length;
        });
        expect(md5s.reduce((sum, bytes) => sum + bytes, 0)).toBe(size);
        expect(await complete(sessionId)).toMatchObject({ state: "completed", file: { id: session.fileId } });
        expect(await countUsage(on.db, on.me)).toEqual({ ...NOTHING, usedBytes: size, usedFiles: 1 });

        await on.storage.files.delete(on.me, session.fileId);
        const again = await begin(on, { size, name, resume: sessionId });
        expect(again).toMatchObject({ resumed: false });
        expect(again.sessionId).not.toBe(sessionId);
      },
    );

    it("answers a repeated create with the same sessions and fresh URLs, and refuses another request under its key", async () => {
      const files = [newUpload({ size: THREE_PARTS }), newUpload({ size: 10 }), newUpload({ size: 0 })];
      const [first, repeated] = await Promise.all([
        on.storage.uploads.create(on.me, files, { idempotencyKey: "k" }),
        on.storage.uploads.create(on.me, files, { idempotencyKey: "k" }),
      ]);
      const ids = (results: typeof first) =>
        results.map((result) => ("session" in result ? result.session.sessionId : result.error.code));
      expect(ids(first)).toEqual(ids(repeated));
      expect(ids(first)[2]).toBe("file_empty");
      expect(await countUsage(on.db, on.me)).toMatchObject({
        reservedFiles: 2,
        reservedBytes: THREE_PARTS + 10,
      });
      expect(await on.bucket.openUploads()).toHaveLength(1);
      const changed = files.map((file) => ({ ...file, size: file.size + 1 }));
      const conflicts = await on.storage.uploads.create(on.me, changed.slice(0, 2), { idempotencyKey: "k" });
      expect(ids(conflicts)).toEqual(["idempotency_conflict", "idempotency_conflict"]);
    });

    it.each([THREE_PARTS, 50_000])(
      "cancels: nothing left at the store, the quota back (%d bytes)",
      async (size) => {
        const { session } = await sendAll(size);
        const answers = await Promise.all(
          Array.from({ length: 5 }, () => on.storage.uploads.cancel(on.me, session.sessionId)),
        );
        for (const { state } of answers) expect(["aborting", "aborted"]).toContain(state);
        expect(await on.storage.uploads.cancel(on.me, session.sessionId)).toMatchObject({ state: "aborted" });
        expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "session_not_open" });
        expect(
          await rejection(on.storage.uploads.signParts(on.me, session.sessionId, { partNumbers: [1] })),
        ).toMatchObject({ code: "session_not_open", details: { state: "aborted" } });
        await requireNothingLeft();
      },
    );

    it("cancels while parts are on their way", async () => {
      const session = await begin(on, { size: THREE_PARTS });
      const sending = send(session, session.urls, wavBytes(THREE_PARTS));
      await on.storage.uploads.cancel(on.me, session.sessionId);
      await sending;
      await on.storage.sweep();
      await requireNothingLeft();
    });

    it.each(["get", "complete"] as const)("says so when the store has lost an upload (%s)", async (call) => {
      const { session } = await sendAll(THREE_PARTS);
      const row = await on.db
        .selectFrom("multipart_uploads")
        .select("spaces_upload_id")
        .executeTakeFirstOrThrow();
      await on.bucket.abort(session.key, row.spaces_upload_id ?? "");
      if (call === "get") {
        expect(await on.storage.uploads.get(on.me, session.sessionId)).toMatchObject({
          state: "failed",
          error: { code: "upload_failed" },
        });
      }
      expect(await rejection(complete(session.sessionId))).toMatchObject({ code: "upload_failed" });
      await requireNothingLeft();
    });

    it("goes on when the store was away while the upload was set up", async () => {
      on.proxy.intercept = () => ({ refuseWith: 503 });
      const session = await begin(on, { size: THREE_PARTS });
      expect(session).toMatchObject({ state: "creating", urls: [] });
      expect(
        await rejection(on.storage.uploads.signParts(on.me, session.sessionId, { partNumbers: [1] })),
      ).toMatchObject({ code: "storage_unavailable" });
      on.proxy.intercept = () => undefined;
      const urls = await on.storage.uploads.signParts(on.me, session.sessionId, { partNumbers: [1, 2, 3] });
      await send(session, urls, wavBytes(THREE_PARTS));
      expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
    });

    it("takes away uploads that a crash left at the key of a finished one, and no other", async () => {
      const { session } = await sendAll(THREE_PARTS);
      await complete(session.sessionId);
      const open = await begin(on, { size: THREE_PARTS });
      const nobodys = "audio/uploads/2026/11/of-nobody.wav";
      const keys = [session.key, session.key, nobodys];
      for (const Key of keys) {
        await on.bucket.client.send(new CreateMultipartUploadCommand({ Bucket: on.bucket.name, Key }));
      }
      await on.storage.sweep();
      expect((await on.bucket.openUploads()).toSorted()).toEqual([...keys, open.key].toSorted());
      const impatient = await on.openAnother({ settings: { leftoverGraceMs: 0 } });
      expect(await impatient.sweep()).toMatchObject({ failures: [] });
      expect((await on.bucket.openUploads()).toSorted()).toEqual([nobodys, open.key].toSorted());
    });

    it("ends what has expired", async () => {
      await begin(on, { size: THREE_PARTS });
      await sendAll(50_000);
      await sendAll(THREE_PARTS);
      const tomorrow = await on.openAnother({ now: () => new Date(Date.now() + 25 * 3600_000) });
      expect(await tomorrow.uploads.listOpen(on.me)).toEqual([]);
      const reports = await Promise.all([tomorrow.sweep(), tomorrow.sweep(), tomorrow.sweep()]);
      expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
      expect(reports.reduce((sum, report) => sum + report.sessionsAborted, 0)).toBe(3);
      await requireNothingLeft();
    });

    describe("a server that stalls at any step, and wakes when another has taken over", () => {
      // A number after a step: at which of them, where there is more than one.
      const flows: [string, number, string[]][] = [
        ["several parts", THREE_PARTS, ["ListParts", "CompleteMultipartUpload", "HeadObject", "GetObject"]],
        ["a small single PUT", 50_000, ["GetObject", "PutObject", "DeleteObject"]],
        [
          "a single PUT",
          LARGE_PUT,
          ["HeadObject", "CopyObject 1", "CopyObject 2", "GetObject", "DeleteObject"],
        ],
        [
          "a single PUT without conditions",
          LARGE_PUT,
          ["CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload", "GetObject", "DeleteObject"],
        ],
      ];
      const cases = flows.flatMap(([name, size, steps]) =>
        steps.flatMap((step) => (["before", "after"] as const).map((when) => ({ name, size, step, when }))),
      );

      it.each(cases)("completing $name: $when $step", async ({ name, size, step, when }) => {
        const ofStore = name.endsWith("without conditions") ? ignoreCopyConditions : () => undefined;
        const [stalledAt, times = "1"] = step.split(" ");
        const { bytes, session } = await sendAll(size);
        // A clock a minute behind makes a lease that has run out as soon as it is taken.
        const stalled = await on.openAnother({ now: () => new Date(Date.now() - 60_000) });
        const held = gate();
        const reached = gate();
        let left = Number(times);
        on.proxy.intercept = (operation) => {
          if (operation !== stalledAt || --left !== 0) return ofStore(operation);
          reached.open();
          return { [when]: held.opened };
        };
        const stalledAnswer = complete(session.sessionId, stalled).catch((error: unknown) => error);
        await reached.opened;

        const answer = await finish(session.sessionId);
        expect(answer.file).toMatchObject({ state: "stored", size });
        held.open();
        await stalledAnswer;
        expect(await complete(session.sessionId)).toEqual(answer);
        expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
        await on.storage.sweep();
        expect(await on.bucket.keys()).toEqual([session.key]);
        expect(await on.bucket.openUploads()).toEqual([]);
        expect(await countUsage(on.db, on.me)).toEqual({ ...NOTHING, usedBytes: size, usedFiles: 1 });
      });

      it.each(["before", "after"] as const)("creating: %s CreateMultipartUpload", async (when) => {
        const stalled = await on.openAnother({ now: () => new Date(Date.now() - 60_000) });
        const held = gate();
        const reached = gate();
        let isArmed = true;
        on.proxy.intercept = (operation) => {
          if (!isArmed || operation !== "CreateMultipartUpload") return undefined;
          isArmed = false;
          reached.open();
          return { [when]: held.opened };
        };
        const file = newUpload({ size: THREE_PARTS });
        const first = stalled.uploads.create(on.me, [file], { idempotencyKey: "k" });
        await reached.opened;
        const session = await begin(on, file, { idempotencyKey: "k" });
        expect(session.urls).toHaveLength(3);
        held.open();
        const [late] = await first;
        expect(late).toMatchObject({ session: { sessionId: session.sessionId, state: "active" } });
        await send(session, session.urls, wavBytes(THREE_PARTS));
        expect(await complete(session.sessionId)).toMatchObject({ state: "completed" });
        expect(await on.bucket.openUploads()).toEqual([]);
      });

      it.each([
        [THREE_PARTS, "AbortMultipartUpload", "before"],
        [THREE_PARTS, "AbortMultipartUpload", "after"],
        [THREE_PARTS, "ListParts", "before"],
        [50_000, "DeleteObject", "before"],
        [50_000, "DeleteObject", "after"],
      ] as const)("cancelling %d bytes: %s %s", async (size, step, when) => {
        const { session } = await sendAll(size);
        const stalled = await on.openAnother({ now: () => new Date(Date.now() - 60_000) });
        const held = gate();
        const reached = gate();
        let isArmed = true;
        on.proxy.intercept = (operation) => {
          if (!isArmed || operation !== step) return undefined;
          isArmed = false;
          reached.open();
          return { [when]: held.opened };
        };
        const stalledAnswer = stalled.uploads.cancel(on.me, session.sessionId);
        await reached.opened;
        expect(await countUsage(on.db, on.me)).toEqual(NOTHING);
        expect(await on.storage.sweep()).toMatchObject({ sessionsAborted: 1, failures: [] });
        held.open();
        await stalledAnswer;
        await requireNothingLeft();
      });

      /** Asks until there is a result; where Complete was sent and never arrived, that takes the store's time limit. */
      async function finish(sessionId: string): Promise<Completion & { state: "completed" }> {
        const later = await on.openAnother({ now: () => new Date(Date.now() + 601_000) });
        for (const storage of [on.storage, later, later]) {
          const answer = await complete(sessionId, storage).catch(() => undefined);
          if (answer?.state === "completed") return answer;
        }
        throw new Error("not completed");
      }
    });

    it("sweeps up completions that nobody asks for any more", async () => {
      const { session } = await sendAll(THREE_PARTS);
      const stalled = await on.openAnother({ now: () => new Date(Date.now() - 60_000) });
      const held = gate();
      const reached = gate();
      on.proxy.intercept = (operation) => {
        if (operation !== "GetObject") return undefined;
        reached.open();
        return { before: held.opened };
      };
      const answer = complete(session.sessionId, stalled);
      await reached.opened;
      on.proxy.intercept = () => undefined;
      expect(await on.storage.sweep()).toMatchObject({ sessionsCompleted: 1, failures: [] });
      held.open();
      expect(await answer).toMatchObject({ state: "completed" });
    });

    it("writes down how many bytes of a file went each way", async () => {
      const bytes = wavBytes(5_000);
      await upload(on, bytes);
      await on.storage.close();
      const rows = await on.db
        .selectFrom("spaces_operations")
        .select(["http_method", "request_size", "response_size"])
        .where("operation_type", "in", ["upload", "download"])
        .orderBy("started_at")
        .execute();
      expect(rows.map((row) => [row.http_method, row.request_size, row.response_size].map(String))).toEqual([
        ["GET", "null", "5000"],
        ["PUT", "5000", "null"],
      ]);
    });

    it("writes every call to the store down, and no signature", async () => {
      await upload(on, wavBytes(THREE_PARTS));
      await on.storage.close();
      const rows = await on.db.selectFrom("spaces_operations").selectAll().orderBy("started_at").execute();
      expect(rows.map((row) => row.operation_type)).toEqual(["upload", "list", "upload", "head", "download"]);
      for (const row of rows) {
        expect(row).toMatchObject({
          success: true,
          user_id: on.me.userId,
          file_storage_id: expect.any(String),
        });
      }
      expect(JSON.stringify(rows)).not.toMatch(/signature|credential|x-amz/i);
    });
  });
}
