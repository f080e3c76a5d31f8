import { wavBytes } from "@audiotricks/testing/audio";
import { UploadPartCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countUsage, openTestStorage, PART_SIZE, type TestStorage, type TestStore } from "./test-storage.ts";

const MiB = 1024 * 1024;
const FILE = { name: "old app.wav", type: "audio/wav" };

/** What an unmodified Uppy makes of our `/s3` routes, on any S3 server we say we support. */
export function describeS3Compat(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`/s3 uploads on ${server}`, { timeout: 60_000 }, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      on = await openTestStorage(store, { settings: { unknownSizeCeiling: 64 * MiB, s3PartsAhead: 2 } });
    });
    afterEach(() => on[Symbol.asyncDispose]());

    const put = async (url: string, body: Uint8Array<ArrayBuffer>): Promise<string> => {
      const answer = await fetch(url, { method: "PUT", body });
      expect(answer.status).toBe(200);
      return answer.headers.get("etag")?.replaceAll('"', "") ?? "";
    };
    const sendPart = async (
      upload: { key: string; uploadId: string },
      partNumber: number,
      body: Uint8Array<ArrayBuffer>,
    ) => {
      const { url } = await on.storage.s3.signPart(on.me, upload, partNumber);
      return { partNumber, etag: await put(url, body) };
    };

    it("completes parts of a size nobody announced, and counts what came", async () => {
      const bytes = wavBytes(6 * MiB + 77);
      const upload = await on.storage.s3.createMultipart(on.me, FILE);
      expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 64 * MiB });
      // Not our plan's size.
      const parts = [
        await sendPart(upload, 1, bytes.subarray(0, 6 * MiB)),
        await sendPart(upload, 2, bytes.subarray(6 * MiB)),
      ];
      expect(await on.storage.s3.listParts(on.me, upload)).toMatchObject([{ size: 6 * MiB }, { size: 77 }]);

      for (const wrong of [
        parts.slice(0, 1),
        [...parts, { partNumber: 3, etag: "x" }],
        [{ partNumber: 1, etag: "x" }],
      ]) {
        await expect(on.storage.s3.complete(on.me, upload, wrong)).rejects.toMatchObject({
          code: "parts_missing",
        });
      }
      const done = await on.storage.s3.complete(on.me, upload, parts);
      expect(done).toEqual({
        key: upload.key,
        bucket: on.bucket.name,
        location: `${on.proxy.endpoint}/${on.bucket.name}/${upload.key}`,
      });
      expect(await on.storage.s3.complete(on.me, upload, parts)).toEqual(done);
      expect(Buffer.from(await on.bucket.read(upload.key)).equals(bytes)).toBe(true);
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: bytes.length, reservedBytes: 0 });
      const { files } = await on.storage.files.list(on.me, { limit: 10 });
      expect(files).toMatchObject([{ name: "old app.wav", size: bytes.length, state: "stored" }]);
    });

    it("ends an upload that is larger than what was reserved for it", async () => {
      const upload = await on.storage.s3.createMultipart(on.me, { ...FILE, size: 6 * MiB });
      await sendPart(upload, 1, wavBytes(5 * MiB));
      await sendPart(upload, 2, wavBytes(5 * MiB));
      await expect(on.storage.s3.signPart(on.me, upload, 3)).rejects.toMatchObject({
        code: "quota_exceeded",
      });
      expect(await on.bucket.openUploads()).toEqual([]);
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
      await expect(on.storage.s3.signPart(on.me, upload, 1)).rejects.toMatchObject({
        code: "session_not_open",
      });
    });

    it("completes nothing above the reservation, though it was sent before anyone counted", async () => {
      const upload = await on.storage.s3.createMultipart(on.me, { ...FILE, size: 6 * MiB });
      const parts = [
        await sendPart(upload, 1, wavBytes(5 * MiB)),
        await sendPart(upload, 2, wavBytes(5 * MiB)),
      ];
      await expect(on.storage.s3.complete(on.me, upload, parts)).rejects.toMatchObject({
        code: "size_mismatch",
      });
      expect(await on.bucket.keys()).toEqual([]);
      expect(await on.bucket.openUploads()).toEqual([]);
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 0, reservedBytes: 0 });
    });

    it("signs only a few parts beyond those that are there", async () => {
      const upload = await on.storage.s3.createMultipart(on.me, FILE);
      await on.storage.s3.signPart(on.me, upload, 2);
      await expect(on.storage.s3.signPart(on.me, upload, 3)).rejects.toMatchObject({
        code: "invalid_request",
      });
      await sendPart(upload, 1, wavBytes(PART_SIZE));
      await on.storage.s3.signPart(on.me, upload, 3);
    });

    it("reserves what is left where the ceiling does not fit, and refuses when nothing is", async () => {
      await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${on.me.userId}, ${20 * MiB})`.execute(
        on.db,
      );
      await on.storage.s3.createMultipart(on.me, FILE);
      expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 20 * MiB });
      await expect(on.storage.s3.createMultipart(on.me, FILE)).rejects.toMatchObject({
        code: "quota_exceeded",
      });
      await expect(on.storage.s3.createMultipart(on.me, { ...FILE, size: 1 })).rejects.toMatchObject({
        code: "quota_exceeded",
      });
    });

    it("aborts, again and again", async () => {
      const upload = await on.storage.s3.createMultipart(on.me, FILE);
      await sendPart(upload, 1, wavBytes(PART_SIZE));
      await on.storage.s3.abort(on.me, upload);
      await on.storage.s3.abort(on.me, upload);
      expect(await on.bucket.openUploads()).toEqual([]);
      await expect(on.storage.s3.complete(on.me, upload, [])).rejects.toMatchObject({
        code: "session_not_open",
      });
    });

    it("finishes a file that came by a form, with nobody asking", async () => {
      const bytes = wavBytes(100_000);
      const { url, fields } = await on.storage.s3.presignPost(on.me, FILE);
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      form.set("file", new Blob([bytes]), "old app.wav");
      const answer = await fetch(url, { method: "POST", body: form });
      expect(answer.status, await answer.text()).toBe(201);
      expect(await on.storage.sweep()).toMatchObject({ sessionsCompleted: 1, failures: [] });
      expect(await on.storage.sweep()).toMatchObject({ sessionsCompleted: 0, failures: [] });
      const { files } = await on.storage.files.list(on.me, { limit: 10 });
      expect(files).toMatchObject([{ size: bytes.length, state: "stored", type: "audio/wav" }]);
      expect(await on.bucket.keys()).toEqual([files[0]?.key]);
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: bytes.length, reservedBytes: 0 });
    });

    it("lets a form bring no more bytes, no other key and no other type than it was made for", async () => {
      const { url, fields } = await on.storage.s3.presignPost(on.me, { ...FILE, size: 1000 });
      const post = async (changed: Record<string, string>, size: number) => {
        const form = new FormData();
        for (const [name, value] of Object.entries({ ...fields, ...changed })) form.set(name, value);
        form.set("file", new Blob([wavBytes(size)]));
        const answer = await fetch(url, { method: "POST", body: form });
        await answer.arrayBuffer();
        return answer.ok;
      };
      expect(await post({}, 1001)).toBe(false);
      expect(await post({ key: "audio/uploads/elsewhere.wav" }, 1000)).toBe(false);
      expect(await post({ "Content-Type": "text/html" }, 1000)).toBe(false);
      expect(await on.bucket.keys()).toEqual([]);
      expect(await post({}, 1000)).toBe(true);
    });

    it("hears of an upload only by its own key, door and user", async () => {
      const upload = await on.storage.s3.createMultipart(on.me, FILE);
      const stranger = { userId: crypto.randomUUID() };
      const notFound = { code: "session_not_found" };
      await expect(on.storage.s3.signPart(stranger, upload, 1)).rejects.toMatchObject(notFound);
      await expect(on.storage.s3.signPart(on.me, { ...upload, key: "audio/x.wav" }, 1)).rejects.toMatchObject(
        notFound,
      );
      const [mine] = await on.storage.uploads.create(on.me, [
        { clientId: "1", name: "a.wav", size: PART_SIZE * 3, type: "", contentType: "audio_file" },
      ]);
      if (mine === undefined || "error" in mine) throw new Error("not created");
      const other = { key: mine.session.key, uploadId: mine.session.sessionId };
      await expect(on.storage.s3.signPart(on.me, other, 1)).rejects.toMatchObject(notFound);
    });

    it("lists more parts than fit on a page", { timeout: 120_000 }, async () => {
      const upload = await on.storage.s3.createMultipart(on.me, FILE);
      const { spaces_upload_id } = await on.db
        .selectFrom("multipart_uploads")
        .select("spaces_upload_id")
        .executeTakeFirstOrThrow();
      const target = { Bucket: on.bucket.name, Key: upload.key, UploadId: spaces_upload_id ?? "" };
      const numbers = Array.from({ length: 1005 }, (_, index) => index + 1);
      const rest = numbers.values();
      const lane = async () => {
        for (const PartNumber of rest) {
          await on.bucket.client.send(new UploadPartCommand({ ...target, PartNumber, Body: wavBytes(45) }));
        }
      };
      await Promise.all(Array.from({ length: 16 }, lane));
      const parts = await on.storage.s3.listParts(on.me, upload);
      expect(parts.map(({ partNumber }) => partNumber)).toEqual(numbers);
      await on.storage.s3.signPart(on.me, upload, 1006);
      await on.storage.s3.abort(on.me, upload);
      expect(await on.bucket.openUploads()).toEqual([]);
    });
  });
}
