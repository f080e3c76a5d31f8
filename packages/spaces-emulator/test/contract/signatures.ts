import { createHash } from "node:crypto";
import { request } from "node:http";
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import { type OpenStore, refusal, refusalOf } from "./open-store.ts";

export function describeSignatures(store: () => OpenStore): void {
  const presignPut = (Key: string, options: { length?: number; at?: Date; expiresIn?: number } = {}) =>
    getSignedUrl(
      store().s3,
      new PutObjectCommand({
        Bucket: store().bucket,
        Key,
        ...(options.length === undefined ? {} : { ContentLength: options.length }),
      }),
      {
        expiresIn: options.expiresIn ?? 60,
        ...(options.at === undefined ? {} : { signingDate: options.at }),
      },
    );
  const exists = async (Key: string): Promise<boolean> =>
    (await refusal(store().s3.send(new GetObjectCommand({ Bucket: store().bucket, Key })))) === "no refusal";

  describe("presigned URLs", () => {
    it("take a body of exactly the signed length", async () => {
      const answer = await fetch(await presignPut("exact", { length: 5 }), { method: "PUT", body: "12345" });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("etag")).toBe(`"${createHash("md5").update("12345").digest("hex")}"`);
    });

    it.each([
      ["longer", "123456"],
      ["shorter", "1234"],
      ["empty", ""],
    ])("refuse a body that is %s than was signed", async (_what, body) => {
      const answer = await fetch(await presignPut(`length-${body.length}`, { length: 5 }), {
        method: "PUT",
        body,
      });
      expect(answer.status).toBe(403);
      expect(await exists(`length-${body.length}`)).toBe(false);
    });

    it("refuse a chunked body where a length was signed", async () => {
      const url = new URL(await presignPut("chunked", { length: 5 }));
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const sent = request(
          url,
          { method: "PUT", headers: { "transfer-encoding": "chunked" } },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          },
        );
        sent.once("error", reject);
        sent.end("12345");
      });
      expect(status).toBe(403);
      expect(await exists("chunked")).toBe(false);
    });

    it("check a Content-MD5 that was not signed", async () => {
      const body = "checked";
      const wrong = createHash("md5").update("other").digest("base64");
      const right = createHash("md5").update(body).digest("base64");
      const url = await presignPut("unsigned-md5", { length: body.length });
      expect(
        await refusalOf(await fetch(url, { method: "PUT", body, headers: { "content-md5": wrong } })),
      ).toBe("400 BadDigest");
      expect(
        await refusalOf(await fetch(url, { method: "PUT", body, headers: { "content-md5": "x" } })),
      ).toBe("400 InvalidDigest");
      expect(await exists("unsigned-md5")).toBe(false);
      expect((await fetch(url, { method: "PUT", body, headers: { "content-md5": right } })).status).toBe(200);
    });

    it("refuse once they have expired", async () => {
      const url = await presignPut("expired", { at: new Date(Date.now() - 120_000), expiresIn: 60 });
      expect(await refusalOf(await fetch(url, { method: "PUT", body: "x" }))).toBe("403 AccessDenied");
      expect(await exists("expired")).toBe(false);
    });

    it.each<[string, (url: URL) => void]>([
      [
        "another key",
        (url) => {
          url.pathname += "x";
        },
      ],
      [
        "another signature",
        (url) => {
          url.searchParams.set("X-Amz-Signature", "0".repeat(64));
        },
      ],
      [
        "a longer life",
        (url) => {
          url.searchParams.set("X-Amz-Expires", "600");
        },
      ],
      [
        "a parameter added",
        (url) => {
          url.searchParams.set("partNumber", "1");
        },
      ],
      [
        "an unknown key id",
        (url) => {
          url.searchParams.set(
            "X-Amz-Credential",
            (url.searchParams.get("X-Amz-Credential") ?? "").replace(/^[^/]+/, "NOBODY"),
          );
        },
      ],
    ])("refuse %s", async (_what, tamper) => {
      const url = new URL(await presignPut("tampered"));
      tamper(url);
      expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(403);
      expect(await exists("tampered")).toBe(false);
    });

    it("are good for one method only", async () => {
      const url = await presignPut("method");
      expect((await fetch(url)).status).toBe(403);
      expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
    });

    it("can be used again until they expire", async () => {
      const url = await presignPut("again");
      for (const body of ["one", "two"]) expect((await fetch(url, { method: "PUT", body })).status).toBe(200);
    });
  });

  describe("signed headers", () => {
    it("are refused from an account that the bucket does not belong to", async () => {
      const put = new PutObjectCommand({ Bucket: store().bucket, Key: "foreign", Body: "x" });
      expect(await refusal(store().stranger.send(put))).toMatch(/^403 /);
      expect(await exists("foreign")).toBe(false);
    });

    it("are needed to list buckets", async () => {
      const { Buckets = [] } = await store().s3.send(new ListBucketsCommand({}));
      expect(Buckets.map((bucket) => bucket.Name)).toContain(store().bucket);
    });
  });
}
