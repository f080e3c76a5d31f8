import { createHash } from "node:crypto";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectAclCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import { bytes, type OpenStore, refusal, refusalOf } from "./open-store.ts";

const md5 = (body: Buffer | string): string => createHash("md5").update(body).digest("hex");

export function describeObjects(store: () => OpenStore): void {
  const put = (Key: string, Body: Buffer | string, more: object = {}) =>
    store().s3.send(new PutObjectCommand({ Bucket: store().bucket, Key, Body, ...more }));
  const get = (Key: string, more: object = {}) =>
    store().s3.send(new GetObjectCommand({ Bucket: store().bucket, Key, ...more }));
  const read = async (Key: string, more: object = {}): Promise<Buffer> =>
    Buffer.from((await (await get(Key, more)).Body?.transformToByteArray()) ?? []);

  describe("objects", () => {
    it("gives back the bytes, type and metadata that were put, with an MD5 as ETag", async () => {
      const body = bytes(100_000);
      const { ETag } = await put("plain", body, { ContentType: "audio/mpeg", Metadata: { colour: "blue" } });
      expect(ETag).toBe(`"${md5(body)}"`);
      const answer = await get("plain");
      expect(answer).toMatchObject({
        ContentType: "audio/mpeg",
        ContentLength: 100_000,
        ETag,
        Metadata: { colour: "blue" },
      });
      expect(await answer.Body?.transformToByteArray()).toEqual(new Uint8Array(body));
    });

    it.each([
      "a b+c",
      "ünï/cödé/日本.mp3",
      "quotes'\"!()*",
      "percent%41",
      "../up/../..",
      "a//b",
      "%2e%2e/x",
      "&<>;=?#",
    ])("takes the key %j as it is", async (key) => {
      await put(`keys/${key}`, key);
      expect((await read(`keys/${key}`)).toString()).toBe(key);
    });

    it("replaces an object as a whole", async () => {
      await put("replaced", bytes(50_000, 1));
      await put("replaced", "short");
      expect((await read("replaced")).toString()).toBe("short");
    });

    it("answers HEAD without a body, and 404 where nothing is", async () => {
      await put("headed", "12345");
      expect(
        await store().s3.send(new HeadObjectCommand({ Bucket: store().bucket, Key: "headed" })),
      ).toMatchObject({
        ContentLength: 5,
        ETag: `"${md5("12345")}"`,
      });
      expect(
        await refusal(store().s3.send(new HeadObjectCommand({ Bucket: store().bucket, Key: "absent" }))),
      ).toBe("404 NotFound");
      expect(await refusal(get("absent"))).toBe("404 NoSuchKey");
    });

    it.each([
      ["bytes=0-0", "a", "bytes 0-0/10"],
      ["bytes=2-4", "cde", "bytes 2-4/10"],
      ["bytes=7-", "hij", "bytes 7-9/10"],
      ["bytes=-3", "hij", "bytes 7-9/10"],
      ["bytes=5-500", "fghij", "bytes 5-9/10"],
      ["bytes=-500", "abcdefghij", "bytes 0-9/10"],
    ])("answers Range %s", async (Range, body, contentRange) => {
      await put("ranged", "abcdefghij");
      const answer = await get("ranged", { Range });
      expect(await answer.Body?.transformToString()).toBe(body);
      expect(answer.ContentRange).toBe(contentRange);
      expect(answer.$metadata.httpStatusCode).toBe(206);
    });

    it("refuses a range beyond the end", async () => {
      await put("ranged", "abcdefghij");
      expect(await refusal(get("ranged", { Range: "bytes=10-" }))).toBe("416 InvalidRange");
    });

    it("lets a signed GET choose how the answer presents itself", async () => {
      await put("presented", "x", { ContentType: "audio/wav" });
      const url = await getSignedUrl(
        store().s3,
        new GetObjectCommand({
          Bucket: store().bucket,
          Key: "presented",
          ResponseContentDisposition: "attachment; filename*=UTF-8''%C3%A9.wav",
          ResponseContentType: "application/octet-stream",
        }),
      );
      const answer = await fetch(url);
      expect(answer.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''%C3%A9.wav");
      expect(answer.headers.get("content-type")).toBe("application/octet-stream");
    });

    it("honours conditions on reading", async () => {
      const { ETag } = await put("conditional", "x");
      expect(await refusal(get("conditional", { IfMatch: '"0"' }))).toBe("412 PreconditionFailed");
      expect(await refusal(get("conditional", { IfNoneMatch: ETag }))).toMatch(/^304 /);
      expect((await read("conditional", { IfMatch: ETag })).toString()).toBe("x");
    });

    it("writes nothing over an object under If-None-Match: *", async () => {
      await put("once", "first", { IfNoneMatch: "*" });
      expect(await refusal(put("once", "second", { IfNoneMatch: "*" }))).toBe("412 PreconditionFailed");
      expect((await read("once")).toString()).toBe("first");
    });

    it("checks Content-MD5", async () => {
      const wrong = createHash("md5").update("other").digest("base64");
      expect(await refusal(put("md5", "body", { ContentMD5: wrong }))).toBe("400 BadDigest");
      expect(await refusal(put("md5", "body", { ContentMD5: "nonsense" }))).toBe("400 InvalidDigest");
      expect(await refusal(get("md5"))).toBe("404 NoSuchKey");
    });

    it("has one storage class, and writes nothing into another", async () => {
      await put("class", "x", { StorageClass: "STANDARD" });
      expect(await refusal(put("cold", "x", { StorageClass: "STANDARD_IA" }))).toBe("400 InvalidArgument");
      expect(await refusal(get("cold"))).toBe("404 NoSuchKey");
    });

    it("copies bytes and type, or bytes with another type", async () => {
      await put("source ü", "copied", { ContentType: "audio/flac" });
      const CopySource = `${store().bucket}/${encodeURIComponent("source ü")}`;
      const copy = (more: object) =>
        store().s3.send(
          new CopyObjectCommand({ Bucket: store().bucket, Key: "target", CopySource, ...more }),
        );
      await copy({});
      expect((await read("target")).toString()).toBe("copied");
      expect((await get("target")).ContentType).toBe("audio/flac");
      await copy({ MetadataDirective: "REPLACE", ContentType: "audio/wav" });
      expect((await get("target")).ContentType).toBe("audio/wav");
      await store().s3.send(new DeleteObjectCommand({ Bucket: store().bucket, Key: "source ü" }));
      expect((await read("target")).toString()).toBe("copied");
    });

    it("does not copy what is not there", async () => {
      const copy = new CopyObjectCommand({
        Bucket: store().bucket,
        Key: "target",
        CopySource: `${store().bucket}/absent`,
      });
      expect(await refusal(store().s3.send(copy))).toBe("404 NoSuchKey");
    });

    it("deletes, one or many, again and again", async () => {
      await put("gone-1", "x");
      await put("gone-2", "x");
      for (let i = 0; i < 2; i++) {
        const one = await store().s3.send(new DeleteObjectCommand({ Bucket: store().bucket, Key: "gone-1" }));
        expect(one.$metadata.httpStatusCode).toBe(204);
      }
      const many = await store().s3.send(
        new DeleteObjectsCommand({
          Bucket: store().bucket,
          Delete: { Objects: [{ Key: "gone-2" }, { Key: "never" }] },
        }),
      );
      expect(many.Errors ?? []).toEqual([]);
      expect(await refusal(get("gone-1"))).toBe("404 NoSuchKey");
      expect(await refusal(get("gone-2"))).toBe("404 NoSuchKey");
    });

    it("shows a stranger only what is public", async () => {
      await put("secret", "x");
      await put("open", "public", { ACL: "public-read" });
      const url = (key: string): string => `${store().endpoint}/${store().bucket}/${key}`;
      expect(await refusalOf(await fetch(url("secret")))).toBe("403 AccessDenied");
      expect(await (await fetch(url("open"))).text()).toBe("public");
      await store().s3.send(new PutObjectAclCommand({ Bucket: store().bucket, Key: "open", ACL: "private" }));
      expect(await refusalOf(await fetch(url("open")))).toBe("403 AccessDenied");
      expect(await refusalOf(await fetch(url("secret"), { method: "PUT", body: "mine" }))).toBe(
        "403 AccessDenied",
      );
      expect(await refusalOf(await fetch(url("secret"), { method: "DELETE" }))).toBe("403 AccessDenied");
      expect((await read("secret")).toString()).toBe("x");
    });
  });
}
