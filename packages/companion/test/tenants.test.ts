import { ACCESS, type Route } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, uploadThrough } from "./real-companion.ts";

/** Ids of things of one kind each, as a request may name them. */
interface Ids {
  file: string;
  session: string;
  export: string;
  s3Session: string;
  s3Key: string;
  token: string;
  share: string;
  /** Of a link that was revoked: one that is good is for everybody. */
  endedLink: string;
  /** Of an open upload. */
  group: string;
  workspace: string;
}
type Ask = (ids: Ids) => { path: string; json?: unknown };

const inWorkspace = (path: string) => (ids: Ids) => ({ path: `${path}?workspaceId=${ids.workspace}` });
const ofFile = (rest: string, json?: unknown) => (ids: Ids) => ({
  path: `/v1/files/${ids.file}${rest}`,
  json,
});
const ofExport = (rest: string, json?: unknown) => (ids: Ids) => ({
  path: `/v1/exports/${ids.export}${rest}`,
  json,
});
const ofSession = (rest: string, json?: unknown) => (ids: Ids) => ({
  path: `/v1/uploads/${ids.session}${rest}`,
  json,
});
const ofS3 = (rest: string, json?: unknown) => (ids: Ids) => ({
  path: `/s3/multipart/${ids.s3Session}${rest}${rest.includes("?") ? "&" : "?"}${new URLSearchParams({ key: ids.s3Key })}`,
  json,
});
const upload = { clientId: "1", name: "a.wav", size: 5 };
const plain = (path: string) => () => ({ path });

/** How each route names what is somebody else's. A new route does not compile until it stands here. */
const ASK: Record<Route, Ask> = {
  "GET /healthz": plain("/healthz"),
  "GET /readyz": plain("/readyz"),
  "GET /openapi.json": plain("/openapi.json"),
  "GET /v1/config": plain("/v1/config"),
  "GET /v1/quota": inWorkspace("/v1/quota"),
  "GET /v1/events": inWorkspace("/v1/events"),
  "GET /v1/usage": inWorkspace("/v1/usage"),
  "POST /v1/uploads": ({ workspace }) => ({
    path: "/v1/uploads",
    json: { files: [{ ...upload, workspaceId: workspace }] },
  }),
  "GET /v1/uploads": plain("/v1/uploads"),
  "GET /v1/uploads/{id}": ofSession(""),
  "POST /v1/uploads/{id}/parts/sign": ofSession("/parts/sign", {
    partNumbers: [1],
    finished: [{ partNumber: 1, etag: "e" }],
  }),
  "POST /v1/uploads/complete": ({ session, s3Session }) => ({
    path: "/v1/uploads/complete",
    json: { uploads: [{ sessionId: session }, { sessionId: s3Session }] },
  }),
  "POST /v1/uploads/{id}/complete": ofSession("/complete", {}),
  "DELETE /v1/uploads/{id}": ofSession(""),
  "GET /v1/files": inWorkspace("/v1/files"),
  "POST /v1/files/match": ({ workspace }) => ({
    path: "/v1/files/match",
    json: { workspaceId: workspace, sizes: [5] },
  }),
  "GET /v1/files/{id}": ofFile(""),
  "PATCH /v1/files/{id}": ofFile("", { name: "mine.wav", accessLevel: "public" }),
  "DELETE /v1/files/{id}": ofFile(""),
  "POST /v1/files/{id}/download": ofFile("/download", {}),
  "POST /v1/files/{id}/recall": ofFile("/recall"),
  "GET /v1/files/{id}/content": ofFile("/content"),
  "GET /v1/files/{id}/waveform": ofFile("/waveform"),
  "POST /v1/files/{id}/waveform": ofFile("/waveform", {}),
  "POST /v1/files/{id}/derived": ofFile("/derived", { name: "b.wav", size: 5, category: "processed" }),
  "PATCH /v1/groups/{id}": ({ workspace, group }) => ({
    path: `/v1/groups/${group}`,
    json: { workspaceId: workspace, size: 1 },
  }),
  "DELETE /v1/groups/{id}": ({ workspace, group }) => ({
    path: `/v1/groups/${group}?workspaceId=${workspace}`,
  }),
  "POST /v1/exports": ({ file }) => ({ path: "/v1/exports", json: { kind: "files", fileIds: [file] } }),
  "GET /v1/exports": plain("/v1/exports"),
  "GET /v1/exports/{id}": ofExport(""),
  "DELETE /v1/exports/{id}": ofExport(""),
  "POST /v1/exports/{id}/download": ofExport("/download", {}),
  "POST /v1/files/{id}/shares": ofFile("/shares", { expiresIn: 60 }),
  "GET /v1/files/{id}/shares": ofFile("/shares"),
  "DELETE /v1/files/{id}/shares": ofFile("/shares"),
  "DELETE /v1/files/{id}/shares/{shareId}": (ids) => ({ path: `/v1/files/${ids.file}/shares/${ids.share}` }),
  "GET /s/{token}": ({ endedLink }) => ({ path: `/s/${endedLink}` }),
  "POST /v1/s3-tokens": ({ workspace }) => ({ path: "/v1/s3-tokens", json: { workspaceId: workspace } }),
  "DELETE /v1/s3-tokens/{token}": ({ token }) => ({ path: `/v1/s3-tokens/${token}` }),
  "GET /s3/params": ({ workspace }) => ({
    path: `/s3/params?${new URLSearchParams({ filename: "a.wav", "metadata[workspaceId]": workspace })}`,
  }),
  "POST /s3/multipart": ({ workspace }) => ({
    path: "/s3/multipart",
    json: { filename: "a.wav", type: "audio/wav", metadata: { workspaceId: workspace } },
  }),
  "GET /s3/multipart/{uploadId}": ofS3(""),
  "GET /s3/multipart/{uploadId}/batch": ofS3("/batch?partNumbers=1,2"),
  "GET /s3/multipart/{uploadId}/{partNumber}": ofS3("/1"),
  "POST /s3/multipart/{uploadId}/complete": ofS3("/complete", { parts: [{ PartNumber: 1, ETag: "e" }] }),
  "DELETE /s3/multipart/{uploadId}": ofS3(""),
  "GET /v1/admin/costs": inWorkspace("/v1/admin/costs"),
  "GET /v1/admin/costs/forecast": plain("/v1/admin/costs/forecast"),
  "GET /v1/admin/costs/what-if": plain("/v1/admin/costs/what-if?olderThanDays=0"),
  "GET /v1/admin/dashboard": plain("/v1/admin/dashboard"),
  "GET /v1/admin/usage": inWorkspace("/v1/admin/usage"),
  "GET /v1/admin/growth": inWorkspace("/v1/admin/growth"),
  "GET /v1/admin/activity": plain("/v1/admin/activity"),
  "GET /v1/admin/sessions": inWorkspace("/v1/admin/sessions"),
  "GET /v1/admin/jobs": plain("/v1/admin/jobs"),
  "GET /v1/admin/backups": plain("/v1/admin/backups"),
  "GET /v1/admin/database-backups": plain("/v1/admin/database-backups"),
  "GET /v1/admin/moves": plain("/v1/admin/moves"),
  "GET /v1/admin/archive": plain("/v1/admin/archive"),
  "GET /v1/admin/uploads/{id}": ({ session }) => ({ path: `/v1/admin/uploads/${session}` }),
  "GET /v1/admin/alerts": plain("/v1/admin/alerts"),
  "POST /v1/admin/alerts/{id}/acknowledge": ({ file }) => ({ path: `/v1/admin/alerts/${file}/acknowledge` }),
  "GET /v1/admin/audit": ({ file }) => ({ path: `/v1/admin/audit?resourceId=${file}` }),
};

describe.each([
  ["PostgreSQL", 250],
  ["PGlite", 80],
] as const)("another tenant's things on %s", (engine, numRuns) => {
  let companion: RealCompanion;
  let victims: Ids[];
  let strangers: string[];
  /** Of those strangers whom anybody knows. */
  const tokens = new Map<string, string>();
  beforeAll(async () => {
    companion = await createRealCompanion({ engine });
    const { db, storage, users, workspace } = companion;
    victims = [await furnish(companion, users.alpha, workspace), await furnish(companion, users.alpha)];
    const neighbour = await seedUser(db);
    await seedWorkspace(db, { members: { [neighbour]: "admin" } });
    // Was in once, with a file and an upload of their own there.
    const former = await seedUser(db);
    await sql`INSERT INTO workspace_members VALUES (${workspace}, ${former}, 'admin')`.execute(db);
    await furnish(companion, former, workspace);
    await sql`DELETE FROM workspace_members WHERE user_id = ${former}`.execute(db);
    strangers = [users.gamma, users.operator, neighbour, former, crypto.randomUUID()];
    for (const stranger of strangers.slice(0, -1))
      tokens.set(stranger, (await storage.s3Tokens.issue({ userId: stranger })).token);
  });
  afterAll(async () => {
    expect(companion.unexpected.map((error) => (error instanceof Error ? error.stack : error))).toEqual([]);
    await companion[Symbol.asyncDispose]();
  });

  it("are to whoever asks, in whatever way, as if they were not there; and stay as they are", async () => {
    const { call, users } = companion;
    const secrets = victims.flatMap(({ workspace: _workspace, ...ids }) => Object.values(ids));
    const before = await snapshot(companion);
    const answerOf = async (user: string | undefined, method: string, ask: Ask, ids: Ids, token?: string) => {
      const { path, json } = ask(ids);
      const response =
        token === undefined || !path.startsWith("/s3/")
          ? await call(user, method, path, json)
          : await call(undefined, method, `/s3-token/${token}${path}`, json);
      const text = await response.text();
      const named = Object.values(ids)
        .reduce((all: string, id) => all.replaceAll(id, "ID"), text)
        .replace(/"requestId":"[^"]*"/, "");
      return { status: response.status, type: response.headers.get("content-type"), text: named, raw: text };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(ASK) as Route[])),
        fc.option(fc.nat(strangers.length - 1), { nil: undefined, freq: 8 }),
        fc.nat(victims.length - 1),
        fc.boolean(),
        fc.boolean(),
        async (route, stranger, victim, isUpperCase, isByToken) => {
          const [method = ""] = route.split(" ");
          const user = stranger === undefined ? undefined : strangers[stranger];
          // What an operator reads of others is what these are for.
          if (user === users.operator && isForOperators(route)) return;
          const theirs = victims[victim];
          if (theirs === undefined) throw new Error("no such victim");
          const named = isUpperCase ? shout(theirs) : theirs;
          const token = isByToken && user !== undefined ? tokens.get(user) : undefined;
          const foreign = await answerOf(user, method, ASK[route], named, token);
          const absent = await answerOf(user, method, ASK[route], absentIds(isUpperCase), token);
          expect(foreign.status, route).toBeLessThan(500);
          expect({ ...foreign, raw: "" }, route).toEqual({ ...absent, raw: "" });
          for (const secret of secrets)
            if (!Object.values(named).includes(secret)) expect(foreign.raw).not.toContain(secret);
        },
      ),
      { numRuns },
    );
    expect(await snapshot(companion)).toEqual(before);
  });

  it("leave a trace of who tried", async () => {
    const { call, users, storage, db } = companion;
    const [theirs] = victims;
    await call(users.gamma, "DELETE", `/v1/files/${theirs?.file}`);
    await storage.audit.flush();
    const { rows } = await sql`
      SELECT DISTINCT user_id, action, outcome FROM storage_audit
      WHERE resource_id = ${theirs?.file} AND user_id = ${users.gamma} AND action = 'deleteFile'`.execute(db);
    expect(rows).toEqual([{ user_id: users.gamma, action: "deleteFile", outcome: "file_not_found" }]);
    const read = await call(users.operator, "GET", `/v1/admin/audit?resourceId=${theirs?.file}&limit=200`);
    const { entries } = (await read.json()) as { entries: { action: string; outcome: string }[] };
    expect(entries).toContainEqual(
      expect.objectContaining({ action: "deleteFile", outcome: "file_not_found", userId: users.gamma }),
    );
  });

  it("are paged through by an operator, each entry once", async () => {
    const { call, users } = companion;
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = `userId=${users.alpha}&limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page = (await (await call(users.operator, "GET", `/v1/admin/audit?${query}`)).json()) as {
        entries: { requestId: string; resourceId: string; action: string }[];
        nextCursor: string | null;
      };
      expect(page.entries.length).toBeLessThanOrEqual(3);
      seen.push(
        ...page.entries.map(({ requestId, resourceId, action }) => `${requestId} ${action} ${resourceId}`),
      );
      cursor = page.nextCursor;
    }
    expect(seen.length).toBeGreaterThan(6);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("cost their owner one statement for the quota and one for a download", async () => {
    const { call, users, statements, storage } = companion;
    const [mine] = victims;
    const countFor = async (ask: () => Promise<Response>) => {
      await ask();
      await storage.audit.flush();
      const start = statements();
      for (let index = 0; index < 40; index++) expect((await ask()).status).toBe(200);
      return statements() - start;
    };
    // What is counted and written down in batches, and a provider looked at again.
    const asides = 6;
    expect(await countFor(() => call(users.alpha, "GET", "/v1/quota"))).toBeLessThanOrEqual(40 + asides);
    expect(
      await countFor(() => call(users.alpha, "POST", `/v1/files/${mine?.file}/download`)),
    ).toBeLessThanOrEqual(40 + asides);
  });

  it("are no more at once than somebody may have open: 429, when to come back, and nothing begun", async () => {
    const { call, users, db } = companion;
    const user = await seedUser(db);
    const begin = () =>
      call(user, "POST", "/s3/multipart", { filename: "a.wav", type: "audio/wav", metadata: { size: 10 } });
    const rowsOf = async (name: string) =>
      (await sql`SELECT id FROM multipart_uploads WHERE former_user_id = ${name}`.execute(db)).rows.length;
    await sql`UPDATE storage_settings SET max_open_sessions = 2`.execute(db);
    try {
      const statuses = (await Promise.all(Array.from({ length: 8 }, begin))).map(({ status }) => status);
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 429, 429, 429, 429, 429, 429]);
      const refused = await begin();
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await refused.json()).toMatchObject({
        error: { code: "too_many_sessions", details: { openSessions: 2, maxOpenSessions: 2 } },
      });
      const batch = await call(user, "POST", "/v1/uploads", {
        files: [upload, { ...upload, clientId: "2" }],
      });
      expect(await batch.json()).toMatchObject({
        results: [{ error: { code: "too_many_sessions" } }, { error: { code: "too_many_sessions" } }],
      });
      expect(await rowsOf(user)).toBe(2);
      expect((await call(users.gamma, "POST", "/v1/uploads", { files: [upload] })).status).toBe(200);
    } finally {
      await sql`UPDATE storage_settings SET max_open_sessions = 1000`.execute(db);
    }
  });
});

function isForOperators(route: Route): boolean {
  return Object.values(ACCESS).some((access) => access.route === route && access.operator === "all");
}

/** A stored file, an open upload, one by Uppy's routes, and a token. */
async function furnish(companion: RealCompanion, user: string, workspaceId?: string): Promise<Ids> {
  const { call } = companion;
  const where = workspaceId === undefined ? {} : { workspaceId };
  const { fileId } = await uploadThrough(companion, user, { bytes: wavBytes(500), ...where });
  const json = async (method: string, path: string, body: unknown) =>
    (await (await call(user, method, path, body)).json()) as never;
  const group = crypto.randomUUID();
  const file = { ...upload, size: 20 * 1024 * 1024, group: { id: group, size: 2 }, ...where };
  const { results }: { results: [{ session: { sessionId: string } }] } = await json("POST", "/v1/uploads", {
    files: [file],
  });
  const s3: { key: string; uploadId: string } = await json("POST", "/s3/multipart", {
    filename: "a.wav",
    type: "audio/wav",
    metadata: { size: 1000, ...where },
  });
  const { token }: { token: string } = await json("POST", "/v1/s3-tokens", where);
  const shares = `/v1/files/${fileId}/shares`;
  const { share }: { share: { id: string } } = await json("POST", shares, {});
  const ended: { share: { id: string }; url: string } = await json("POST", shares, {});
  await call(user, "DELETE", `${shares}/${ended.share.id}`);
  const made: { id: string } = await json("POST", "/v1/exports", { kind: "files", fileIds: [fileId] });
  return {
    export: made.id,
    share: share.id,
    endedLink: ended.url.split("/").at(-1) ?? "",
    file: fileId,
    session: results[0].session.sessionId,
    s3Session: s3.uploadId,
    s3Key: s3.key,
    token,
    group,
    workspace: companion.workspace,
  };
}

function absentIds(isUpperCase: boolean): Ids {
  const id = () => crypto.randomUUID();
  const random = () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  const ids: Ids = {
    file: id(),
    group: id(),
    export: id(),
    session: id(),
    s3Session: id(),
    s3Key: `audio/uploads/2026/11/${id()}.wav`,
    token: random(),
    share: id(),
    endedLink: random(),
    workspace: id(),
  };
  return isUpperCase ? shout(ids) : ids;
}

/** UUIDs have two cases; keys and tokens one. */
function shout(ids: Ids): Ids {
  const { file, session, s3Session, share, workspace } = ids;
  return {
    ...ids,
    export: ids.export.toUpperCase(),
    file: file.toUpperCase(),
    session: session.toUpperCase(),
    s3Session: s3Session.toUpperCase(),
    share: share.toUpperCase(),
    workspace: workspace.toUpperCase(),
  };
}

/** All that belongs to anybody, but for what strangers may make of their own. */
async function snapshot({ db, users, workspace }: RealCompanion): Promise<unknown> {
  const owners = sql`(${users.alpha}::uuid, ${users.beta}::uuid)`;
  const { rows } = await sql`
    SELECT
      (SELECT jsonb_agg(f ORDER BY f.id) FROM file_storage f
        WHERE f.former_user_id IN ${owners} OR f.former_workspace_id = ${workspace}) AS files,
      (SELECT jsonb_agg(u ORDER BY u.id) FROM multipart_uploads u
        WHERE u.former_user_id IN ${owners} OR u.former_workspace_id = ${workspace}) AS sessions,
      (SELECT jsonb_agg(c ORDER BY c.id) FROM upload_chunks c) AS parts,
      (SELECT jsonb_agg(t ORDER BY t.token_sha256) FROM s3_tokens t
        WHERE t.user_id IN ${owners} OR t.workspace_id = ${workspace}) AS tokens,
      (SELECT jsonb_agg(l ORDER BY l.id) FROM share_links l WHERE l.created_by IN ${owners}) AS shares,
      (SELECT jsonb_agg(e ORDER BY e.id) FROM storage_exports e WHERE e.user_id IN ${owners}) AS exports,
      (SELECT jsonb_agg(n ORDER BY n.scope_id) FROM storage_counters n
        WHERE n.scope_id IN ${owners} OR n.scope_id = ${workspace}) AS counters,
      (SELECT jsonb_agg(m ORDER BY m.user_id) FROM workspace_members m WHERE m.workspace_id = ${workspace}) AS members`.execute(
    db,
  );
  return rows;
}
