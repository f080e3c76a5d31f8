import { createHash } from "node:crypto";
import { executableBytes, wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, uploadThrough } from "./real-companion.ts";

const MiB = 1024 * 1024;
const SMALL = wavBytes(50_000);
const LARGE = wavBytes(12 * MiB, 2);
const ABSENT = "cccccccc-0000-4000-8000-000000000003";

let companion: RealCompanion;
beforeAll(async () => {
  companion = await createRealCompanion();
});
afterAll(async () => {
  await companion[Symbol.asyncDispose]();
  expect(companion.unexpected.map((error) => (error instanceof Error ? error.stack : error))).toEqual([]);
});

async function codeOf(response: Response): Promise<string> {
  const body = (await response.json()) as { error?: { code: string } };
  return body.error?.code ?? `none (${response.status})`;
}
async function usageOf(user: string) {
  const body = (await (await companion.call(user, "GET", "/v1/quota")).json()) as {
    quotas: { usedBytes: number; reservedBytes: number; usedFiles: number; reservedFiles: number }[];
  };
  const [own] = body.quotas;
  if (own === undefined) throw new Error("the user's own scope is missing");
  const { usedBytes, reservedBytes, usedFiles, reservedFiles } = own;
  return { usedBytes, reservedBytes, usedFiles, reservedFiles };
}
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("version 1 on PostgreSQL and a store", () => {
  it.each([
    ["put", SMALL],
    ["multipart", LARGE],
  ] as const)("takes a file by %s, counts it, hands it out and deletes it", async (method, bytes) => {
    const { call, users } = companion;
    const before = await usageOf(users.alpha);
    const { fileId, sessionId } = await uploadThrough(companion, users.alpha, { bytes, method });
    const after = await usageOf(users.alpha);
    expect(after).toEqual({
      ...before,
      usedBytes: before.usedBytes + bytes.length,
      usedFiles: before.usedFiles + 1,
    });

    const again = await call(users.alpha, "POST", `/v1/uploads/${sessionId}/complete`);
    expect(await again.json()).toMatchObject({ state: "completed", file: { id: fileId } });
    const redirect = await call(users.alpha, "GET", `/v1/files/${fileId}/content`);
    expect(redirect.status).toBe(302);
    const stored = await fetch(redirect.headers.get("location") ?? "");
    expect(sha256(await stored.bytes())).toBe(sha256(bytes));

    expect((await call(users.alpha, "DELETE", `/v1/files/${fileId}`)).status).toBe(200);
    expect(await usageOf(users.alpha)).toEqual(before);
    expect((await fetch(redirect.headers.get("location") ?? "")).status).toBe(404);
  });

  it("shows a workspace's file to its members, and to nobody else that it exists", async () => {
    const { call, users, workspace } = companion;
    const { fileId, sessionId } = await uploadThrough(companion, users.alpha, {
      bytes: SMALL,
      workspaceId: workspace,
    });
    expect((await call(users.beta, "GET", `/v1/files/${fileId}`)).status).toBe(200);
    const routes = [
      ["GET", `/v1/files/${fileId}`],
      ["PATCH", `/v1/files/${fileId}`, { name: "mine.wav" }],
      ["DELETE", `/v1/files/${fileId}`],
      ["POST", `/v1/files/${fileId}/download`],
      ["GET", `/v1/files/${fileId}/content`],
      ["GET", `/v1/uploads/${sessionId}`],
      ["POST", `/v1/uploads/${sessionId}/parts/sign`, { partNumbers: [1] }],
      ["POST", `/v1/uploads/${sessionId}/complete`],
      ["DELETE", `/v1/uploads/${sessionId}`],
    ] as const;
    for (const [method, path, json] of routes) {
      const foreign = await call(users.gamma, method, path, json);
      const absent = await call(users.gamma, method, path.replace(/[0-9a-f-]{36}/, ABSENT), json);
      expect(foreign.status, path).toBe(404);
      expect(await foreign.json()).toEqual(await absent.json());
      expect(await codeOf(await call(undefined, method, path, json))).toBe("unauthenticated");
    }
    for (const path of [`/v1/files?workspaceId=${workspace}`, `/v1/quota?workspaceId=${workspace}`]) {
      expect((await call(users.beta, "GET", path)).status).toBe(200);
      expect(await codeOf(await call(users.gamma, "GET", path))).toBe("workspace_not_found");
    }
    expect((await call(users.alpha, "GET", `/v1/files/${fileId}`)).status).toBe(200);
  });

  it("refuses bytes that are not what the name says, and gives the quota back", async () => {
    const { call, users } = companion;
    const before = await usageOf(users.beta);
    await expect(
      uploadThrough(companion, users.beta, { bytes: executableBytes(20_000), name: "song.mp3" }),
    ).rejects.toThrow("content_mismatch");
    expect(await usageOf(users.beta)).toEqual(before);
    const listed = (await (await call(users.beta, "GET", "/v1/uploads")).json()) as { uploads: unknown[] };
    expect(listed.uploads).toEqual([]);
  });

  it("makes one session of a create that is repeated, and refuses another under its key", async () => {
    const { app, users } = companion;
    const create = async (size: number) => {
      const response = await app.request("/v1/uploads", {
        method: "POST",
        headers: {
          authorization: `Bearer ${users.gamma}`,
          "content-type": "application/json",
          "idempotency-key": "once",
        },
        body: JSON.stringify({ files: [{ clientId: "1", name: "a.wav", size }] }),
      });
      return (await response.json()) as {
        results?: { session: { sessionId: string } }[];
        error?: { code: string };
      };
    };
    const answers = await Promise.all([create(5000), create(5000), create(5000)]);
    expect(new Set(answers.map(({ results }) => results?.[0]?.session.sessionId)).size).toBe(1);
    expect(JSON.stringify(await create(6000))).toContain("idempotency_conflict");
    expect((await usageOf(users.gamma)).reservedBytes).toBe(5000);
  });

  it("is ready, and says so", async () => {
    expect((await companion.call(undefined, "GET", "/readyz")).status).toBe(200);
  });
});

describe("Uppy Companion's routes on PostgreSQL and a store", () => {
  async function openEndpoint(user: string) {
    const issued = await companion.call(user, "POST", "/v1/s3-tokens", { workspaceId: companion.workspace });
    const { companionEndpoint } = (await issued.json()) as { companionEndpoint: string };
    const base = `${new URL(companionEndpoint).pathname}/s3`;
    return async (method: string, path: string, json?: unknown) =>
      await companion.call(undefined, method, base + path, json);
  }

  it("takes a file in parts, of a size that nobody said", async () => {
    const { users, call, workspace } = companion;
    const before = await usageOf(users.beta);
    const uppy = await openEndpoint(users.beta);
    const created = await uppy("POST", "/multipart", {
      filename: "take.wav",
      type: "audio/wav",
      metadata: {},
    });
    const { key, uploadId } = (await created.json()) as { key: string; uploadId: string };
    const query = `?${new URLSearchParams({ key })}`;
    const parts: { PartNumber: number; ETag: string }[] = [];
    for (const [index, offset] of [0, 5 * MiB, 10 * MiB].entries()) {
      const signed = await uppy("GET", `/multipart/${uploadId}/${index + 1}${query}`);
      const { url } = (await signed.json()) as { url: string };
      const put = await fetch(url, { method: "PUT", body: LARGE.subarray(offset, offset + 5 * MiB) });
      parts.push({ PartNumber: index + 1, ETag: put.headers.get("etag") ?? "" });
    }
    const listed = (await (await uppy("GET", `/multipart/${uploadId}${query}`)).json()) as {
      PartNumber: number;
    }[];
    expect(listed.map(({ PartNumber }) => PartNumber)).toEqual([1, 2, 3]);
    expect((await call(users.gamma, "GET", `/s3/multipart/${uploadId}${query}`)).status).toBe(404);

    const completed = await uppy("POST", `/multipart/${uploadId}/complete${query}`, { parts });
    expect(await completed.json()).toEqual({ location: expect.stringContaining(key), key, bucket: "audio" });
    expect(await usageOf(users.beta)).toEqual({
      ...before,
      usedBytes: before.usedBytes + LARGE.length,
      usedFiles: before.usedFiles + 1,
    });
    const { rows } = await sql<{ workspace_id: string; status: string }>`
      SELECT workspace_id, status FROM file_storage WHERE storage_path = ${key}`.execute(companion.db);
    expect(rows).toEqual([{ workspace_id: workspace, status: "stored" }]);
  });

  it("takes a whole file by a form, and finishes it by itself", async () => {
    const { users, storage, call } = companion;
    const uppy = await openEndpoint(users.beta);
    const signed = await uppy(
      "GET",
      `/params?${new URLSearchParams({ filename: "form.wav", type: "audio/wav" })}`,
    );
    const { url, fields, method } = (await signed.json()) as {
      url: string;
      method: string;
      fields: Record<string, string>;
    };
    expect(method).toBe("POST");
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    form.set("file", new Blob([SMALL]));
    expect((await fetch(url, { method: "POST", body: form })).status).toBe(201);

    const names = async () => {
      const response = await call(users.beta, "GET", `/v1/files?workspaceId=${companion.workspace}`);
      const { files } = (await response.json()) as { files: { name: string; state: string; size: number }[] };
      return files.filter(({ name }) => name === "form.wav").map(({ state, size }) => [state, size]);
    };
    await expect
      .poll(
        async () => {
          await storage.sweep();
          return await names();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toEqual([["stored", SMALL.length]]);
  });

  it("aborts, and leaves nothing reserved", async () => {
    const { users } = companion;
    const before = await usageOf(users.alpha);
    const uppy = await openEndpoint(users.alpha);
    const created = await uppy("POST", "/multipart", {
      filename: "a.mp3",
      type: "audio/mpeg",
      metadata: { size: 1000 },
    });
    const { key, uploadId } = (await created.json()) as { key: string; uploadId: string };
    expect((await usageOf(users.alpha)).reservedBytes).toBe(before.reservedBytes + 1000);
    const path = `/multipart/${uploadId}?${new URLSearchParams({ key })}`;
    expect((await uppy("DELETE", path)).status).toBe(200);
    expect((await uppy("DELETE", path)).status).toBe(200);
    expect(await usageOf(users.alpha)).toEqual(before);
  });

  it("tells no log the token", async () => {
    expect(JSON.stringify(companion.entries)).not.toMatch(/s3-token\/(?!:token)/);
  });
});
