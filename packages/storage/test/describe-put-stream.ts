import { createHash, randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { prepareBucket } from "../src/index.ts";
import { createMultipartUpload, listParts } from "../src/s3/multipart.ts";
import { type PutStreamOptions, putStream } from "../src/s3/put-stream.ts";
import { closeS3, connectS3, type S3Connection } from "../src/s3/s3-connection.ts";
import { uploadPart } from "../src/s3/upload-part.ts";
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
import { type BucketView, gate, PART_SIZE, type TestStore, viewBucket } from "./test-storage.ts";

const hashOf = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest("hex");

/** Every store we say we support takes streams the same way. */
export function describePutStream(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`putStream on ${server}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let proxy: FaultProxy;
    let s3: S3Connection;
    let bucket: BucketView;
    let key: string;

    beforeAll(async () => {
      store = await open();
      proxy = await startFaultProxy(store.endpoint);
      const name = `test-${randomUUID()}`;
      await prepareBucket({ ...store, bucket: name }, { allowedOrigins: [] });
      bucket = viewBucket(store, name);
      s3 = connectS3({
        endpoint: proxy.endpoint,
        bucket: name,
        region: store.region,
        forcePathStyle: true,
        hasTwoHosts: false,
        credentials: store,
        completionLimitMs: 600_000,
        record: () => undefined,
      });
    });
    beforeEach(() => {
      key = `streams/${randomUUID()}`;
      proxy.intercept = () => undefined;
      proxy.operations.length = 0;
    });
    afterAll(async () => {
      closeS3(s3);
      bucket.client.destroy();
      await proxy[Symbol.asyncDispose]();
      await store.close();
    });

    const put = (
      options: Pick<PutStreamOptions, "source"> & Partial<PutStreamOptions>,
      on: Partial<S3Connection> = {},
    ) =>
      putStream(
        { ...s3, ...on },
        { key, contentType: "application/octet-stream", partSizeOf: () => PART_SIZE, ...options },
      );
    const calls = (name: string) => proxy.operations.filter((operation) => operation === name).length;
    const expectNothingLeft = async () => {
      expect(await bucket.has(key)).toBe(false);
      expect(await bucket.openUploads()).not.toContain(key);
    };

    it.each([
      ["nothing", 0, 0],
      ["a byte", 1, 0],
      ["a byte less than a part", PART_SIZE - 1, 0],
      ["exactly a part", PART_SIZE, 1],
      ["a byte more", PART_SIZE + 1, 2],
      ["several parts", 3 * PART_SIZE + 12_345, 4],
    ])("writes %s, and says what it wrote", async (_, size, partCount) => {
      const bytes = randomBytes(size);
      const written = await put({ source: pieces(bytes) });
      expect(Buffer.from(await bucket.read(key)).equals(bytes)).toBe(true);
      const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }));
      expect(written).toEqual({
        size,
        etag: head.ETag?.replaceAll('"', ""),
        md5: partCount === 0 ? hashOf("md5", bytes) : undefined,
        sha256: hashOf("sha256", bytes),
        parts: expect.toSatisfy((parts) => parts.length === partCount),
      });
      expect(head.ContentType).toBe("application/octet-stream");
      expect([calls("PutObject"), calls("UploadPart")]).toEqual(partCount === 0 ? [1, 0] : [0, partCount]);
      expect(await bucket.openUploads()).not.toContain(key);
    });

    it("tells the upload's id before a byte leaves, and takes it away again if that fails", async () => {
      const told: { uploadId: string; parts: number }[] = [];
      const source = () => pieces(randomBytes(2 * PART_SIZE));
      await put({
        source: source(),
        onUpload: async (uploadId) => void told.push({ uploadId, parts: calls("UploadPart") }),
      });
      expect(told).toEqual([{ uploadId: expect.stringMatching(/./), parts: 0 }]);
      key = `streams/${randomUUID()}`;
      await expect(
        put({ source: source(), onUpload: () => Promise.reject(new Error("no row")) }),
      ).rejects.toThrow("no row");
      await expectNothingLeft();
    });

    it("sends several parts at once, no more than it may, and takes no more from the source than it holds", async () => {
      const held = gate();
      let atOnce = 0;
      let most = 0;
      proxy.intercept = (operation) => {
        if (operation !== "UploadPart") return undefined;
        most = Math.max(most, ++atOnce);
        return { before: held.opened, after: held.opened.then(() => void atOnce--) };
      };
      let taken = 0;
      const bytes = randomBytes(7 * PART_SIZE);
      const source = (async function* () {
        for await (const piece of pieces(bytes, 65_536)) {
          taken += piece.length;
          yield piece;
        }
      })();
      const putting = put({ source, lanes: 10, memory: 4 * PART_SIZE });
      await expect.poll(() => most, { timeout: 20_000 }).toBe(4);
      await delay(200);
      // What was cut and is on its way, and a piece that was begun.
      expect(taken).toBeLessThanOrEqual(4 * PART_SIZE + 65_536);
      held.open();
      await putting;
      expect(most).toBe(4);
      expect(Buffer.from(await bucket.read(key)).equals(bytes)).toBe(true);
    });

    it("leaves nothing when the source fails, also where parts are under way", async () => {
      const source = (async function* () {
        yield* pieces(randomBytes(2 * PART_SIZE + 10));
        throw new Error("the disk is gone");
      })();
      await expect(put({ source })).rejects.toThrow("the disk is gone");
      expect(calls("AbortMultipartUpload")).toBe(1);
      await expectNothingLeft();
    });

    it("sends no byte that nobody makes room for", async () => {
      const asked: number[] = [];
      const beforePart = async (size: number) => {
        asked.push(size);
        if (size > 2 * PART_SIZE) throw new Error("quota");
      };
      await expect(put({ source: pieces(randomBytes(5 * PART_SIZE)), beforePart })).rejects.toThrow("quota");
      expect(asked).toEqual([PART_SIZE, 2 * PART_SIZE, 3 * PART_SIZE]);
      expect(calls("UploadPart")).toBeLessThanOrEqual(2);
      await expectNothingLeft();
      await expect(
        put({ source: pieces(randomBytes(10)), beforePart: () => Promise.reject(new Error("quota")) }),
      ).rejects.toThrow("quota");
      await expectNothingLeft();
    });

    it("ends at once when it is told to, though the source stands still", async () => {
      const controller = new AbortController();
      const source = (async function* () {
        yield* pieces(randomBytes(PART_SIZE + 1));
        await new Promise(() => undefined);
      })();
      const putting = put(
        { source, onUpload: async () => void setTimeout(() => controller.abort(new Error("enough")), 100) },
        { signal: controller.signal },
      );
      await expect(putting).rejects.toThrow("enough");
      await expectNothingLeft();
    });

    it("ends at once when it is told to, though the store stands still", async () => {
      const controller = new AbortController();
      const held = gate();
      proxy.intercept = (operation) => {
        if (operation !== "UploadPart") return undefined;
        setTimeout(() => controller.abort(new Error("enough")), 50);
        return { drop: "before", before: held.opened };
      };
      await expect(
        put({ source: pieces(randomBytes(3 * PART_SIZE)) }, { signal: controller.signal }),
      ).rejects.toThrow("enough");
      held.open();
      await expectNothingLeft();
    });

    it("sends a part again that was lost, and gives up where the store takes none", async () => {
      let lost = 0;
      proxy.intercept = (operation) =>
        operation === "UploadPart" && lost++ < 2 ? { drop: "before" } : undefined;
      const bytes = randomBytes(2 * PART_SIZE);
      await put({ source: pieces(bytes) });
      expect(Buffer.from(await bucket.read(key)).equals(bytes)).toBe(true);

      key = `streams/${randomUUID()}`;
      proxy.intercept = (operation) => (operation === "UploadPart" ? { refuseWith: 500 } : undefined);
      await expect(put({ source: pieces(bytes) })).rejects.toMatchObject({ code: "storage_unavailable" });
      await expectNothingLeft();
    });

    it("asks the store what it has where the answer to a PUT was lost, and puts it again where it has nothing", async () => {
      proxy.intercept = (operation, index) =>
        operation === "PutObject" ? { drop: index === 0 ? "before" : "after" } : undefined;
      const bytes = randomBytes(1000);
      expect(await put({ source: pieces(bytes) })).toMatchObject({ etag: hashOf("md5", bytes) });
      expect(proxy.operations).toEqual(["PutObject", "HeadObject", "PutObject", "HeadObject"]);
      expect(Buffer.from(await bucket.read(key)).equals(bytes)).toBe(true);
    });

    it("believes the object, and not the answer to Complete", async () => {
      proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { hideBehind: 504 } : undefined;
      const bytes = randomBytes(2 * PART_SIZE);
      expect(await put({ source: pieces(bytes) })).toMatchObject({ size: bytes.length });

      key = `streams/${randomUUID()}`;
      proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload"
          ? { pretend: "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>" }
          : undefined;
      await expect(put({ source: pieces(bytes) })).rejects.toMatchObject({
        code: "storage_unavailable",
        details: { state: "completing" },
      });
      // It may still be at it: whoever knows the id ends it when that is certain.
      expect(calls("AbortMultipartUpload")).toBe(0);
      expect(await bucket.openUploads()).toContain(key);
    });

    it("takes an upload away whose Complete the store refused", async () => {
      proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { refuseWith: 503 } : undefined;
      await expect(put({ source: pieces(randomBytes(2 * PART_SIZE)) })).rejects.toMatchObject({
        code: "storage_unavailable",
      });
      await expectNothingLeft();
    });

    it("has the store refuse a part that is not what was sent, and says when the upload is gone", async () => {
      const uploadId = await createMultipartUpload(s3, { key, contentType: "text/plain" });
      const part = {
        key,
        uploadId,
        partNumber: 1,
        bytes: randomBytes(100),
        md5: hashOf("md5", randomBytes(100)),
      };
      await expect(uploadPart(s3, part)).rejects.toMatchObject({ code: "storage_unavailable" });
      expect(await listParts(s3, { key, uploadId })).toEqual([]);
      await bucket.abort(key, uploadId);
      expect(await uploadPart(s3, { ...part, md5: hashOf("md5", part.bytes) })).toBeUndefined();
    });
  });
}

/** In pieces of no regular length, or of one. */
async function* pieces(bytes: Uint8Array, length?: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; ) {
    const piece = bytes.subarray(offset, offset + (length ?? 1 + Math.floor(Math.random() * 700_000)));
    offset += piece.length;
    yield piece;
  }
}
