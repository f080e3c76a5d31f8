import { Readable } from "node:stream";
import { CopyObjectCommand, PutObjectCommand, S3Client, UploadPartCopyCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import { MIN_PART, multipart } from "./multipart.ts";
import { bytes, type OpenStore, ORIGIN, refusal } from "./open-store.ts";

/** What Ceph does and S3's documentation does not say. A polite emulator would hide the bugs these cause. */
export function describeOddities(store: () => OpenStore): void {
  const mp = multipart(store);

  describe("oddities of Ceph RADOS Gateway", () => {
    it("the first answer to Complete has an empty ETag, a second Complete tells it", async () => {
      const id = await mp.create("odd/etag");
      const part = await mp.send("odd/etag", id, 1, bytes(10));
      const first = await mp.complete("odd/etag", id, [part]);
      expect(first.ETag ?? "").toBe("");
      await mp.complete("odd/etag", id, [part]);
      expect((await mp.head("odd/etag")).ETag).toMatch(/^"[0-9a-f]{32}-1"$/);
    });

    it("Complete of an unknown upload is a 500 that says it is in progress", async () => {
      const failed = mp.complete("odd/unknown", "2~nobody-began-this", [
        { PartNumber: 1, ETag: '"00000000000000000000000000000000"' },
      ]);
      await expect(failed).rejects.toMatchObject({
        message: expect.stringContaining("already in progress") as string,
        $metadata: { httpStatusCode: 500 },
      });
    });

    it("Complete after Abort is the same 500", async () => {
      const id = await mp.create("odd/aborted");
      const part = await mp.send("odd/aborted", id, 1, bytes(10));
      await mp.abort("odd/aborted", id);
      expect(await refusal(mp.complete("odd/aborted", id, [part]))).toMatch(/^500 /);
      expect(await refusal(mp.head("odd/aborted"))).toBe("404 NotFound");
    });

    it("of parallel Completes at least one succeeds, others may be told 500, and there is one object", async () => {
      const id = await mp.create("odd/parallel");
      const parts = [
        await mp.send("odd/parallel", id, 1, bytes(MIN_PART)),
        await mp.send("odd/parallel", id, 2, bytes(10)),
      ];
      const answers = await Promise.all(
        [1, 2, 3, 4].map(() => refusal(mp.complete("odd/parallel", id, parts))),
      );
      expect(answers).toContain("no refusal");
      for (const answer of answers) expect(answer).toMatch(/^(no refusal|500 \w+)$/);
      expect((await mp.head("odd/parallel")).ContentLength).toBe(MIN_PART + 10);
    });

    it("every uploaded part must be listed", async () => {
      const id = await mp.create("odd/all");
      const one = await mp.send("odd/all", id, 1, bytes(MIN_PART));
      const two = await mp.send("odd/all", id, 2, bytes(10));
      expect(await refusal(mp.complete("odd/all", id, [one]))).toBe("400 InvalidPart");
      await mp.complete("odd/all", id, [one, two]);
    });

    it("a list in the wrong order is taken, and parts go by number", async () => {
      const id = await mp.create("odd/order");
      const one = await mp.send("odd/order", id, 1, bytes(MIN_PART, 1));
      const two = await mp.send("odd/order", id, 2, bytes(10, 2));
      await mp.complete("odd/order", id, [two, one]);
      expect((await mp.read("odd/order")).equals(Buffer.concat([bytes(MIN_PART, 1), bytes(10, 2)]))).toBe(
        true,
      );
    });

    it.each([0, 10_001])("part number %d is taken when it is sent", async (partNumber) => {
      const id = await mp.create("odd/numbers");
      await mp.send("odd/numbers", id, partNumber, bytes(10));
      await mp.abort("odd/numbers", id);
    });

    it("ListParts of an unknown upload is NoSuchKey", async () => {
      expect(await refusal(mp.list("odd/unknown", "2~nobody-began-this"))).toMatch(
        /^404 NoSuch(Key|Upload)$/,
      );
    });

    it("a refusal carries no CORS headers, a success does", async () => {
      const url = await getSignedUrl(
        store().s3,
        new PutObjectCommand({ Bucket: store().bucket, Key: "odd/cors" }),
      );
      const refused = await fetch(`${url}0`, { method: "PUT", body: "x", headers: { origin: ORIGIN } });
      expect(refused.status).toBe(403);
      expect(refused.headers.get("access-control-allow-origin")).toBeNull();
      const taken = await fetch(url, { method: "PUT", body: "x", headers: { origin: ORIGIN } });
      expect(taken.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(taken.headers.get("access-control-expose-headers")?.toLowerCase()).toContain("etag");
    });

    it("a condition on the source of a copy is ignored", async () => {
      await store().s3.send(new PutObjectCommand({ Bucket: store().bucket, Key: "odd/source", Body: "x" }));
      const copy = new CopyObjectCommand({
        Bucket: store().bucket,
        Key: "odd/target",
        CopySource: `${store().bucket}/odd/source`,
        CopySourceIfMatch: `"${"0".repeat(32)}"`,
      });
      expect(await refusal(store().s3.send(copy))).toBe("no refusal");
    });

    it("a condition on the source of a copy is honoured under a name of its own", async () => {
      const [before, after] = [bytes(1000, 1), bytes(1000, 2)];
      const put = (Body: Uint8Array) =>
        store().s3.send(new PutObjectCommand({ Bucket: store().bucket, Key: "odd/own", Body }));
      const copy = (etag: string) => {
        const command = new CopyObjectCommand({
          Bucket: store().bucket,
          Key: "odd/own-copy",
          CopySource: `${store().bucket}/odd/own`,
        });
        command.middlewareStack.add(
          (next) => (args) => {
            (args.request as { headers: Record<string, string> }).headers["x-amz-copy-if-match"] = etag;
            return next(args);
          },
          { step: "build" },
        );
        return store().s3.send(command);
      };
      const { ETag: first = "" } = await put(before);
      const { ETag: second = "" } = await put(after);
      expect(await refusal(copy(first))).toBe("412 PreconditionFailed");
      expect(await refusal(mp.head("odd/own-copy"))).toBe("404 NotFound");
      expect((await copy(second)).CopyObjectResult?.ETag?.replaceAll('"', "")).toBe(
        second.replaceAll('"', ""),
      );
      expect((await mp.head("odd/own-copy")).ETag).toBe(second);
    });

    it("a part copied from another object has the MD5 of its bytes as ETag, and Complete takes no other", async () => {
      const { ETag } = await store().s3.send(
        new PutObjectCommand({ Bucket: store().bucket, Key: "odd/chosen", Body: "chosen" }),
      );
      const id = await mp.create("odd/exact");
      const copied = await store().s3.send(
        new UploadPartCopyCommand({
          Bucket: store().bucket,
          Key: "odd/exact",
          UploadId: id,
          PartNumber: 1,
          CopySource: `${store().bucket}/odd/chosen`,
        }),
      );
      expect(copied.CopyPartResult?.ETag?.replaceAll('"', "")).toBe(ETag?.replaceAll('"', ""));
      const wrong = [{ PartNumber: 1, ETag: `"${"0".repeat(32)}"` }];
      expect(await refusal(mp.complete("odd/exact", id, wrong))).toBe("400 InvalidPart");
      await mp.complete("odd/exact", id, [{ PartNumber: 1, ETag: ETag ?? "" }]);
      expect((await mp.read("odd/exact")).toString()).toBe("chosen");
    });

    it("a stream of the SDK with its default checksums has no length, and is refused", async () => {
      const s3 = new S3Client({
        endpoint: store().endpoint,
        region: "us-east-1",
        credentials: store().credentials,
        forcePathStyle: true,
        maxAttempts: 1,
      });
      const Body = Readable.from([Buffer.alloc(100_000)]);
      const put = new PutObjectCommand({
        Bucket: store().bucket,
        Key: "odd/stream",
        Body,
        ContentLength: 100_000,
      });
      expect(await refusal(s3.send(put))).toBe("411 MissingContentLength");
      s3.destroy();
    });

    it("a checksum header that S3 would check is ignored", async () => {
      const put = new PutObjectCommand({
        Bucket: store().bucket,
        Key: "odd/crc",
        Body: "x",
        ChecksumCRC32: "AAAAAA==",
      });
      expect(await refusal(store().s3.send(put))).toBe("no refusal");
    });
  });
}
