import { randomUUID } from "node:crypto";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { runCommand, runJson } from "./run-command.ts";
import { STORES, type TestStore } from "./stores.ts";

const MiB = 1024 ** 2;

/** A database and a bucket whose key is in the environment, with one user. */
async function openSite(store: TestStore) {
  const database = await createTestDatabase<Database>();
  const { db } = database;
  const spaces = { ...store, bucket: `cli-${randomUUID()}` };
  await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
  const providers = await openProviders({ db, spaces });
  const storage = createStorage({ db, providers });
  const userId = await seedUser(db);
  const create = async (size: number) => {
    const file = {
      clientId: randomUUID(),
      name: "take.wav",
      size,
      type: "audio/wav",
      contentType: "audio_file",
    } as const;
    const [result] = await storage.uploads.create({ userId }, [file]);
    return result !== undefined && "session" in result ? result.session : undefined;
  };
  const env = {
    DATABASE_URL: database.url,
    SPACES_ENDPOINT: store.endpoint,
    SPACES_REGION: store.region,
    SPACES_BUCKET: spaces.bucket,
    SPACES_KEY: store.accessKeyId,
    SPACES_SECRET: store.secretAccessKey,
  };
  return {
    db,
    env,
    userId,
    create,
    async [Symbol.asyncDispose]() {
      await storage.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

describe("quota set", () => {
  it("keeps a limit that is not named, and the next upload goes by the new one", async () => {
    const [[, open] = []] = STORES;
    if (open === undefined) throw new Error("no store");
    await using store = await open();
    await using site = await openSite(store);
    const { db, env, userId } = site;
    await sql`UPDATE storage_settings SET default_user_max_files = 7`.execute(db);
    const set = (...words: string[]) => runJson(["quota", "set", "--user", userId, ...words], { env });
    expect(await set("--bytes", "5MiB")).toMatchObject({ maxBytes: 5 * MiB, maxFiles: 7 });
    expect(await set("--files", "none")).toMatchObject({ maxBytes: 5 * MiB, maxFiles: null });
    expect(await site.create(5 * MiB + 1)).toBeUndefined();
    expect(await site.create(5 * MiB)).toBeDefined();
    expect(await runJson(["usage", "--user", userId], { env })).toEqual({
      usage: [
        {
          scope: "user",
          id: userId,
          usedBytes: 0,
          reservedBytes: 5 * MiB,
          maxBytes: 5 * MiB,
          usedFiles: 0,
          reservedFiles: 1,
          maxFiles: null,
        },
      ],
    });
    // Below what is in use: nothing is lost, nothing new fits.
    expect(await set("--bytes", "0")).toMatchObject({ maxBytes: 0 });
    expect(await site.create(1)).toBeUndefined();
    expect(await set("--default")).toMatchObject({ hadOwn: true });
    expect(await set("--default")).toMatchObject({ hadOwn: false });
    expect(await site.create(1)).toBeDefined();
  });

  it("is one row for a workspace however many set it at once, and names who is not there", async () => {
    await using database = await createTestDatabase<Database>();
    const env = { DATABASE_URL: database.url };
    const workspaceId = await seedWorkspace(database.db);
    const set = (...words: string[]) => runCommand(["quota", "set", "--json", ...words], { env });
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, n) => set("--workspace", workspaceId, "--files", String(n))),
    );
    expect(runs.map(({ exitCode }) => exitCode)).toEqual(Array.from({ length: 8 }, () => 0));
    expect(await database.db.selectFrom("storage_quotas").selectAll().execute()).toHaveLength(1);
    const codeOf = async (...words: string[]) =>
      JSON.parse((await set(...words)).stderr).error.code as string;
    expect(await codeOf("--user", workspaceId, "--files", "1")).toBe("user_not_found");
    expect(await codeOf("--workspace", randomUUID(), "--files", "1")).toBe("workspace_not_found");
    for (const words of [
      ["--files", "1"],
      ["--user", workspaceId],
      ["--user", workspaceId, "--workspace", workspaceId, "--files", "1"],
      ["--user", workspaceId, "--files", "-1"],
      ["--user", workspaceId, "--files", "2147483648"],
      ["--user", workspaceId, "--bytes", "much"],
      ["--user", workspaceId, "--bytes", "1", "--default"],
      ["--user", "x' OR true", "--bytes", "1"],
    ])
      expect(await codeOf(...words)).toBe("usage");
  });
});

describe.each(STORES)("sessions and sweep on %s", (_name, open) => {
  it("show what a sweep would do, change nothing, and the sweep does just that", async () => {
    await using store = await open();
    await using site = await openSite(store);
    const { db, env, userId } = site;
    const [kept, expired] = [await site.create(MiB), await site.create(20 * MiB)];
    await sql`UPDATE multipart_uploads SET expires_at = now() - interval '1 hour' WHERE id = ${expired?.sessionId}`.execute(
      db,
    );
    const tables = async () => [
      await db.selectFrom("multipart_uploads").selectAll().orderBy("id").execute(),
      await db.selectFrom("storage_providers").selectAll().execute(),
      await db.selectFrom("storage_counters").selectAll().execute(),
    ];
    const before = await tables();
    const preview = await runJson(["sweep", "--dry-run"], { env });
    expect(preview).toEqual({
      sessionsToExpire: 1,
      filesToExpire: 0,
      sessionsToComplete: 0,
      sessionsToAbort: 0,
      filesToDelete: 0,
      uploadsToAbort: [],
      temporaryToDelete: [],
      temporaryToComplete: [],
      failures: [],
    });
    expect(await tables()).toEqual(before);
    const listed = await runJson<{ sessions: { sessionId: string; state: string }[] }>(["sessions"], { env });
    expect(listed.sessions.map(({ sessionId }) => sessionId)).toEqual([expired?.sessionId, kept?.sessionId]);

    expect(await runJson(["sweep"], { env })).toMatchObject({ expired: 1, sessionsAborted: 1, failures: [] });
    const stillOpen = await runJson<{ sessions: { sessionId: string }[] }>(["sessions", "--user", userId], {
      env,
    });
    expect(stillOpen.sessions.map(({ sessionId }) => sessionId)).toEqual([kept?.sessionId]);
    const aborted = await runCommand(["sessions", "--state", "aborted"], { env });
    expect(aborted.stdout).toContain(expired?.sessionId);
    expect(await runCommand(["sessions", "--state", "gone"], { env })).toMatchObject({ exitCode: 64 });
    expect(await runCommand(["sessions", "--limit", "0"], { env })).toMatchObject({ exitCode: 64 });
  });
});

describe("sweep --dry-run", () => {
  it("ends with 2 and names the bucket that it could not look through", async () => {
    await using database = await createTestDatabase<Database>();
    const spaces = { endpoint: "http://127.0.0.1:9", region: "r", bucket: "audio" };
    await openProviders({
      db: database.db,
      spaces: { ...spaces, accessKeyId: "AK", secretAccessKey: "very-secret" },
    });
    const env = {
      DATABASE_URL: database.url,
      SPACES_ENDPOINT: spaces.endpoint,
      SPACES_REGION: "r",
      SPACES_BUCKET: "audio",
      SPACES_KEY: "AK",
      SPACES_SECRET: "very-secret",
    };
    const { exitCode, stdout, stderr } = await runCommand(["sweep", "--dry-run", "--json"], { env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ failures: [{ code: "storage_unavailable" }] });
    expect(stdout).not.toContain("very-secret");
  });
});
