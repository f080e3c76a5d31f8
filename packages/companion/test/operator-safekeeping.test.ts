import type {
  ArchiveResponse,
  BackupsResponse,
  DatabaseBackupsResponse,
  MovesResponse,
} from "@audiotricks/protocol/admin";
import { addArchiveRule, startMove } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRealCompanion, type RealCompanion, SERVICE_TOKEN, uploadThrough } from "./real-companion.ts";

const SIZE = 5_000;
const TABLES = ["backups", "database-backups", "moves", "archive"] as const;

describe.each(["PostgreSQL", "PGlite"] as const)("what operators read of what is kept, on %s", (engine) => {
  let companion: RealCompanion;
  let failing: string;
  beforeAll(async () => {
    companion = await createRealCompanion({ engine });
    const { users, workspace } = companion;
    await uploadThrough(companion, users.alpha, { bytes: wavBytes(SIZE), workspaceId: workspace });
    ({ fileId: failing } = await uploadThrough(companion, users.alpha, { bytes: wavBytes(SIZE + 2) }));
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
  async function csv(path: string): Promise<{ lines: string[]; link: string | null }> {
    const response = await companion.call(companion.users.operator, "GET", `/v1/admin/${path}`);
    expect([path, response.status, response.headers.get("content-type")]).toEqual([
      path,
      200,
      "text/csv; charset=utf-8",
    ]);
    return { lines: (await response.text()).trimEnd().split("\r\n"), link: response.headers.get("link") };
  }
  /** @returns Its id. */
  async function addProvider(bucket: string, purpose: string): Promise<string> {
    const { rows } = await sql<{ id: string }>`
      INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id, secret_access_key_encrypted,
        is_primary, purpose)
      VALUES ('digitalocean_spaces', 'https://ams3.example.com', 'ams3', ${bucket}, 'environment', 'env:', false, ${purpose})
      RETURNING id`.execute(companion.db);
    return rows[0]?.id ?? "";
  }

  it("is for nobody else, signed in or not", async () => {
    const { call, users } = companion;
    for (const path of TABLES) {
      for (const user of [users.alpha, users.gamma, SERVICE_TOKEN, undefined]) {
        const { status } = await call(user, "GET", `/v1/admin/${path}`);
        expect([path, status]).toEqual([path, user === undefined || user === SERVICE_TOKEN ? 401 : 403]);
      }
    }
  });

  it("says that nothing is kept anywhere else while nothing is", async () => {
    expect(await read<BackupsResponse>("backups")).toMatchObject({
      recoveryPoint: null,
      backups: [],
      withoutBackup: [{ bucket: "audio", region: "us-east-1" }],
      failures: [],
    });
    expect(await read<DatabaseBackupsResponse>("database-backups")).toMatchObject({
      newestStoredAt: null,
      backups: [],
    });
    expect(await read<MovesResponse>("moves")).toEqual({ moves: [] });
    expect(await read<ArchiveResponse>("archive")).toEqual({
      rules: [],
      archiving: { waiting: 0, failed: 0 },
      recalling: { waiting: 0, failed: 0 },
    });
    for (const table of TABLES) expect((await csv(`${table}?format=csv`)).lines).toHaveLength(1);
  });

  it("has how far copies are, what can be taken back to, and which copies fail and why", async () => {
    const { db } = companion;
    const backup = await addProvider("copies", "backup");
    await sql`INSERT INTO storage_backups (storage_provider_id, backup_provider_id)
      SELECT id, ${backup} FROM storage_providers WHERE bucket_name = 'audio'`.execute(db);
    expect(await read<BackupsResponse>("backups")).toMatchObject({
      recoveryPoint: null,
      withoutBackup: [],
      backups: [{ bucket: "audio", backupBucket: "copies", isFilled: false, recoveryPoint: null, copied: 0 }],
    });

    await sql`UPDATE storage_backups SET filled_at = now()`.execute(db);
    await sql`
      INSERT INTO file_backups (file_storage_id, backup_provider_id, state, object_key, file_size, stored_at, due_at, etag, copied_at,
        attempts, error_code, error_message)
      SELECT id, ${backup}, CASE WHEN id = ${failing} THEN 'failed' ELSE 'copied' END, storage_path, file_size, stored_at,
        CASE WHEN id = ${failing} THEN now() END, etag, now(), 3, CASE WHEN id = ${failing} THEN 'SlowDown' END,
        CASE WHEN id = ${failing} THEN 'Too many requests' END
      FROM file_storage`.execute(db);
    const { rows } = await sql<{ at: Date }>`
      UPDATE file_backups SET stored_at = now() - interval '2 hours' WHERE state = 'failed' RETURNING stored_at AS at`.execute(
      db,
    );
    const answer = await read<BackupsResponse>("backups");
    expect(answer).toMatchObject({
      recoveryPoint: rows[0]?.at.toISOString(),
      backups: [{ failed: 1, pending: 0, waitingBytes: SIZE + 2, copied: 1, copiedBytes: SIZE, kept: 0 }],
      failures: [{ fileId: failing, backupId: backup, code: "SlowDown", attempts: 3 }],
    });
    const waiting = await read<BackupsResponse>("backups?count=waiting");
    expect(waiting).toMatchObject({
      recoveryPoint: answer.recoveryPoint,
      backups: [{ failed: 1, copied: null, copiedBytes: null, kept: null }],
    });
    expect((await csv("backups?format=csv&table=failures")).lines[1]).toContain(",SlowDown,");
    expect((await csv("backups?format=csv&table=withoutBackup")).lines).toHaveLength(1);
    const { lines } = await csv("backups?format=csv");
    expect(lines[0]).toMatch(/^providerId,providerName,region,bucket,backupId,backupBucket,/);
    expect(lines[1]).toContain(",audio,");
  });

  it("has backups of the database, the newest first, without those that were taken away", async () => {
    const { db } = companion;
    const insert = (state: string, ago: number) => sql`
      INSERT INTO database_dumps (id, storage_provider_id, object_key, state, engine, server_version, migration, key_id, size, started_at,
        ended_at, error_code)
      SELECT gen_random_uuid(), id, 'dumps/' || ${state}::text, ${state}, 'postgres', '17.2', '0030', '0123abcd', 1000,
        now() - make_interval(hours => ${ago}::integer), now(), CASE WHEN ${state} = 'failed' THEN 'dump_failed' END
      FROM storage_providers WHERE bucket_name = 'copies'`;
    for (const [state, ago] of [
      ["stored", 30],
      ["failed", 6],
      ["missing", 50],
      ["deleted", 70],
    ] as const)
      await insert(state, ago).execute(db);
    const { backups, newestStoredAt } = await read<DatabaseBackupsResponse>("database-backups");
    expect(backups).toMatchObject([
      { state: "failed", errorCode: "dump_failed", size: null, bucket: "copies" },
      { state: "stored", size: 1000, errorCode: null },
      { state: "missing", size: null },
    ]);
    expect(newestStoredAt).toBe(backups[1]?.startedAt);
    expect((await csv("database-backups?format=csv")).lines).toHaveLength(4);
  });

  it("has moves and what goes to cold buckets, by the names of buckets and workspaces", async () => {
    const { db, workspace, users } = companion;
    const [place, cold] = [await addProvider("elsewhere", "files"), await addProvider("cold", "cold")];
    const id = await startMove(db, workspace, { providerId: place, whileDown: "elsewhere" });
    await sql`
      INSERT INTO file_moves (file_storage_id, kind, move_id, from_provider_id, to_provider_id, object_key, state, file_size,
        error_code, error_message)
      SELECT f.id, CASE WHEN f.user_id IS NOT NULL AND f.workspace_id IS NULL THEN 'archive' ELSE 'move' END,
        CASE WHEN f.workspace_id IS NULL THEN NULL ELSE ${id}::uuid END, f.storage_provider_id,
        CASE WHEN f.workspace_id IS NULL THEN ${cold}::uuid ELSE ${place}::uuid END, f.storage_path,
        CASE WHEN f.workspace_id IS NULL THEN 'pending' ELSE 'failed' END, f.file_size,
        CASE WHEN f.workspace_id IS NULL THEN NULL ELSE 'AccessDenied' END, NULL
      FROM file_storage f WHERE f.former_user_id = ${users.alpha} OR f.user_id = ${users.alpha}`.execute(db);
    await addArchiveRule(db, {
      providerId: cold,
      workspaceId: workspace,
      olderThanDays: 90,
      unusedForDays: 30,
      contentTypes: ["audio_file"],
      leastSize: 131_072,
    });
    const { moves } = await read<MovesResponse>("moves");
    expect(moves).toMatchObject([
      {
        id,
        workspaceId: workspace,
        bucket: "elsewhere",
        state: "running",
        failed: 1,
        errorCode: "AccessDenied",
      },
    ]);
    expect(typeof moves[0]?.workspaceName).toBe("string");
    expect(await read<ArchiveResponse>("archive")).toMatchObject({
      rules: [
        { bucket: "cold", workspaceId: workspace, olderThanDays: 90, kinds: ["audio_file"], isActive: true },
      ],
      archiving: { waiting: 1, failed: 0 },
      recalling: { waiting: 0, failed: 0 },
    });
    expect((await csv("moves?format=csv")).lines).toHaveLength(2);
    expect((await csv("archive?format=csv")).lines[1]).toContain('"[""audio_file""]"');
  });

  it("makes files of costs, of alerts and of the audit log, which lead from one page to the next", async () => {
    const { db, storage } = companion;
    await storage.upkeep.sampleStorage();
    await storage.upkeep.watchAlerts();
    const costs = await csv("costs?format=csv");
    expect(costs.lines[0]).toBe(
      "providerId,providerName,region,bucket,totalMicros,base,storage,cold,egress,retrieval,requests,incompleteParts,oldVersions,orphans,averageBytes,egressBytes,priceFrom",
    );
    expect((await csv("costs?format=csv&table=payers")).lines[0]).toMatch(/^scope,workspaceId,totalMicros,/);
    expect((await csv("costs?format=csv&table=unpriced")).lines[0]).toMatch(/,averageBytes,egressBytes$/);
    expect((await csv("costs/forecast?format=csv")).lines.at(-1)).toMatch(/,all,\d+,\d+,\d+$/);
    expect((await csv("costs/what-if?format=csv&olderThanDays=1")).lines[0]).toContain("movingMicros");

    await sql`INSERT INTO alerts (kind, subject, value, threshold, message)
      VALUES ('egress', 'deployment', 2, 1, '=HYPERLINK("http://example.com")')`.execute(db);
    const alerts = await csv("alerts?format=csv&state=open");
    expect(alerts.lines[0]).toMatch(/^id,kind,subject,state,value,threshold,message,/);
    expect(alerts.lines.join()).toContain(`"'=HYPERLINK(""http://example.com"")"`);

    for (const [table, column] of [
      ["operations", "durationMs"],
      ["parts", "partNumber"],
      ["audit", "action"],
      ["events", "attempts"],
    ] as const) {
      const lines = async () => (await csv(`uploads/${failing}?format=csv&table=${table}`)).lines;
      expect((await lines())[0]).toContain(column);
      // Calls of the store are written in batches, after a moment.
      if (table !== "parts")
        await expect
          .poll(async () => (await lines()).length, { message: table, timeout: 15_000 })
          .toBeGreaterThan(1);
    }

    const all = await csv("audit?format=csv&limit=200");
    expect(all.link).toBeNull();
    expect(all.lines.length).toBeGreaterThan(3);
    const read: string[] = [];
    let query: string | undefined = "?format=csv&limit=2";
    while (query !== undefined) {
      const page: Awaited<ReturnType<typeof csv>> = await csv(`audit${query}`);
      expect(page.lines[0]).toBe(all.lines[0]);
      read.push(...page.lines.slice(1));
      query = /^<(\?[^>]+)>; rel="next"$/.exec(page.link ?? "")?.[1];
    }
    expect(read.filter((line) => all.lines.includes(line))).toEqual(all.lines.slice(1));
  });

  it("is refused where it is not well asked for", async () => {
    for (const path of ["backups?count=none", "moves?format=xml", "costs?table=all", "archive?surprise=1"]) {
      const { status } = await companion.call(companion.users.operator, "GET", `/v1/admin/${path}`);
      expect([path, status]).toEqual([path, 400]);
    }
  });
});
