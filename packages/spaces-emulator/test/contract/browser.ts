import { createHmac } from "node:crypto";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import { type OpenStore, ORIGIN, refusal } from "./open-store.ts";

/** What a page does: preflights, and forms. */
export function describeBrowser(store: () => OpenStore): void {
  const preflight = async (headers: Record<string, string>): Promise<Response> => {
    const url = await getSignedUrl(
      store().s3,
      new PutObjectCommand({ Bucket: store().bucket, Key: "preflight" }),
    );
    return fetch(url, { method: "OPTIONS", headers });
  };
  const asked = {
    origin: ORIGIN,
    "access-control-request-method": "PUT",
    "access-control-request-headers": "content-md5,content-type",
  };

  describe("preflights", () => {
    it("allow the configured origin its methods and headers", async () => {
      const answer = await preflight(asked);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(answer.headers.get("access-control-allow-methods")).toContain("PUT");
      expect(answer.headers.get("access-control-allow-headers")).toContain("content-md5");
      expect(answer.headers.get("access-control-max-age")).toBe("600");
    });

    it.each(["https://evil.example.com", ORIGIN.toUpperCase(), `${ORIGIN}.evil.example.com`])(
      "refuse the origin %s",
      async (origin) => {
        const answer = await preflight({ ...asked, origin });
        expect(answer.status).toBe(403);
        expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      },
    );

    it("refuse another method", async () => {
      expect((await preflight({ ...asked, "access-control-request-method": "DELETE" })).status).toBe(403);
    });
  });

  describe("forms", () => {
    it("put the file under the signed key", async () => {
      const answer = await postForm(store(), { key: "form/ok", file: "from a form" });
      expect(answer.status).toBe(204);
      expect(await read(store(), "form/ok")).toBe("from a form");
    });

    it("may be empty of line breaks or full of them", async () => {
      const file = "\r\n--almost\r\n\r\n--a boundary\r\n";
      await postForm(store(), { key: "form/breaks", file });
      expect(await read(store(), "form/breaks")).toBe(file);
    });

    it.each([
      ["with more bytes than the policy allows", { file: "x".repeat(101) }, 400],
      ["with another key than was signed", { file: "x", sendKey: "form/other" }, 403],
      ["once the policy has expired", { file: "x", expiresAt: new Date(Date.now() - 1000) }, 403],
      ["with a wrong signature", { file: "x", signature: "0".repeat(64) }, 403],
    ])("are refused %s", async (_what, form, status) => {
      expect((await postForm(store(), { key: "form/refused", ...form })).status).toBe(status);
      const get = new GetObjectCommand({ Bucket: store().bucket, Key: "form/refused" });
      expect(await refusal(store().s3.send(get))).toBe("404 NoSuchKey");
    });
  });
}

interface Form {
  key: string;
  file: string;
  sendKey?: string;
  expiresAt?: Date;
  signature?: string;
}

function postForm(store: OpenStore, { key, file, sendKey, expiresAt, signature }: Form): Promise<Response> {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const day = date.slice(0, 8);
  const credential = `${store.credentials.accessKeyId}/${day}/us-east-1/s3/aws4_request`;
  const fields = {
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": credential,
    "x-amz-date": date,
  };
  const conditions = [
    { bucket: store.bucket },
    { key },
    ["content-length-range", 0, 100],
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
  ];
  const expiration = (expiresAt ?? new Date(Date.now() + 60_000)).toISOString();
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString("base64");
  const hmac = (secret: string | Buffer, text: string): Buffer =>
    createHmac("sha256", secret).update(text).digest();
  const signingKey = ["us-east-1", "s3", "aws4_request"].reduce(
    hmac,
    hmac(`AWS4${store.credentials.secretAccessKey}`, day),
  );
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("key", sendKey ?? key);
  form.set("policy", policy);
  form.set("x-amz-signature", signature ?? hmac(signingKey, policy).toString("hex"));
  form.set("file", new Blob([file]), "song.mp3");
  return fetch(`${store.endpoint}/${store.bucket}`, { method: "POST", body: form });
}

async function read(store: OpenStore, Key: string): Promise<string | undefined> {
  const answer = await store.s3.send(new GetObjectCommand({ Bucket: store.bucket, Key }));
  return answer.Body?.transformToString();
}
