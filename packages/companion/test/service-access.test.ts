import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, SERVICE_TOKEN, uploadThrough } from "./real-companion.ts";

const BYTES = wavBytes(50_000);
const service = SERVICE_TOKEN;
let companion: RealCompanion;
beforeAll(async () => {
  companion = await createRealCompanion();
});
afterAll(async () => {
  await companion[Symbol.asyncDispose]();
  expect(companion.unexpected).toEqual([]);
});

interface Derived {
  sessionId: string;
  fileId: string;
  resumed: boolean;
  urls: { url: string; headers: Record<string, string> }[];
}

async function derive(fileId: string, key: string, more: object = {}): Promise<Derived> {
  const response = await companion.app.request(`/v1/files/${fileId}/derived`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${service}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify({ name: "p.wav", size: BYTES.length, category: "chunk", ...more }),
  });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body as Derived;
}
async function statusOf(user: string, method: string, path: string, json?: unknown): Promise<number> {
  return (await companion.call(user, method, path, json)).status;
}
async function send({ urls }: Derived, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (const { url, headers } of urls) await fetch(url, { method: "PUT", headers, body: bytes });
}

it("lets a service read any file and bring what it makes of it to its end, in the owner's name", async () => {
  const { call, users, workspace, db } = companion;
  const { fileId } = await uploadThrough(companion, users.alpha, { bytes: BYTES, workspaceId: workspace });
  expect(await statusOf(service, "GET", `/v1/files/${fileId}`)).toBe(200);
  const { url } = (await (await call(service, "POST", `/v1/files/${fileId}/download`)).json()) as {
    url: string;
  };
  expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(BYTES)).toBe(true);

  const derived = await derive(fileId, "k");
  expect(await derive(fileId, "k")).toMatchObject({ sessionId: derived.sessionId, resumed: true });
  await expect(derive(fileId, "k", { size: 60_000 })).rejects.toThrow("idempotency_conflict");
  await send(derived, BYTES);
  expect(await statusOf(service, "GET", `/v1/uploads/${derived.sessionId}`)).toBe(200);
  const completed = await call(service, "POST", `/v1/uploads/${derived.sessionId}/complete`);
  expect(await completed.json()).toMatchObject({
    state: "completed",
    file: { id: derived.fileId, ownerId: users.alpha, workspaceId: workspace, accessLevel: "workspace" },
  });
  // Both are the members' to see.
  expect(await statusOf(users.beta, "GET", `/v1/files/${derived.fileId}`)).toBe(200);
  const { rows } = await sql`SELECT * FROM recount_storage()`.execute(db);
  expect(rows).toEqual([]);
});

it("keeps a service away from uploads of users, and users from those of a service", async () => {
  const { users, call } = companion;
  const { fileId, sessionId } = await uploadThrough(companion, users.gamma, { bytes: BYTES });
  const derived = await derive(fileId, "k");
  const routes = [
    ["GET", ""],
    ["POST", "/parts/sign", { partNumbers: [1] }],
    ["POST", "/complete"],
    ["DELETE", ""],
  ] as const;
  for (const [method, path, json] of routes) {
    expect(await statusOf(service, method, `/v1/uploads/${sessionId}${path}`, json)).toBe(404);
    expect(await statusOf(users.gamma, method, `/v1/uploads/${derived.sessionId}${path}`, json)).toBe(404);
    expect(await statusOf(users.alpha, method, `/v1/uploads/${derived.sessionId}${path}`, json)).toBe(404);
  }
  const open = (await (await call(users.gamma, "GET", "/v1/uploads")).json()) as { uploads: unknown[] };
  expect(open.uploads).toEqual([]);
  expect(await statusOf(service, "DELETE", `/v1/uploads/${derived.sessionId}`)).toBe(200);
});

it("counts what a service makes against its owner's quota, proves it like any upload, and ends with the original", async () => {
  const { users, db, call } = companion;
  const { fileId } = await uploadThrough(companion, users.beta, { bytes: BYTES });
  await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes)
    SELECT ${users.beta}, used_bytes + ${BYTES.length} FROM storage_counters WHERE scope_id = ${users.beta}`.execute(
    db,
  );
  const derived = await derive(fileId, "k");
  await expect(derive(fileId, "other")).rejects.toThrow("quota_exceeded");
  await send(derived, Uint8Array.from(Buffer.alloc(BYTES.length, "MZ not audio")));
  const refused = await call(service, "POST", `/v1/uploads/${derived.sessionId}/complete`);
  expect(await refused.json()).toMatchObject({ error: { code: "content_mismatch" } });

  const good = await derive(fileId, "again");
  await send(good, BYTES);
  expect(await statusOf(service, "POST", `/v1/uploads/${good.sessionId}/complete`)).toBe(200);
  expect(await statusOf(users.beta, "DELETE", `/v1/files/${fileId}`)).toBe(200);
  expect(await statusOf(users.beta, "GET", `/v1/files/${good.fileId}`)).toBe(404);
  await expect(derive(fileId, "late")).rejects.toThrow("file_not_found");
  const quota = (await (await call(users.beta, "GET", "/v1/quota")).json()) as { quotas: object[] };
  expect(quota.quotas).toMatchObject([{ usedBytes: 0, reservedBytes: 0, usedFiles: 0 }]);
});
