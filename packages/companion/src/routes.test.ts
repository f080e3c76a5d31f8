import { UPLOAD_ERRORS, type UploadErrorCode } from "@audiotricks/protocol";
import { describe, expect, it } from "vitest";
import { ALPHA, BETA, createMemoryCompanion, errorOf } from "../test/memory-companion.ts";

const ABSENT = "cccccccc-0000-4000-8000-000000000003";
const KEY = "audio/uploads/2026/11/x.mp3";

interface RouteCase {
  method: string;
  /** `{session}`, `{file}` and `{key}` are replaced by those of Alpha's open upload and stored file. */
  path: string;
  json?: unknown;
  malformed?: { path?: string; json?: unknown };
  /** What another user is told; `null` where the answer is the caller's own. */
  absent: UploadErrorCode | null;
  public?: true;
}

const file = { clientId: "1", name: "a.mp3", size: 1, type: "audio/mpeg" };
const s3 = "/s3/multipart/{session}";

const ROUTES: RouteCase[] = [
  { method: "GET", path: "/healthz", absent: null, public: true },
  { method: "GET", path: "/readyz", absent: null, public: true },
  { method: "GET", path: "/openapi.json", absent: null, public: true },
  { method: "GET", path: "/v1/config", absent: null },
  { method: "GET", path: "/v1/quota", malformed: { path: "/v1/quota?workspaceId=1" }, absent: null },
  { method: "GET", path: "/v1/usage", malformed: { path: "/v1/usage?period=hour" }, absent: null },
  {
    method: "POST",
    path: "/v1/uploads",
    json: { files: [file] },
    malformed: { json: { files: [] } },
    absent: null,
  },
  { method: "GET", path: "/v1/uploads?state=open", malformed: { path: "/v1/uploads?state=x" }, absent: null },
  { method: "GET", path: "/v1/uploads/{session}", absent: "session_not_found" },
  {
    method: "POST",
    path: "/v1/uploads/{session}/parts/sign",
    json: { partNumbers: [1] },
    malformed: { json: { partNumbers: [0] } },
    absent: "session_not_found",
  },
  {
    method: "POST",
    path: "/v1/uploads/complete",
    json: { uploads: [{ sessionId: ABSENT }] },
    malformed: { json: { uploads: [{ sessionId: "1" }] } },
    absent: null,
  },
  {
    method: "POST",
    path: "/v1/uploads/{session}/complete",
    json: {},
    malformed: { json: { md5: "no" } },
    absent: "session_not_found",
  },
  { method: "DELETE", path: "/v1/uploads/{session}", absent: "session_not_found" },
  { method: "GET", path: "/v1/files", malformed: { path: "/v1/files?limit=-1" }, absent: null },
  { method: "GET", path: "/v1/files/{file}", absent: "file_not_found" },
  {
    method: "PATCH",
    path: "/v1/files/{file}",
    json: { name: "b.mp3" },
    malformed: { json: { accessLevel: "everyone" } },
    absent: "file_not_found",
  },
  { method: "DELETE", path: "/v1/files/{file}", absent: "file_not_found" },
  {
    method: "POST",
    path: "/v1/files/{file}/download",
    json: {},
    malformed: { json: { disposition: "x" } },
    absent: "file_not_found",
  },
  { method: "GET", path: "/v1/files/{file}/content", absent: "file_not_found" },
  {
    method: "POST",
    path: "/v1/files/{file}/shares",
    json: {},
    malformed: { json: { expiresIn: 30 * 86_400 + 1 } },
    absent: "file_not_found",
  },
  { method: "GET", path: "/v1/files/{file}/shares", absent: "file_not_found" },
  { method: "DELETE", path: "/v1/files/{file}/shares", absent: "file_not_found" },
  { method: "POST", path: "/v1/s3-tokens", json: {}, malformed: { json: { workspaceId: 1 } }, absent: null },
  {
    method: "DELETE",
    path: "/v1/s3-tokens/0123456789abcdef",
    malformed: { path: "/v1/s3-tokens/short" },
    absent: null,
  },
  { method: "GET", path: "/s3/params?filename=a.mp3", malformed: { path: "/s3/params" }, absent: null },
  {
    method: "POST",
    path: "/s3/multipart",
    json: { filename: "a.mp3", type: "audio/mpeg" },
    malformed: { json: { filename: "" } },
    absent: null,
  },
  { method: "GET", path: `${s3}?key={key}`, malformed: { path: s3 }, absent: "session_not_found" },
  {
    method: "GET",
    path: `${s3}/batch?key={key}&partNumbers=1,2`,
    malformed: { path: `${s3}/batch?key={key}&partNumbers=1,x` },
    absent: "session_not_found",
  },
  {
    method: "GET",
    path: `${s3}/1?key={key}`,
    malformed: { path: `${s3}/10001?key={key}` },
    absent: "session_not_found",
  },
  {
    method: "POST",
    path: `${s3}/complete?key={key}`,
    json: { parts: [{ PartNumber: 1, ETag: "e" }] },
    malformed: { json: { parts: [{ PartNumber: "x" }] } },
    absent: "session_not_found",
  },
  { method: "DELETE", path: `${s3}?key={key}`, malformed: { path: s3 }, absent: "session_not_found" },
];

async function openWithOneOfEach() {
  const companion = createMemoryCompanion();
  const created = await companion.storage.uploads.create({ userId: ALPHA }, [
    { ...file, contentType: "audio_file" },
    { ...file, contentType: "audio_file" },
  ]);
  const [open, done] = created.map((result) => ("session" in result ? result.session : undefined));
  if (open === undefined || done === undefined) throw new Error("the fake refused");
  await companion.storage.uploads.complete({ userId: ALPHA }, done.sessionId, {});
  companion.storage.changes.length = 0;
  const fill = (path: string) =>
    path
      .replace("{session}", open.sessionId)
      .replace("{file}", done.fileId)
      .replace("{key}", encodeURIComponent(open.key));
  return { ...companion, fill };
}

async function expectError(response: Response, code: UploadErrorCode): Promise<void> {
  expect({ status: response.status, code: (await errorOf(response)).code }).toEqual({
    status: UPLOAD_ERRORS[code],
    code,
  });
}

describe.each(ROUTES)("$method $path", (route) => {
  const body = route.json === undefined ? {} : { json: route.json };

  it("answers its owner", async () => {
    const { call, fill, unexpected } = await openWithOneOfEach();
    const response = await call(route.method, fill(route.path), { ...body, redirect: "manual" });
    expect(response.status).toBeLessThan(400);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(unexpected).toEqual([]);
  });

  if (route.public !== true)
    it("refuses an anonymous caller", async () => {
      const { call, fill, storage } = await openWithOneOfEach();
      const response = await call(route.method, fill(route.path), { ...body, user: null });
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      await expectError(response, "unauthenticated");
      expect(storage.changes).toEqual([]);
    });

  if (route.malformed !== undefined && route.malformed !== null)
    it("refuses malformed input", async () => {
      const { call, fill, storage } = await openWithOneOfEach();
      const path = fill(route.malformed?.path ?? route.path);
      const json = route.malformed?.json ?? route.json;
      await expectError(
        await call(route.method, path, json === undefined ? {} : { json }),
        "invalid_request",
      );
      expect(storage.changes).toEqual([]);
    });

  if (route.json !== undefined && route.json !== null)
    it("refuses a body that is not JSON, or not said to be", async () => {
      const { call, fill, storage } = await openWithOneOfEach();
      const path = fill(route.path);
      const json = { "content-type": "application/json" };
      for (const [headers, text] of [
        [json, "{"],
        [json, ""],
        [json, '{"a":'.repeat(10_000)],
        [json, "[".repeat(100_000)],
        [{ "content-type": "text/plain" }, JSON.stringify(route.json)],
        [{ "content-type": "multipart/form-data" }, "x"],
        [json, "null"],
      ] as const)
        await expectError(await call(route.method, path, { headers, body: text }), "invalid_request");
      expect(storage.changes).toEqual([]);
    });

  if (route.method !== "GET")
    it("refuses a body that is too large, whether or not it says its length", async () => {
      const { call, fill, storage } = await openWithOneOfEach();
      const big = new Uint8Array(1024 * 1024 + 1).fill(0x20);
      const headers = { "content-type": "application/json" };
      const announced = { ...headers, "content-length": String(big.length) };
      await expectError(
        await call(route.method, fill(route.path), { headers: announced, body: big }),
        "body_too_large",
      );
      const streamed = { headers, body: new Blob([big]).stream(), duplex: "half" } as const;
      await expectError(await call(route.method, fill(route.path), streamed), "body_too_large");
      expect(storage.changes).toEqual([]);
    });

  if (route.absent !== undefined && route.absent !== null)
    it("tells a stranger the same as of what is not there", async () => {
      const { call, fill } = await openWithOneOfEach();
      const code = route.absent ?? "internal";
      const absentPath = route.path
        .replace(/\{session\}|\{file\}/, ABSENT)
        .replace("{key}", encodeURIComponent(KEY));
      const foreign = await call(route.method, fill(route.path), { ...body, user: BETA });
      const absent = await call(route.method, absentPath, body);
      const foreignError = await errorOf(foreign);
      expect(foreignError.code).toBe(code);
      expect(await errorOf(absent)).toEqual(foreignError);
    });

  if (route.absent !== undefined && route.absent !== null)
    it("answers an absurd id as absent", async () => {
      const { call, storage } = await openWithOneOfEach();
      for (const id of ["1", "%00", "..%2f..", "'--", "%F0%9F%8E%B5", "a".repeat(5000), "%", "{id}"]) {
        const path = route.path.replace(/\{session\}|\{file\}/, id).replace("{key}", KEY);
        await expectError(await call(route.method, path, body), route.absent ?? "internal");
      }
      expect(storage.changes).toEqual([]);
    });

  it("says which methods there are", async () => {
    const { call, fill, storage } = await openWithOneOfEach();
    const response = await call("PUT", fill(route.path), { json: {} });
    expect(response.headers.get("allow")).toContain(route.method);
    await expectError(response, "method_not_allowed");
    expect(storage.changes).toEqual([]);
  });
});
