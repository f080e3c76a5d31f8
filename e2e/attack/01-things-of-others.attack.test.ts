import { randomBytes, randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { beforeAll, describe, expect, it } from "vitest";
import { target } from "./target/about.ts";
import { type Answer, ask, follow } from "./target/ask.ts";
import { furnish, pathTo, type Things } from "./target/furnish.ts";
import { documentedRoutes } from "./target/routes.ts";
import { stateOf } from "./target/state.ts";
import { beginOne, usageOf } from "./target/upload.ts";

const { alpha, beta, gamma, workspace } = target.people;

/** What each route wants beside its path; a new route without an entry fails the first test. */
const REQUESTS: Record<string, (things: Things) => { query?: Record<string, string>; json?: unknown }> = {
  "GET /v1/config": () => ({}),
  "GET /v1/quota": (t) => ({ query: { workspaceId: t.workspace } }),
  "GET /v1/events": (t) => ({ query: { workspaceId: t.workspace } }),
  "GET /v1/usage": (t) => ({ query: { workspaceId: t.workspace } }),
  "POST /v1/uploads": (t) => ({
    json: {
      files: [{ clientId: "1", name: "a.wav", size: 50, workspaceId: t.workspace, resume: t.session }],
    },
  }),
  "GET /v1/uploads": () => ({}),
  "GET /v1/uploads/{id}": () => ({}),
  "POST /v1/uploads/{id}/parts/sign": () => ({ json: { partNumbers: [1] } }),
  "POST /v1/uploads/complete": (t) => ({ json: { uploads: [{ sessionId: t.session }] } }),
  "POST /v1/uploads/{id}/complete": () => ({ json: {} }),
  "DELETE /v1/uploads/{id}": () => ({}),
  "GET /v1/files": (t) => ({ query: { workspaceId: t.workspace } }),
  "GET /v1/files/{id}": () => ({}),
  "PATCH /v1/files/{id}": () => ({ json: { name: "mine.wav", accessLevel: "public" } }),
  "DELETE /v1/files/{id}": () => ({}),
  "POST /v1/files/{id}/download": () => ({ json: {} }),
  "POST /v1/files/{id}/recall": () => ({}),
  "GET /v1/files/{id}/content": () => ({}),
  "POST /v1/files/{id}/derived": () => ({ json: { name: "b.wav", size: 50, category: "processed" } }),
  "POST /v1/files/{id}/shares": () => ({ json: { expiresIn: 60 } }),
  "GET /v1/files/{id}/shares": () => ({}),
  "DELETE /v1/files/{id}/shares": () => ({}),
  "DELETE /v1/files/{id}/shares/{shareId}": () => ({}),
  "GET /s/{token}": () => ({}),
  "POST /v1/s3-tokens": (t) => ({ json: { workspaceId: t.workspace } }),
  "DELETE /v1/s3-tokens/{token}": () => ({}),
  "GET /s3/params": (t) => ({ query: { filename: "a.wav", "metadata[workspaceId]": t.workspace } }),
  "POST /s3/multipart": (t) => ({
    json: { filename: "a.wav", type: "audio/wav", metadata: { workspaceId: t.workspace } },
  }),
  "GET /s3/multipart/{uploadId}": (t) => ({ query: { key: t.s3Key } }),
  "GET /s3/multipart/{uploadId}/batch": (t) => ({ query: { key: t.s3Key, partNumbers: "1,2" } }),
  "GET /s3/multipart/{uploadId}/{partNumber}": (t) => ({ query: { key: t.s3Key } }),
  "POST /s3/multipart/{uploadId}/complete": (t) => ({
    query: { key: t.s3Key },
    json: { parts: [{ PartNumber: 1, ETag: "e" }] },
  }),
  "DELETE /s3/multipart/{uploadId}": (t) => ({ query: { key: t.s3Key } }),
  "POST /v1/files/match": (t) => ({ json: { workspaceId: t.workspace, sizes: [500] } }),
  "GET /v1/files/{id}/waveform": () => ({}),
  "POST /v1/files/{id}/waveform": () => ({ json: {} }),
  "PATCH /v1/groups/{id}": (t) => ({ json: { workspaceId: t.workspace, size: 1 } }),
  "DELETE /v1/groups/{id}": (t) => ({ query: { workspaceId: t.workspace } }),
  "POST /v1/exports": (t) => ({ json: { kind: "files", fileIds: [t.file] } }),
  "GET /v1/exports": () => ({}),
  "GET /v1/exports/{id}": () => ({}),
  "DELETE /v1/exports/{id}": () => ({}),
  "POST /v1/exports/{id}/download": () => ({ json: {} }),
  "GET /v1/admin/alerts": () => ({}),
  "POST /v1/admin/alerts/{id}/acknowledge": () => ({ json: {} }),
  "GET /v1/admin/costs": (t) => ({ query: { workspaceId: t.workspace } }),
  "GET /v1/admin/costs/forecast": () => ({}),
  "GET /v1/admin/costs/what-if": () => ({ query: { olderThanDays: "1" } }),
  "GET /v1/admin/dashboard": () => ({}),
  "GET /v1/admin/usage": (t) => ({ query: { workspaceId: t.workspace } }),
  "GET /v1/admin/growth": (t) => ({ query: { workspaceId: t.workspace } }),
  "GET /v1/admin/activity": () => ({}),
  "GET /v1/admin/sessions": (t) => ({ query: { workspaceId: t.workspace } }),
  "GET /v1/admin/jobs": () => ({}),
  "GET /v1/admin/backups": () => ({}),
  "GET /v1/admin/database-backups": () => ({}),
  "GET /v1/admin/moves": () => ({}),
  "GET /v1/admin/archive": () => ({}),
  "GET /v1/admin/uploads/{id}": () => ({}),
  "GET /v1/admin/audit": (t) => ({ query: { resourceId: t.file } }),
};

// Also: each role, on both databases, in [tenants.test.ts](packages/companion/test/tenants.test.ts).
describe("someone else's session, file or key", () => {
  let theirs: Things;
  beforeAll(async () => {
    theirs = await furnish(alpha, { workspaceId: workspace });
  });

  it("gets the same answer as what is not there, by every documented route, whoever asks", async () => {
    const routes = await documentedRoutes();
    expect(Object.keys(REQUESTS).sort()).toEqual(routes.map(({ route }) => route).sort());
    const before = await stateOf([alpha]);
    const { token } = (await ask(gamma, "POST", "/v1/s3-tokens", { json: {} })).json<{ token: string }>();
    for (const { route, method, path } of routes) {
      // What an operator reads of others is what that route is for; a good link is for everybody.
      for (const who of [gamma, undefined, randomUUID()]) {
        const prefixes = who === gamma && path.startsWith("/s3/") ? ["", `/s3-token/${token}`] : [""];
        for (const prefix of prefixes)
          for (const isShouted of [false, true]) {
            const put = async (things: Things) => {
              const named = isShouted ? shout(things) : things;
              const { query = {}, json } = REQUESTS[route]?.(named) ?? {};
              const search = Object.keys(query).length === 0 ? "" : `?${new URLSearchParams(query)}`;
              const address = `${prefix}${pathTo(path, named)}${search}`;
              const asked = await ask(
                prefix === "" ? who : undefined,
                method,
                address,
                json === undefined ? {} : { json },
              );
              return comparable(asked, named);
            };
            const foreign = await put(theirs);
            expect(foreign.status, route).toBeLessThan(500);
            expect(foreign, `${route} by ${who ?? "nobody"}`).toEqual(await put(absent()));
          }
      }
    }
    expect(await stateOf([alpha])).toEqual(before);
  });

  it("is read by a member of the workspace and changed by none but its owner", async () => {
    const before = await stateOf([alpha]);
    expect((await ask(beta, "GET", `/v1/files/${theirs.file}`)).status).toBe(200);
    for (const [method, path] of [
      ["PATCH", `/v1/files/${theirs.file}`],
      ["DELETE", `/v1/files/${theirs.file}`],
      ["POST", `/v1/files/${theirs.file}/shares`],
    ] as const)
      expect(
        (await ask(beta, method, path, { json: method === "PATCH" ? { name: "b.wav" } : {} })).code,
      ).toBe("forbidden");
    for (const path of [`/v1/uploads/${theirs.session}`, `/v1/uploads/${theirs.s3Session}`])
      for (const method of ["GET", "DELETE"])
        expect((await ask(beta, method, path)).code).toBe("session_not_found");
    expect(await stateOf([alpha])).toEqual(before);
    // It is the rights that refuse: its owner is answered.
    expect((await ask(alpha, "GET", `/v1/uploads/${theirs.session}`)).status).toBe(200);
    expect((await ask(alpha, "GET", `/v1/files/${theirs.file}/shares`)).status).toBe(200);
  });

  it("is not reached by one's own upload with another's key, nor by another key in a signed URL", async () => {
    const [before, usage] = [await stateOf([alpha]), await usageOf(gamma)];
    const own = (
      await ask(gamma, "POST", "/s3/multipart", {
        json: { filename: "a.wav", type: "audio/wav", metadata: { size: 1000 } },
      })
    ).json<{ key: string; uploadId: string }>();
    for (const [id, key] of [
      [own.uploadId, theirs.s3Key],
      [own.uploadId, theirs.fileKey],
      [theirs.s3Session, own.key],
      [own.uploadId, `${own.key}/../../${theirs.fileKey}`],
    ] as const)
      for (const path of [`/s3/multipart/${id}/1`, `/s3/multipart/${id}/batch`, `/s3/multipart/${id}`]) {
        const query = new URLSearchParams({ key, partNumbers: "1" });
        expect((await ask(gamma, "GET", `${path}?${query}`)).code).toBe("session_not_found");
      }
    expect(
      (await ask(gamma, "DELETE", `/s3/multipart/${own.uploadId}?${new URLSearchParams({ key: own.key })}`))
        .status,
    ).toBe(200);

    const { urls, sessionId } = await beginOne(gamma, { name: "a.wav", size: 50, method: "put" });
    const [put] = urls;
    const bytes = wavBytes(50);
    const foreign = new URL(put?.url ?? "");
    for (const pathname of [
      `/${target.store.bucket}/${theirs.fileKey}`,
      `${foreign.pathname}/../../../${theirs.fileKey}`,
      `${foreign.pathname}%2f..%2f${theirs.fileKey}`,
    ]) {
      const url = `${foreign.origin}${pathname}${foreign.search}`;
      const answer = await follow(url, "PUT", { headers: put?.headers ?? {}, body: bytes });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    }
    await ask(gamma, "DELETE", `/v1/uploads/${sessionId}`);
    expect(await stateOf([alpha])).toEqual(before);
    expect(await usageOf(gamma)).toEqual(usage);
  });
});

/** What an answer says, with what was asked for left out of it, and what differs each time. */
function comparable({ status, headers, text }: Answer, things: Things) {
  let told = text;
  for (const id of Object.values(things)) told = told.replaceAll(id, "…");
  return { status, type: headers["content-type"], told: told.replace(/"requestId":"[^"]*"/, "") };
}

function absent(): Things {
  const token = () => randomBytes(32).toString("base64url");
  return {
    name: "absent.wav",
    file: randomUUID(),
    fileKey: `audio/uploads/2026/11/${randomUUID()}.wav`,
    session: randomUUID(),
    group: randomUUID(),
    s3Session: randomUUID(),
    s3Key: `audio/uploads/2026/11/${randomUUID()}.wav`,
    share: randomUUID(),
    endedLink: token(),
    token: token(),
    export: randomUUID(),
    workspace: randomUUID(),
  };
}

/** UUIDs have two cases; keys and tokens one. */
function shout(things: Things): Things {
  const upper = (id: string) => id.toUpperCase();
  return {
    ...things,
    file: upper(things.file),
    session: upper(things.session),
    group: upper(things.group),
    s3Session: upper(things.s3Session),
    share: upper(things.share),
    export: upper(things.export),
    workspace: upper(things.workspace),
  };
}
