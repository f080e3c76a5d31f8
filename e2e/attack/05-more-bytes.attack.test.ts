import { wavBytes } from "@audiotricks/testing/audio";
import { beforeEach, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { ask, follow, tryToPut } from "./target/ask.ts";
import { newUser } from "./target/database.ts";
import { bucket } from "./target/state.ts";
import { beginOne, complete, NOTHING, sendParts, usageOf } from "./target/upload.ts";

const MIB = 1024 ** 2;

// Also: the same on Ceph in the [contract of stores](packages/spaces-emulator/test/contract/signatures.ts).
describe("more bytes than declared", () => {
  let who: string;
  beforeEach(async () => {
    who = await newUser();
  });

  it("are refused by the store in a signed PUT, whatever length is claimed", async () => {
    const { urls, sessionId, key } = await beginOne(who, { name: "a.wav", size: 1000, method: "put" });
    const { url = "", headers = {} } = urls[0] ?? {};
    const before = await bucket.keys();
    for (const [length, more] of [
      [1001, {}],
      [999, {}],
      [0, {}],
      [5 * MIB, {}],
      [1000, { "content-length": "1001" }],
    ] as const) {
      const body = Buffer.alloc(length, 1);
      const sent = await tryToPut(url, { headers: { ...headers, ...more }, body });
      expect([403, "cut off"], `${length} bytes`).toContain(sent);
    }
    const chunked = await follow(url, "PUT", { headers: { ...headers, "transfer-encoding": "chunked" } });
    expect(chunked.status).toBeGreaterThanOrEqual(400);
    const answer = await complete(who, sessionId);
    expect(answer.code).toMatch(/^(parts_missing|content_mismatch)$/);
    expect(
      (await bucket.keys()).filter((name) => !before.includes(name) && !name.startsWith("temp/")),
    ).toEqual([]);
    expect(await bucket.keys()).not.toContain(key);
    await ask(who, "DELETE", `/v1/uploads/${sessionId}`);
    await expect.poll(() => usageOf(who)).toEqual(NOTHING);
  });

  it("are refused by the store in a signed part, and the upload goes on without them", async () => {
    const bytes = wavBytes(12 * MIB);
    const session = await beginOne(who, { name: "a.wav", size: bytes.length, method: "multipart" });
    for (const { url, headers, size } of session.urls) {
      for (const length of [size + 1, size - 1])
        expect([403, "cut off"]).toContain(await tryToPut(url, { headers, body: Buffer.alloc(length) }));
    }
    expect((await complete(who, session.sessionId)).json()).toMatchObject({
      error: { code: "parts_missing", details: { missing: [1, 2, 3] } },
    });
    await sendParts(session, bytes);
    expect((await complete(who, session.sessionId)).status).toBe(200);
    expect(await usageOf(who)).toEqual({ ...NOTHING, usedBytes: bytes.length, usedFiles: 1 });
  });

  it("end an upload through Uppy's routes, which announces no part's size: nothing is stored, and the quota is given back", async () => {
    const made = await ask(who, "POST", "/s3/multipart", {
      json: { filename: "a.wav", type: "audio/wav", metadata: { size: 6 * MIB } },
    });
    const { key, uploadId } = made.json<{ key: string; uploadId: string }>();
    const query = new URLSearchParams({ key });
    const sign = (part: number) => ask(who, "GET", `/s3/multipart/${uploadId}/${part}?${query}`);
    const etags: string[] = [];
    for (const part of [1, 2]) {
      const signed = await sign(part);
      expect(signed.status).toBe(200);
      const sent = await follow(signed.json<{ url: string }>().url, "PUT", { body: wavBytes(5 * MIB) });
      etags.push(String(sent.headers.etag));
    }
    const complete = await ask(who, "POST", `/s3/multipart/${uploadId}/complete?${query}`, {
      json: { parts: etags.map((ETag, index) => ({ PartNumber: index + 1, ETag })) },
    });
    expect(complete.status).toBe(422);
    expect((await sign(3)).status).toBeGreaterThanOrEqual(400);
    await ask(who, "DELETE", `/s3/multipart/${uploadId}?${query}`);
    await expect.poll(() => usageOf(who)).toEqual(NOTHING);
    await expect.poll(() => bucket.keys()).not.toContain(key);
    await expect.poll(async () => (await bucket.openUploads()).some((open) => open.key === key)).toBe(false);
  });

  it("are refused by the store in a signed form", async () => {
    const query = new URLSearchParams({ filename: "a.wav", type: "audio/wav", "metadata[size]": "1000" });
    const { url, fields } = (await ask(who, "GET", `/s3/params?${query}`)).json<{
      url: string;
      fields: Record<string, string>;
    }>();
    const send = async (changed: Record<string, string>, length: number) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ ...fields, ...changed })) form.set(name, value);
      form.set("file", new Blob([wavBytes(length)]), "a.wav");
      const request = new Request(url, { method: "POST", body: form });
      const headers = { "content-type": request.headers.get("content-type") ?? "" };
      return await follow(url, "POST", { headers, body: await request.bytes() });
    };
    expect((await send({}, 1001)).status).toBe(400);
    const mine = "audio/uploads/2026/11/mine.wav";
    for (const changed of [{ key: mine }, { "content-type": "text/html" }, { acl: "public-read" }])
      expect((await send(changed, 100)).status, JSON.stringify(changed)).toBe(403);
    // These two, rather than the whole bucket: files of other attacks still move to their keys.
    expect(await bucket.keys()).not.toContain(mine);
    expect(await bucket.keys()).not.toContain(String(fields.key));
    expect((await send({}, 1000)).status).toBeLessThan(300);
    expect(target.store.bucket).toBe(new URL(url).pathname.split("/")[1]);
  });
});
