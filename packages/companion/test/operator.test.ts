import type {
  ActivityResponse,
  AdminSessionsResponse,
  AdminUsageResponse,
  DashboardResponse,
  GrowthResponse,
  JobsResponse,
  UploadStory,
} from "@audiotricks/protocol/admin";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, SERVICE_TOKEN, uploadThrough } from "./real-companion.ts";

const SIZE = 5_000;
const TABLES = ["dashboard", "usage", "growth", "activity", "sessions", "jobs"] as const;

describe.each(["PostgreSQL", "PGlite"] as const)("what operators read, on %s", (engine) => {
  let companion: RealCompanion;
  let stored: { fileId: string; sessionId: string };
  beforeAll(async () => {
    companion = await createRealCompanion({ engine });
    const { users, workspace, call } = companion;
    stored = await uploadThrough(companion, users.alpha, {
      bytes: wavBytes(SIZE),
      workspaceId: workspace,
      name: "=HYPERLINK(1).wav",
    });
    for (let index = 0; index < 3; index++)
      await call(users.alpha, "POST", `/v1/files/${stored.fileId}/download`);
    const gone = await uploadThrough(companion, users.beta, { bytes: wavBytes(SIZE + 2) });
    await call(users.beta, "DELETE", `/v1/files/${gone.fileId}`);
    await companion.storage.close();
  });
  afterAll(async () => {
    expect(companion.unexpected).toEqual([]);
    await companion[Symbol.asyncDispose]();
  });
  async function read<Answer>(path: string): Promise<Answer> {
    const response = await companion.call(companion.users.operator, "GET", `/v1/admin/${path}`);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  it("is for nobody else, signed in or not", async () => {
    const { call, users, storage } = companion;
    for (const path of [...TABLES, `uploads/${stored.sessionId}`]) {
      for (const user of [users.alpha, users.beta, users.gamma, SERVICE_TOKEN, undefined]) {
        const response = await call(user, "GET", `/v1/admin/${path}`);
        expect([path, response.status]).toEqual([
          path,
          user === undefined || user === SERVICE_TOKEN ? 401 : 403,
        ]);
      }
    }
    await expect(storage.analytics.dashboard({ userId: users.alpha })).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  it("has what a bucket holds, before and after it is folded", async () => {
    for (const _ of [1, 2]) {
      const { providers } = await read<DashboardResponse>("dashboard");
      expect(providers).toMatchObject([
        {
          bucket: "audio",
          files: 1,
          bytes: SIZE,
          audioFiles: 1,
          filesStored24h: 1,
          downloads: 3,
          successRate: 100,
        },
      ]);
      expect(providers[0]?.operations).toBeGreaterThan(3);
      expect(providers[0]?.p95UploadMs).toBeGreaterThanOrEqual(0);
      await companion.storage.sweep();
    }
  });

  it("has what came and went, and what there was at the end of each period", async () => {
    for (const by of ["hour", "day", "month"]) {
      const { entries } = await read<GrowthResponse>(`growth?by=${by}`);
      const sums = entries.reduce(
        (all, entry) => ({ added: all.added + entry.bytesAdded, removed: all.removed + entry.bytesRemoved }),
        {
          added: 0,
          removed: 0,
        },
      );
      expect(sums).toEqual({ added: 2 * SIZE + 2, removed: SIZE + 2 });
      expect(entries.at(-1)).toMatchObject({ kind: "audio_file", files: 1, bytes: SIZE });
    }
    const own = await read<GrowthResponse>(`growth?workspaceId=${companion.workspace}`);
    expect(own.entries).toMatchObject([{ filesAdded: 1, filesRemoved: 0, bytes: SIZE, downloads: 3 }]);
    expect((await read<GrowthResponse>(`growth?providerId=${crypto.randomUUID()}`)).entries).toEqual([]);
  });

  it("has usage by workspace, a page at a time", async () => {
    const { db, workspace } = companion;
    for (const name of ["One", "Two", "Three"]) await seedWorkspace(db, { name });
    const seen: AdminUsageResponse["workspaces"] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: AdminUsageResponse = await read(`usage?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      expect(page.workspaces.length).toBeLessThanOrEqual(2);
      seen.push(...page.workspaces);
      cursor = page.nextCursor;
    }
    expect(new Set(seen.map(({ workspaceId }) => workspaceId)).size).toBe(4);
    expect(seen.length).toBe(4);
    expect(seen[0]).toMatchObject({
      workspaceId: workspace,
      files: 1,
      bytes: SIZE,
      grownFiles: 1,
      grownBytes: SIZE,
      status: "normal",
    });
    const last = await read<AdminUsageResponse>(
      `usage?workspaceId=${workspace}&from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z`,
    );
    expect(last.workspaces).toMatchObject([{ bytes: SIZE, grownBytes: 0 }]);
  });

  it("has how uploads, calls, browsers and downloads went, by what is asked for", async () => {
    const { db } = companion;
    await sql`INSERT INTO spaces_operations (operation_type, file_storage_id, duration_ms, success, reported_by, client_report, request_size)
      VALUES ('upload', ${stored.fileId}, 4000, true, 'client', '{"browser": "Mozilla/5.0 Firefox/140.0"}', 5000)`.execute(
      db,
    );
    const sum = async (query: string) => {
      const { entries } = await read<ActivityResponse>(`activity?${query}`);
      return entries.reduce((all, { times }) => all + times, 0);
    };
    for (const by of ["hour", "day", "month"]) {
      expect(await sum(`by=${by}`)).toBe(2);
      expect(await sum(`by=${by}&measure=downloads`)).toBe(3);
      expect(await sum(`by=${by}&measure=browsers`)).toBe(1);
      expect(await sum(`by=${by}&measure=calls&groupBy=kind`)).toBe(await sum(`by=${by}&measure=calls`));
    }
    const uploads = await read<ActivityResponse>("activity?groupBy=region");
    expect(uploads.entries).toMatchObject([
      { group: "us-east-1", times: 2, succeeded: 2, failed: 0, bytes: 2 * SIZE + 2, successRate: 100 },
    ]);
    const browsers = await read<ActivityResponse>("activity?measure=browsers&groupBy=kind");
    expect(browsers.entries).toMatchObject([{ group: "Firefox", times: 1, avgMs: 4000 }]);
    expect(Math.abs(Math.log2((browsers.entries[0]?.p95Ms ?? 0) / 4000))).toBeLessThan(0.26);
    const links = await read<ActivityResponse>("activity?measure=downloads&groupBy=kind");
    expect(links.entries).toMatchObject([{ group: "audio_file", p95Ms: null, avgMs: null }]);
  });

  it("has open sessions, and which of them are stuck and why", async () => {
    const { call, users, db } = companion;
    const file = { clientId: "1", name: "@SUM(A1)", size: 20 * 1024 * 1024, type: "audio/wav" };
    const ids: string[] = [];
    for (const clientId of ["1", "2", "3", "4"]) {
      const answer = await call(users.alpha, "POST", "/v1/uploads", {
        files: [{ ...file, clientId, name: `${file.name}.wav` }],
      });
      const { results } = (await answer.json()) as { results: [{ session: { sessionId: string } }] };
      ids.push(results[0].session.sessionId);
    }
    await sql`ALTER TABLE multipart_uploads DISABLE TRIGGER multipart_uploads_touch`.execute(db);
    await sql`UPDATE multipart_uploads SET updated_at = now() - interval '2 hours' WHERE id = ${ids[0]}`.execute(
      db,
    );
    await sql`UPDATE multipart_uploads SET expires_at = now() - interval '2 hours' WHERE id = ${ids[1]}`.execute(
      db,
    );
    await sql`UPDATE multipart_uploads SET updated_at = now() - interval '2 hours', lease_expires_at = NULL, status = 'aborting'
      WHERE id = ${ids[2]}`.execute(db);
    await sql`ALTER TABLE multipart_uploads ENABLE TRIGGER multipart_uploads_touch`.execute(db);
    const { sessions } = await read<AdminSessionsResponse>("sessions?state=stuck");
    expect(sessions.map(({ sessionId, stuck }) => [sessionId, stuck])).toEqual([
      [ids[2], "unfinished"],
      [ids[1], "expired"],
      [ids[0], "silent"],
    ]);
    const open: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: AdminSessionsResponse = await read(
        `sessions?limit=1${cursor === "" ? "" : `&cursor=${cursor}`}`,
      );
      open.push(...page.sessions.map(({ sessionId }) => sessionId));
      cursor = page.nextCursor;
    }
    expect(open).toEqual([ids[3], ids[1], ids[0]]);
    expect(
      (await read<AdminSessionsResponse>(`sessions?state=completed&userId=${users.beta}`)).sessions,
    ).toHaveLength(1);

    const csv = await companion.app.request("/v1/admin/sessions?state=stuck", {
      headers: { authorization: `Bearer ${users.operator}`, accept: "text/csv" },
    });
    expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    expect(csv.headers.get("content-disposition")).toBe('attachment; filename="sessions.csv"');
    const lines = (await csv.text()).trimEnd().split("\r\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^sessionId,fileId,state,/);
    for (const line of lines.slice(1)) expect(line).toContain(`"'@SUM(A1).wav"`);
  });

  it("has all that is known of one upload, by its session or its file", async () => {
    const { users } = companion;
    for (const id of [stored.sessionId, stored.fileId, stored.fileId.toUpperCase()]) {
      const story = await read<UploadStory>(`uploads/${id}`);
      expect(story).toMatchObject({
        session: { sessionId: stored.sessionId, state: "completed", userId: users.alpha, stuck: null },
        file: { id: stored.fileId, state: "stored", bytes: SIZE, bucket: "audio", downloads: 3 },
        client: { durationMs: 4000, bytesSent: 5000, report: { browser: "Mozilla/5.0 Firefox/140.0" } },
        events: [{ type: "file.stored" }],
      });
      expect(story.operations.length).toBeGreaterThan(0);
      expect(story.audit.map(({ action }) => action)).toContain("downloadFile");
      expect(JSON.stringify(story)).not.toMatch(/X-Amz-|Signature=/i);
    }
    for (const id of [crypto.randomUUID(), "nonsense"]) {
      const response = await companion.call(users.operator, "GET", `/v1/admin/uploads/${id}`);
      expect([response.status, await response.json()]).toMatchObject([
        404,
        { error: { code: "session_not_found" } },
      ]);
    }
  });

  it("has no queue of jobs where no worker has ever run", async () => {
    expect(await read<JobsResponse>("jobs")).toEqual({ queues: [] });
  });

  it("is refused where it is not well asked for, and bounded", async () => {
    const { call, users } = companion;
    for (const path of [
      "growth?by=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z",
      "activity?from=2026-03-01T00:00:00Z&to=2026-01-01T00:00:00Z",
      "activity?from=yesterday",
      "activity?measure=passwords",
      `growth?by=hour&workspaceId=${companion.workspace}`,
      "usage?cursor=AAAA",
      "usage?limit=501",
      "sessions?cursor=AAAA",
      "sessions?state=lost",
      "dashboard?format=xml",
      "jobs?surprise=1",
    ]) {
      const response = await call(users.operator, "GET", `/v1/admin/${path}`);
      expect([path, response.status]).toEqual([path, 400]);
    }
    for (const table of TABLES) {
      const response = await call(users.operator, "GET", `/v1/admin/${table}?format=csv`);
      expect([table, response.status, response.headers.get("content-type")]).toEqual([
        table,
        200,
        "text/csv; charset=utf-8",
      ]);
    }
  });
});
