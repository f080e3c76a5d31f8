import { UploadError } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { ALPHA, BETA, createMemoryCompanion } from "../test/memory-companion.ts";

const WORKSPACE = "dddddddd-0000-4000-8000-000000000004";

/** The exchanges of `@uppy/aws-s3` 6.3.1, spelled as its `CompanionS3` client spells them. */
describe("an unmodified @uppy/aws-s3", () => {
  async function begin(metadata: unknown = { name: "a.mp3", relativePath: null }) {
    const companion = createMemoryCompanion();
    const issued = await companion.call("POST", "/v1/s3-tokens", { json: { workspaceId: WORKSPACE } });
    const { companionEndpoint } = (await issued.json()) as { companionEndpoint: string };
    const base = `${new URL(companionEndpoint).pathname}/s3`;
    const uppy = (method: string, path: string, json?: unknown) =>
      companion.call(method, base + path, { user: null, ...(json === undefined ? {} : { json }) });
    const created = await uppy("POST", "/multipart", { filename: "a.mp3", type: "audio/mpeg", metadata });
    const { key, uploadId } = (await created.json()) as { key: string; uploadId: string };
    return {
      ...companion,
      uppy,
      key,
      uploadId,
      at: `/multipart/${uploadId}`,
      query: `?key=${encodeURIComponent(key)}`,
    };
  }

  it("uploads in parts with nothing but the token in its endpoint", async () => {
    const { uppy, at, query, key, uploadId, storage } = await begin();
    expect(storage.sessions.get(uploadId)).toMatchObject({ ownerId: ALPHA, workspaceId: WORKSPACE });

    const signed = await uppy("GET", `${at}/1${query}`);
    expect(await signed.json()).toEqual({ url: `https://store.test/${key}?1`, expires: 900 });
    const batch = await uppy("GET", `${at}/batch${query}&partNumbers=1,2,2`);
    expect(await batch.json()).toEqual({
      presignedUrls: { 1: `https://store.test/${key}?1`, 2: `https://store.test/${key}?2` },
    });

    storage.sessions.get(uploadId)?.storedParts.push({ partNumber: 1, size: 7, etag: "abc" });
    const listed = await uppy("GET", at + query);
    expect(await listed.json()).toEqual([{ PartNumber: 1, ETag: "abc", Size: 7 }]);

    const parts = [{ PartNumber: 1, ETag: '"abc"' }];
    const completed = await uppy("POST", `${at}/complete${query}`, { parts });
    expect(await completed.json()).toEqual({ location: `https://store.test/${key}`, key, bucket: "bucket" });
    expect(storage.changes).toContain("s3Complete abc");
  });

  it("puts no file elsewhere when the workspace it names cannot be one", async () => {
    const { call, storage } = createMemoryCompanion();
    const create = (workspaceId: unknown) =>
      call("POST", "/s3/multipart", {
        json: { filename: "a.mp3", type: "audio/mpeg", metadata: { workspaceId } },
      });
    for (const wrong of ["mine", 7, {}, `${WORKSPACE}0`]) {
      const refused = await create(wrong);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ error: { code: "invalid_request" } });
    }
    expect(storage.sessions.size).toBe(0);
    for (const empty of ["", null]) expect((await create(empty)).status).toBe(200);
  });

  it("aborts", async () => {
    const { uppy, at, query, uploadId, storage } = await begin();
    expect(await (await uppy("DELETE", at + query)).json()).toEqual({});
    expect(storage.sessions.get(uploadId)?.state).toBe("aborted");
  });

  it("gets a form for a file it does not cut, with the size its page announced", async () => {
    const { uppy, storage } = await begin();
    const query = new URLSearchParams({ filename: "b.mp3", type: "audio/mpeg", "metadata[size]": "42" });
    const response = (await (await uppy("GET", `/params?${query}`)).json()) as { fields: { key: string } };
    expect(response).toEqual({
      method: "POST",
      url: "https://store.test/bucket",
      fields: { key: expect.stringMatching(/\.mp3$/), policy: "p" },
      expires: 900,
    });
    expect([...storage.sessions.values()].find(({ name }) => name === "b.mp3")?.size).toBe(42);
  });

  it.each([
    [{ size: 42 }, 42],
    [{ size: "42" }, 42],
    [{ size: "large" }, 1e9],
    [{ size: null }, 1e9],
    [{}, 1e9],
    [null, 1e9],
  ])("reads the size from metadata %j", async (metadata, size) => {
    const { storage, uploadId } = await begin(metadata);
    expect(storage.sessions.get(uploadId)?.size).toBe(size);
  });

  it.each([-1, "-1", 1.5, "1e30", "99999999999999999999"])("refuses a file of %j bytes", async (size) => {
    const { uppy, storage } = await begin();
    const before = storage.sessions.size;
    const body = { filename: "a.mp3", type: "audio/mpeg", metadata: { size } };
    const create = await uppy("POST", "/multipart", body);
    expect(create.status).toBe(400);
    const query = new URLSearchParams({ filename: "a.mp3", "metadata[size]": String(size) });
    expect((await uppy("GET", `/params?${query}`)).status).toBe(400);
    expect(storage.sessions.size).toBe(before);
  });

  it("cannot reach another's upload, nor one under another key", async () => {
    const { call, key, uploadId, query, uppy } = await begin();
    expect((await call("GET", `/s3/multipart/${uploadId}${query}`, { user: BETA })).status).toBe(404);
    expect((await uppy("GET", `/multipart/${uploadId}?key=${key}x`)).status).toBe(404);
    expect((await uppy("DELETE", `/multipart/${uploadId}?key=../${key}`)).status).toBe(404);
  });

  it("is refused with a token that is revoked, invented or absurd", async () => {
    const { app, call } = await begin();
    const issued = (await (await call("POST", "/v1/s3-tokens")).json()) as { token: string };
    const path = `/s3-token/${issued.token}/s3/params?filename=a.mp3`;
    await call("DELETE", `/v1/s3-tokens/${issued.token}`, { user: BETA });
    expect((await app.request(path)).status).toBe(200);
    expect((await call("DELETE", `/v1/s3-tokens/${issued.token}`)).status).toBe(204);
    for (const token of [issued.token, crypto.randomUUID(), "x", "%00", "a".repeat(3000)])
      expect((await app.request(`/s3-token/${token}/s3/params?filename=a.mp3`)).status).toBe(401);
  });

  it("opens nothing but /s3 with a token", async () => {
    const { app, call } = await begin();
    const { token } = (await (await call("POST", "/v1/s3-tokens")).json()) as { token: string };
    expect((await app.request(`/s3-token/${token}/v1/files`)).status).toBe(404);
    expect((await app.request("/v1/files", { headers: { authorization: `Basic ${token}` } })).status).toBe(
      401,
    );
  });

  it("shows the message: in the reason phrase, the only place it looks, and in the body for older ones", async () => {
    const { app, storage } = createMemoryCompanion();
    storage.failWith(new UploadError("quota_exceeded", "12 MB over the quota – free some space"));
    const outgoing = { statusMessage: "" };
    const response = await app.request(
      "/s3/params?filename=a.mp3",
      { headers: { authorization: `Bearer ${ALPHA}` } },
      { outgoing },
    );
    expect(outgoing.statusMessage).toBe("12 MB over the quota   free some space");
    expect(await response.json()).toMatchObject({
      message: "12 MB over the quota – free some space",
      error: { code: "quota_exceeded" },
    });
  });
});
