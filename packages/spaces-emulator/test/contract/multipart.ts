import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import { bytes, type OpenStore, refusal, refusalOf } from "./open-store.ts";

export const MIN_PART = 5 * 1024 * 1024;

export interface SentPart {
  PartNumber: number;
  ETag: string;
}

/** The calls of a multipart upload, in the words of the suite. */
export function multipart(store: () => OpenStore) {
  const at = (Key: string, UploadId: string) => ({ Bucket: store().bucket, Key, UploadId });
  return {
    async create(Key: string, more: object = {}): Promise<string> {
      const { UploadId } = await store().s3.send(
        new CreateMultipartUploadCommand({ Bucket: store().bucket, Key, ...more }),
      );
      return UploadId ?? "";
    },
    async send(
      Key: string,
      UploadId: string,
      PartNumber: number,
      Body: Buffer,
      more: object = {},
    ): Promise<SentPart> {
      const { ETag } = await store().s3.send(
        new UploadPartCommand({ ...at(Key, UploadId), PartNumber, Body, ...more }),
      );
      return { PartNumber, ETag: ETag ?? "" };
    },
    list: (Key: string, UploadId: string, more: object = {}) =>
      store().s3.send(new ListPartsCommand({ ...at(Key, UploadId), ...more })),
    complete: (Key: string, UploadId: string, Parts: SentPart[]) =>
      store().s3.send(
        new CompleteMultipartUploadCommand({ ...at(Key, UploadId), MultipartUpload: { Parts } }),
      ),
    abort: (Key: string, UploadId: string) =>
      store().s3.send(new AbortMultipartUploadCommand(at(Key, UploadId))),
    async read(Key: string): Promise<Buffer> {
      const answer = await store().s3.send(new GetObjectCommand({ Bucket: store().bucket, Key }));
      return Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    },
    head: (Key: string) => store().s3.send(new HeadObjectCommand({ Bucket: store().bucket, Key })),
    uploads: (Prefix: string, more: object = {}) =>
      store().s3.send(new ListMultipartUploadsCommand({ Bucket: store().bucket, Prefix, ...more })),
  };
}

export function describeMultipart(store: () => OpenStore): void {
  const mp = multipart(store);

  describe("multipart uploads", () => {
    it("assemble parts by number, whatever order they came in", async () => {
      const [one, two, three] = [bytes(MIN_PART, 1), bytes(MIN_PART + 7, 2), bytes(1000, 3)];
      const id = await mp.create("ordered", { ContentType: "audio/wav" });
      const parts = [
        await mp.send("ordered", id, 3, three),
        await mp.send("ordered", id, 1, one),
        await mp.send("ordered", id, 2, two),
      ];
      expect(await refusal(mp.head("ordered"))).toBe("404 NotFound");
      await mp.complete(
        "ordered",
        id,
        parts.sort((a, b) => a.PartNumber - b.PartNumber),
      );
      const whole = Buffer.concat([one, two, three]);
      expect((await mp.read("ordered")).equals(whole)).toBe(true);
      const digests = [one, two, three].map((part) => createHash("md5").update(part).digest());
      const etag = `"${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-3"`;
      expect(await mp.head("ordered")).toMatchObject({
        ContentLength: whole.length,
        ETag: etag,
        ContentType: "audio/wav",
      });
    });

    it("read ranges across the seam of two parts", async () => {
      const [one, two] = [bytes(MIN_PART, 4), bytes(100, 5)];
      const id = await mp.create("seam");
      await mp.complete("seam", id, [await mp.send("seam", id, 1, one), await mp.send("seam", id, 2, two)]);
      const answer = await store().s3.send(
        new GetObjectCommand({
          Bucket: store().bucket,
          Key: "seam",
          Range: `bytes=${MIN_PART - 10}-${MIN_PART + 9}`,
        }),
      );
      const expected = Buffer.concat([one.subarray(-10), two.subarray(0, 10)]);
      expect(Buffer.from((await answer.Body?.transformToByteArray()) ?? []).equals(expected)).toBe(true);
    });

    it("keep the last of a part sent twice", async () => {
      const id = await mp.create("twice");
      await mp.send("twice", id, 1, bytes(2000, 1));
      const last = await mp.send("twice", id, 1, bytes(3000, 2));
      const { Parts = [] } = await mp.list("twice", id);
      expect(Parts).toHaveLength(1);
      expect(Parts[0]).toMatchObject({ PartNumber: 1, Size: 3000, ETag: last.ETag });
      await mp.complete("twice", id, [last]);
      expect((await mp.read("twice")).equals(bytes(3000, 2))).toBe(true);
    });

    it("take parts by presigned URL, checked for length and MD5", async () => {
      const id = await mp.create("signed");
      const body = bytes(MIN_PART, 6);
      const url = await getSignedUrl(
        store().s3,
        new UploadPartCommand({
          Bucket: store().bucket,
          Key: "signed",
          UploadId: id,
          PartNumber: 1,
          ContentLength: body.length,
        }),
      );
      const put = (content: Buffer, headers = {}) =>
        fetch(url, { method: "PUT", body: new Uint8Array(content), headers });
      expect((await put(body.subarray(1))).status).toBe(403);
      const wrong = createHash("md5").update("other").digest("base64");
      expect(await refusalOf(await put(body, { "content-md5": wrong }))).toBe("400 BadDigest");
      expect((await mp.list("signed", id)).Parts ?? []).toEqual([]);
      const right = createHash("md5").update(body).digest("base64");
      const answer = await put(body, { "content-md5": right });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("etag")).toBe(`"${createHash("md5").update(body).digest("hex")}"`);
    });

    it("list parts page by page", async () => {
      const id = await mp.create("paged");
      for (const n of [1, 2, 3, 7, 9]) await mp.send("paged", id, n, bytes(10, n));
      const seen: number[] = [];
      let marker = "0";
      for (let more = true; more; ) {
        const page = await mp.list("paged", id, { MaxParts: 2, PartNumberMarker: marker });
        seen.push(...(page.Parts ?? []).map((part) => part.PartNumber ?? 0));
        more = page.IsTruncated === true;
        marker = page.NextPartNumberMarker ?? "";
      }
      expect(seen).toEqual([1, 2, 3, 7, 9]);
    });

    it("are found by key until they end, page by page", async () => {
      const ids = [await mp.create("found/a"), await mp.create("found/a"), await mp.create("found/b")];
      const seen: string[] = [];
      let markers = {};
      for (let more = true; more; ) {
        const page = await mp.uploads("found/", { MaxUploads: 2, ...markers });
        seen.push(...(page.Uploads ?? []).map((upload) => upload.UploadId ?? ""));
        more = page.IsTruncated === true;
        markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      }
      expect(seen.sort()).toEqual([...ids].sort());
      for (const [index, id] of ids.entries()) await mp.abort(index === 2 ? "found/b" : "found/a", id);
      expect((await mp.uploads("found/")).Uploads ?? []).toEqual([]);
    });

    it("leave nothing behind when aborted, and take no more parts", async () => {
      const id = await mp.create("aborted");
      await mp.send("aborted", id, 1, bytes(10));
      await mp.abort("aborted", id);
      expect(await refusal(mp.send("aborted", id, 2, bytes(10)))).toBe("404 NoSuchUpload");
      expect(await refusal(mp.abort("aborted", id))).toBe("404 NoSuchUpload");
      expect(await refusal(mp.head("aborted"))).toBe("404 NotFound");
    });

    it("know only their own key", async () => {
      const id = await mp.create("mine");
      expect(await refusal(mp.send("other-key", id, 1, bytes(10)))).toBe("404 NoSuchUpload");
      await mp.abort("mine", id);
    });

    it("refuse a wrong ETag and a part that was never sent", async () => {
      const id = await mp.create("refused");
      const one = await mp.send("refused", id, 1, bytes(MIN_PART, 1));
      const two = await mp.send("refused", id, 2, bytes(1000, 2));
      expect(await refusal(mp.complete("refused", id, [{ ...one, ETag: two.ETag }, two]))).toBe(
        "400 InvalidPart",
      );
      const third = { PartNumber: 3, ETag: two.ETag };
      expect(await refusal(mp.complete("refused", id, [one, two, third]))).toMatch(
        /^400 (InvalidPart|EntityTooSmall)$/,
      );
      expect(await refusal(mp.head("refused"))).toBe("404 NotFound");
      expect((await mp.list("refused", id)).Parts).toHaveLength(2);
      await mp.abort("refused", id);
    });

    it("refuse a part that is too small and not the last", async () => {
      const id = await mp.create("small");
      const one = await mp.send("small", id, 1, bytes(MIN_PART - 1, 1));
      const two = await mp.send("small", id, 2, bytes(1000, 2));
      expect(await refusal(mp.complete("small", id, [one, two]))).toBe("400 EntityTooSmall");
      expect(await refusal(mp.head("small"))).toBe("404 NotFound");
      await mp.abort("small", id);
    });

    it("refuse a Complete that is no XML", async () => {
      const id = await mp.create("malformed");
      const url = await getSignedUrl(
        store().s3,
        new CompleteMultipartUploadCommand({ Bucket: store().bucket, Key: "malformed", UploadId: id }),
      );
      const answer = await fetch(url, { method: "POST", body: "<CompleteMultipartUpload><Part>" });
      expect(await refusalOf(answer)).toBe("400 MalformedXML");
      await mp.abort("malformed", id);
    });

    it("copy a range of another object as a part", async () => {
      const source = bytes(MIN_PART + 100, 8);
      await store().s3.send(
        new PutObjectCommand({ Bucket: store().bucket, Key: "copied/source", Body: source }),
      );
      const id = await mp.create("copied/target");
      const { CopyPartResult } = await store().s3.send(
        new UploadPartCopyCommand({
          Bucket: store().bucket,
          Key: "copied/target",
          UploadId: id,
          PartNumber: 1,
          CopySource: `${store().bucket}/copied/source`,
          CopySourceRange: `bytes=50-${MIN_PART + 49}`,
        }),
      );
      const last = await mp.send("copied/target", id, 2, bytes(5, 9));
      await mp.complete("copied/target", id, [{ PartNumber: 1, ETag: CopyPartResult?.ETag ?? "" }, last]);
      const expected = Buffer.concat([source.subarray(50, MIN_PART + 50), bytes(5, 9)]);
      expect((await mp.read("copied/target")).equals(expected)).toBe(true);
    });

    it("replace an object of the same key only when complete", async () => {
      await store().s3.send(new PutObjectCommand({ Bucket: store().bucket, Key: "same", Body: "old" }));
      const id = await mp.create("same");
      const part = await mp.send("same", id, 1, Buffer.from("new"));
      expect((await mp.read("same")).toString()).toBe("old");
      await mp.complete("same", id, [part]);
      expect((await mp.read("same")).toString()).toBe("new");
    });

    it("take many parts at once", async () => {
      const id = await mp.create("parallel");
      const numbers = Array.from({ length: 12 }, (_, index) => index + 1);
      const parts = await Promise.all(
        numbers.map((n) => mp.send("parallel", id, n, bytes(n === 12 ? 3 : MIN_PART, n))),
      );
      await mp.complete("parallel", id, parts);
      const expected = Buffer.concat(numbers.map((n) => bytes(n === 12 ? 3 : MIN_PART, n)));
      expect((await mp.read("parallel")).equals(expected)).toBe(true);
    });
  });
}
