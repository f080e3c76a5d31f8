import { expect, it } from "vitest";
import { ALPHA, createMemoryCompanion, errorOf } from "../test/memory-companion.ts";
import { serviceToken } from "./service-token.ts";

const TOKEN = "t".repeat(32);
const body = { name: "a (processed).wav", size: 100, category: "processed" };

async function openWithAFile() {
  const companion = createMemoryCompanion({
    authenticateService: serviceToken({ service: "pipeline", tokens: [TOKEN] }),
    authenticate: async (request) =>
      request.headers.get("authorization") === `Bearer ${ALPHA}` ? { userId: ALPHA } : null,
  });
  const [created] = await companion.storage.uploads.create({ userId: ALPHA }, [
    { clientId: "1", name: "a.mp3", size: 1, type: "", contentType: "audio_file" },
  ]);
  if (created === undefined || !("session" in created)) throw new Error("the fake refused");
  const { sessionId, fileId } = created.session;
  await companion.storage.uploads.complete({ userId: ALPHA }, sessionId, {});
  companion.storage.changes.length = 0;
  return { ...companion, fileId, sessionId };
}

it("begins the upload of a file made of another, for a service", async () => {
  const { call, fileId } = await openWithAFile();
  const response = await call("POST", `/v1/files/${fileId}/derived`, { user: TOKEN, json: body });
  expect(response.status).toBe(200);
  const { sessionId } = (await response.json()) as { sessionId: string };
  const signed = await call("POST", `/v1/uploads/${sessionId}/parts/sign`, {
    user: TOKEN,
    json: { partNumbers: [1] },
  });
  expect(signed.status).toBe(200);
  expect((await call("POST", `/v1/uploads/${sessionId}/complete`, { user: TOKEN })).status).toBe(200);
});

it("does so for nobody else, and of nothing that is not there", async () => {
  const { call, fileId, storage } = await openWithAFile();
  const path = `/v1/files/${fileId}/derived`;
  expect((await errorOf(await call("POST", path, { json: body }))).code).toBe("forbidden");
  expect((await errorOf(await call("POST", path, { json: body, user: null }))).code).toBe("unauthenticated");
  expect((await errorOf(await call("POST", path, { json: body, user: TOKEN.slice(1) }))).code).toBe(
    "unauthenticated",
  );
  for (const id of [crypto.randomUUID(), "1", "%00"]) {
    const answer = await call("POST", `/v1/files/${id}/derived`, { user: TOKEN, json: body });
    expect((await errorOf(answer)).code).toBe("file_not_found");
  }
  for (const malformed of [
    {},
    { ...body, category: "original" },
    { ...body, size: -1 },
    { ...body, name: "" },
    { ...body, ownerId: ALPHA },
    { ...body, key: "audio/uploads/x.wav" },
  ]) {
    const answer = await call("POST", path, { user: TOKEN, json: malformed });
    expect((await errorOf(answer)).code).toBe("invalid_request");
  }
  expect(storage.changes.filter((change) => change !== "derive")).toEqual([]);
});

it("lets a service do nothing that only users may", async () => {
  const { call, fileId, storage } = await openWithAFile();
  for (const [method, path, json] of [
    ["GET", "/v1/config"],
    ["GET", "/v1/quota"],
    ["GET", "/v1/files"],
    ["GET", "/v1/uploads"],
    ["POST", "/v1/uploads", { files: [{ clientId: "1", name: "a.mp3", size: 1 }] }],
    ["POST", "/v1/uploads/complete", { uploads: [{ sessionId: crypto.randomUUID() }] }],
    ["PATCH", `/v1/files/${fileId}`, { name: "b.mp3" }],
    ["DELETE", `/v1/files/${fileId}`],
    ["GET", `/v1/files/${fileId}/content`],
    ["POST", "/v1/s3-tokens", {}],
    ["POST", "/s3/multipart", { filename: "a.mp3", type: "audio/mpeg" }],
  ] as const) {
    const answer = await call(method, path, { user: TOKEN, ...(json === undefined ? {} : { json }) });
    expect((await errorOf(answer)).code, `${method} ${path}`).toBe("unauthenticated");
  }
  expect(storage.changes).toEqual([]);
});
