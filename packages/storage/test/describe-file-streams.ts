import { createHash, randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import type { FileRecord } from "@audiotricks/protocol/messages";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NewFileStream } from "../src/index.ts";
import { countUsage, gate, openTestStorage, type TestStorage, type TestStore } from "./test-storage.ts";

const MiB = 1024 * 1024;
const service = { service: "transcripts" };
const SUBTITLES = Buffer.from("1\n00:00:00,000 --> 00:00:02,000\nГрай, музико! 音楽\n\n".repeat(2_000));
const pdf = (size: number) => Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(size - 9)]);

/** What services write as they make it. */
export function describeFileStreams(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`files that services write, on ${server}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    beforeAll(async () => {
      store = await open();
      on = await openTestStorage(store);
    });
    beforeEach(async () => {
      on.me = { userId: await seedUser(on.db) };
      on.proxy.operations.length = 0;
    });
    afterAll(async () => {
      await on[Symbol.asyncDispose]();
      await store.close();
    });

    const put = (
      file: Partial<NewFileStream> & Pick<NewFileStream, "source">,
      options?: { idempotencyKey?: string; signal?: AbortSignal },
    ) =>
      on.storage.files.putStream(service, { userId: on.me.userId, name: "take one.pdf", ...file }, options);
    const headOf = (file: Pick<FileRecord, "key">) =>
      on.bucket.client.send(new HeadObjectCommand({ Bucket: on.bucket.name, Key: file.key }));
    const expectNothingLeft = async () => {
      expect(await countUsage(on.db, on.me)).toMatchObject({
        usedBytes: 0,
        reservedBytes: 0,
        usedFiles: 0,
        reservedFiles: 0,
      });
      const rows = await on.db
        .selectFrom("file_storage")
        .select(["status", "storage_path"])
        .where("former_user_id", "=", on.me.userId)
        .execute();
      for (const { status, storage_path } of rows) {
        expect(status).toBe("failed");
        expect(await on.bucket.has(storage_path)).toBe(false);
        expect(await on.bucket.openUploads()).not.toContain(storage_path);
      }
    };

    it("stores subtitles as gzip, which whoever fetches them gets unpacked, under their own name", async () => {
      const file = await put({ name: "Грай.srt", source: pieces(SUBTITLES) });
      expect(file).toMatchObject({
        state: "stored",
        type: "text/plain; charset=utf-8",
        contentType: "export_file",
        ownerId: on.me.userId,
        accessLevel: "private",
      });
      expect(file.key).toMatch(/^exports\/transcripts\/\d{4}\/\d\d\/[0-9a-f-]{36}\.srt$/);
      const stored = await on.bucket.read(file.key);
      expect(stored.length).toBeLessThan(SUBTITLES.length / 10);
      expect(gunzipSync(stored).equals(SUBTITLES)).toBe(true);
      expect(file.size).toBe(stored.length);
      expect(file.checksumSha256).toBe(createHash("sha256").update(stored).digest("hex"));
      expect(await headOf(file)).toMatchObject({
        ContentEncoding: "gzip",
        ContentType: "text/plain; charset=utf-8",
        ContentDisposition: "attachment",
      });
      const { url } = await on.storage.files.download(on.me, file.id, { disposition: "attachment" });
      const answer = await fetch(url);
      expect(answer.headers.get("content-disposition")).toContain("%D0%93%D1%80%D0%B0%D0%B9.srt");
      expect(Buffer.from(await answer.arrayBuffer()).equals(SUBTITLES)).toBe(true);
      expect(await countUsage(on.db, on.me)).toEqual({
        usedBytes: stored.length,
        reservedBytes: 0,
        usedFiles: 1,
        reservedFiles: 0,
      });
    });

    it("stores as it is what is packed already, in parts once it is large, and reserves as it grows", async () => {
      const bytes = pdf(21 * MiB);
      const reserved: number[] = [];
      const source = (async function* () {
        for await (const piece of pieces(bytes, 3 * MiB)) {
          reserved.push((await countUsage(on.db, on.me))?.reservedBytes ?? 0);
          yield piece;
        }
      })();
      const file = await put({ source });
      expect(Buffer.from(await on.bucket.read(file.key)).equals(bytes)).toBe(true);
      expect((await headOf(file)).ContentEncoding).toBeUndefined();
      expect(file.size).toBe(bytes.length);
      expect(new Set(reserved)).toEqual(new Set([0, 8 * MiB, 80 * MiB]));
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: bytes.length, reservedBytes: 0 });
    });

    it("tells of it once, by an event, and takes it away after a week unless told otherwise", async () => {
      const week = await put({ source: pieces(pdf(100)) });
      const kept = await put({ source: pieces(pdf(100)), expiresAt: null });
      const day = await put({ source: pieces(pdf(100)), expiresAt: new Date(Date.now() + 86_400_000) });
      const { rows } = await sql<{ type: string }>`
        SELECT event_type AS type FROM outbox_events WHERE ordering_key = ${`file:${week.id}`}`.execute(
        on.db,
      );
      expect(rows).toEqual([{ type: "file.stored" }]);
      expect(Date.parse(week.expiresAt ?? "") - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
      expect(kept.expiresAt).toBeNull();
      const later = await on.openAnother({
        now: () => new Date(Date.now() + 8 * 86_400_000),
        settings: { sweepRest: 0 },
      });
      await sql`UPDATE expiry_watch SET seen_at = now()`.execute(on.db);
      await later.sweep();
      await later.sweep();
      expect(await Promise.all([week, kept, day].map(({ key }) => on.bucket.has(key)))).toEqual([
        false,
        true,
        false,
      ]);
    });

    it("lets nothing leave that the quota has no room for, and gives back what it had", async () => {
      await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${on.me.userId}, ${20 * MiB})`.execute(
        on.db,
      );
      let taken = 0;
      const endless = (async function* () {
        yield pdf(100);
        for (;;) {
          taken += MiB;
          yield randomBytes(MiB);
        }
      })();
      await expect(put({ source: endless })).rejects.toMatchObject({
        code: "quota_exceeded",
        details: { scope: "user", limitBytes: 20 * MiB },
      });
      expect(taken).toBeLessThan(40 * MiB);
      await expectNothingLeft();
      // What fits to the byte does.
      const file = await put({ source: pieces(pdf(20 * MiB)) });
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: file.size, reservedBytes: 0 });
    });

    it("counts in the workspace too, for whose members it is", async () => {
      const workspaceId = await seedWorkspace(on.db, { members: { [on.me.userId]: "viewer" } });
      await sql`INSERT INTO storage_quotas (workspace_id, max_storage_bytes) VALUES (${workspaceId}, ${10 * MiB})`.execute(
        on.db,
      );
      await expect(put({ source: pieces(pdf(11 * MiB)), workspaceId })).rejects.toMatchObject({
        code: "quota_exceeded",
        details: { scope: "workspace" },
      });
      await expectNothingLeft();
      expect(await put({ source: pieces(pdf(MiB)), workspaceId })).toMatchObject({
        accessLevel: "workspace",
        workspaceId,
      });
    });

    it.each([
      ["the source fails", () => ({ source: failing(pdf(9 * MiB)) }), { message: "no more" }],
      ["the source fails at once", () => ({ source: failing(Buffer.alloc(0)) }), { message: "no more" }],
      [
        "the source of what is packed fails",
        () => ({ name: "a.json", source: failing(randomBytes(20 * MiB)) }),
        { message: "no more" },
      ],
      [
        "it is larger than it may be",
        () => ({ source: pieces(pdf(9 * MiB)), maxSize: 8.5 * MiB }),
        { code: "file_too_large" },
      ],
      ["it is empty", () => ({ source: pieces(Buffer.alloc(0)) }), { code: "file_empty" }],
      [
        "it is not what its name says",
        () => ({ source: pieces(randomBytes(100)) }),
        { code: "content_mismatch" },
      ],
      [
        "a text is none",
        () => ({ name: "a.txt", source: pieces(Buffer.alloc(5_000)) }),
        { code: "content_mismatch" },
      ],
      [
        "it is a sound",
        () => ({ name: "a.wav", source: pieces(Buffer.alloc(5_000)) }),
        { code: "type_not_allowed" },
      ],
      [
        "its name is no text",
        () => ({ name: "\ud800.pdf", source: pieces(pdf(100)) }),
        { code: "invalid_request" },
      ],
      [
        "its name is too long",
        () => ({ name: `${"a".repeat(500)}.pdf`, source: pieces(pdf(100)) }),
        { code: "invalid_request" },
      ],
      [
        "its time is over",
        () => ({ source: pieces(pdf(100)), expiresAt: new Date(0) }),
        { code: "invalid_request" },
      ],
      [
        "its time is none",
        () => ({ source: pieces(pdf(100)), expiresAt: new Date(Number.NaN) }),
        { code: "invalid_request" },
      ],
      [
        "nobody knows the user",
        () => ({ source: pieces(pdf(100)), userId: crypto.randomUUID() }),
        { code: "unknown_user" },
      ],
      [
        "there is no such workspace",
        () => ({ source: pieces(pdf(100)), workspaceId: crypto.randomUUID() }),
        { code: "workspace_not_found" },
      ],
    ])("leaves nothing when %s", async (_, file, error) => {
      // So that there is a counter to look at.
      await on.storage.files
        .putStream(service, { userId: on.me.userId, name: "a.pdf", source: pieces(pdf(10)) })
        .then(({ id }) => on.storage.files.delete(on.me, id));
      await sql`DELETE FROM multipart_uploads WHERE former_user_id = ${on.me.userId}`.execute(on.db);
      await sql`DELETE FROM file_storage WHERE former_user_id = ${on.me.userId}`.execute(on.db);
      await expect(put(file())).rejects.toMatchObject(error);
      await expectNothingLeft();
    });

    it("ends when it is told to, and is nothing that a browser could go on with", async () => {
      const controller = new AbortController();
      const source = (async function* () {
        yield pdf(9 * MiB);
        expect(await on.storage.uploads.listOpen(on.me)).toEqual([]);
        controller.abort(new Error("enough"));
        await new Promise(() => undefined);
      })();
      await expect(put({ source }, { signal: controller.signal })).rejects.toThrow("enough");
      await expectNothingLeft();
    });

    it("finds the file of the first when it is repeated, and refuses another under the same key", async () => {
      const idempotencyKey = "transcript 1";
      const bytes = pdf(100);
      const first = await put({ source: pieces(bytes) }, { idempotencyKey });
      const repeated = await put({ source: pieces(bytes) }, { idempotencyKey });
      expect(repeated).toEqual(first);
      await expect(put({ source: pieces(bytes), name: "b.pdf" }, { idempotencyKey })).rejects.toMatchObject({
        code: "idempotency_conflict",
      });
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 100, usedFiles: 1 });
    });

    it("is written again from the beginning where the first was cut off, and by one of both", async () => {
      const idempotencyKey = "transcript 2";
      const bytes = pdf(17 * MiB);
      const stuck = gate();
      const reached = gate();
      const controller = new AbortController();
      const first = put(
        {
          source: (async function* () {
            yield bytes.subarray(0, 9 * MiB);
            reached.open();
            await stuck.opened;
          })(),
        },
        { idempotencyKey, signal: controller.signal },
      );
      await reached.opened;
      const second = await put({ source: pieces(bytes) }, { idempotencyKey });
      controller.abort();
      expect(await first).toEqual(second);
      expect(Buffer.from(await on.bucket.read(second.key)).equals(bytes)).toBe(true);
      expect(await countUsage(on.db, on.me)).toMatchObject({
        usedBytes: bytes.length,
        reservedBytes: 0,
        usedFiles: 1,
      });
      stuck.open();
    });

    it("begins anew under the same key after a failure", async () => {
      const idempotencyKey = "transcript 3";
      await expect(put({ source: failing(pdf(9 * MiB)) }, { idempotencyKey })).rejects.toThrow("no more");
      expect(await put({ source: pieces(pdf(100)) }, { idempotencyKey })).toMatchObject({
        state: "stored",
        size: 100,
      });
    });
  });
}

async function* pieces(bytes: Uint8Array, length = 100_000): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += length) yield bytes.subarray(offset, offset + length);
}

async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* pieces(bytes);
  throw new Error("no more");
}
