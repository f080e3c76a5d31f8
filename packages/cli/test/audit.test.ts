import { randomUUID } from "node:crypto";
import type { Database } from "@audiotricks/storage";
import { openProviders, prepareBucket } from "@audiotricks/storage";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { type Kysely, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openS3 } from "./bucket-contents.ts";
import { ACTOR, runCommand, runJson } from "./run-command.ts";
import { SITES } from "./sites.ts";
import { openEmulator, type TestStore } from "./stores.ts";

const ORIGIN = "https://app.example.com";
const WRONG = "a-wrong-secret-altogether";

/** What the audit log has, the oldest first. */
async function auditOf(db: Kysely<Database>) {
  return await db
    .selectFrom("storage_audit")
    .select([
      "action",
      "resource",
      "resource_id as resourceId",
      "outcome",
      "change",
      "actor",
      "user_id as userId",
    ])
    .select(["is_operator as isOperator", "request_id as requestId"])
    .orderBy("at")
    .execute();
}

describe.each(SITES)("what commands change, in the audit log on $engine", ({ open }) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  it("has every change of a provider with what it was and is, what was refused, and no secret", async () => {
    await using on = await open();
    const { db, site } = on;
    const key = ["--access-key-id", store.accessKeyId];
    const [first, second] = [`cli-${randomUUID()}`, `cli-${randomUUID()}`];
    const add = async (bucket: string) => {
      await prepareBucket({ ...store, bucket }, { allowedOrigins: [ORIGIN] });
      const words = [
        "provider",
        "add",
        "--endpoint",
        store.endpoint,
        "--region",
        store.region,
        "--bucket",
        bucket,
      ];
      return await runCommand([...words, ...key, "--primary", "--json"], {
        site,
        stdin: store.secretAccessKey,
      });
    };
    const id: string = JSON.parse((await add(first)).stdout).id;
    const other: string = JSON.parse((await add(second)).stdout).id;
    expect((await add(first)).exitCode).toBe(1);
    const rotate = (stdin: string) => runCommand(["provider", "rotate", id, ...key], { site, stdin });
    expect((await rotate(WRONG)).exitCode).toBe(1);
    expect((await rotate(store.secretAccessKey)).exitCode).toBe(0);
    await runJson(["provider", "disable", id], { site });
    expect((await runCommand(["provider", "disable", other], { site })).exitCode).toBe(1);
    await runJson(["provider", "enable", id, "--primary"], { site });
    // Looked at, and words that were not understood: nothing of either.
    await runCommand(["provider", "list"], { site });
    await runCommand(["provider", "disable", "nonsense"], { site });

    const entries = await auditOf(db);
    const about = { resource: "provider", resourceId: id, outcome: "done" };
    const bucketOf = (bucket: string) => ({
      bucket,
      endpoint: store.endpoint,
      accessKeyId: store.accessKeyId,
    });
    const keys = { accessKeyId: store.accessKeyId };
    expect(entries).toMatchObject([
      { ...about, action: "addProvider", change: { before: { primary: null }, after: bucketOf(first) } },
      {
        ...about,
        action: "addProvider",
        resourceId: other,
        change: { before: { primary: id }, after: bucketOf(second) },
      },
      { ...about, action: "addProvider", resourceId: null, outcome: "provider_exists", change: null },
      { ...about, action: "rotateProvider", outcome: "key_refused", change: null },
      { ...about, action: "rotateProvider", change: { before: keys, after: keys } },
      {
        ...about,
        action: "disableProvider",
        change: { before: { isPrimary: false, isActive: true }, after: { isActive: false } },
      },
      { ...about, action: "disableProvider", resourceId: other, outcome: "provider_is_primary" },
      {
        ...about,
        action: "enableProvider",
        change: {
          before: { isPrimary: false, isActive: false, primary: other },
          after: { isPrimary: true, isActive: true },
        },
      },
    ]);
    for (const entry of entries)
      expect(entry).toMatchObject({ actor: `cli:${ACTOR}`, userId: null, isOperator: true });
    expect(new Set(entries.map(({ requestId }) => requestId)).size).toBe(entries.length);
    const page = await runJson<{ entries: { action: string }[]; nextCursor: string }>(
      ["audit", "--actor", `cli:${ACTOR}`, "--limit", "4"],
      { site },
    );
    const rest = await runJson<typeof page>(["audit", "--cursor", page.nextCursor], { site });
    expect([...page.entries, ...rest.entries].map(({ action }) => action)).toEqual(
      entries.map(({ action }) => action).toReversed(),
    );
    const ofOne = await runCommand(["audit", "--resource", id], { site });
    expect(ofOne.stdout.trimEnd().split("\n")).toHaveLength(1 + 5);
    expect((await runCommand(["audit", "--resource", "all"], { site })).exitCode).toBe(64);
    expect((await runCommand(["audit", "--actor", "cli:nobody@nowhere"], { site })).stdout).toBe(
      "There is none.\n",
    );
    const text = JSON.stringify(entries);
    for (const secret of [store.secretAccessKey, WRONG, "enc:"]) expect(text).not.toContain(secret);
  });

  it("has limits as they were and are, in order, however many set them at once", async () => {
    await using on = await open();
    const { db, site } = on;
    const userId = await seedUser(db);
    const workspaceId = await seedWorkspace(db, { members: { [userId]: "member" } });
    const set = (...words: string[]) => runCommand(["quota", "set", ...words, "--json"], { site });
    const sizes = [1, 2, 3, 4, 5, 6];
    await Promise.all(sizes.map((size) => set("--user", userId, "--bytes", String(size), "--files", "none")));
    await set("--user", userId, "--default");
    // It had none any more: nothing was changed.
    await set("--user", userId, "--default");
    await set("--workspace", workspaceId, "--files", "7");
    await set("--workspace", randomUUID(), "--files", "7");
    const entries = await auditOf(db);
    const ofUser = entries.filter(({ resourceId }) => resourceId === userId);
    expect(ofUser.map(({ action, resource }) => `${action} ${resource}`)).toEqual(
      Array.from({ length: 7 }, () => "setUserQuota user"),
    );
    type Change = { before: { maxBytes: number } | null; after: { maxBytes: number } | null };
    const changes = ofUser.map(({ change }) => change as unknown as Change);
    // Each begins where another one ended: from the default through all six, and back.
    const steps = new Map(changes.map(({ before, after }) => [before?.maxBytes, after?.maxBytes]));
    const walked: (number | undefined)[] = [];
    for (let at = steps.get(undefined); at !== undefined; at = steps.get(at)) walked.push(at);
    expect(walked.toSorted((a = 0, b = 0) => a - b)).toEqual(sizes);
    expect(entries.filter(({ resourceId }) => resourceId !== userId)).toMatchObject([
      {
        action: "setWorkspaceQuota",
        resourceId: workspaceId,
        change: { before: null, after: { maxFiles: 7 } },
      },
      { action: "setWorkspaceQuota", outcome: "workspace_not_found", change: null },
    ]);
  });

  it("has what was done to a bucket, told before it began: mends, sweeps, and every object that was deleted", async () => {
    const spaces = { ...store, bucket: `cli-${randomUUID()}` };
    await using on = await open(spaces);
    const { db, site } = on;
    const { id = "" } = {
      id: await openProviders({ db, spaces }).then(async (all) => (await all.findPrimary())?.id),
    };
    await runCommand(["doctor", "--json"], { site });
    await runCommand(["sweep", "--dry-run"], { site });
    await runCommand(["reconcile"], { site });
    expect(await auditOf(db)).toEqual([]);
    await runJson(["doctor", "--fix"], { site });
    await runJson(["sweep"], { site });
    const s3 = openS3(store);
    const keys = Array.from({ length: 35 }, () => `audio/uploads/2026/11/${randomUUID()}.wav`);
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: spaces.bucket, Key, Body: "x" }));
    s3.destroy();
    const { stdout: list } = await runCommand(["reconcile", "--list"], { site });
    const words = ["reconcile", "--delete-unknown", "-"];
    expect((await runCommand(words, { site, stdin: "nonsense\n" })).exitCode).toBe(1);
    expect(await runJson(words, { site, stdin: list, aheadMs: 4 * 86_400_000 })).toMatchObject({
      deletion: { deleted: 35 },
    });
    const entries = await auditOf(db);
    expect(entries).toMatchObject([
      { action: "fixBucket", resource: "provider", resourceId: id, outcome: "begun", change: null },
      {
        action: "fixBucket",
        resourceId: id,
        outcome: "done",
        change: { after: { fixed: expect.arrayContaining(["bucket_missing"]) } },
      },
      { action: "sweep", resource: "deployment", outcome: "begun" },
      { action: "sweep", outcome: "done", change: { after: { expired: 0, failures: [] } } },
      { action: "deleteUnknown", outcome: "list_invalid" },
      { action: "deleteUnknown", outcome: "begun" },
      { action: "deleteUnknown", resourceId: id, outcome: "done" },
      { action: "deleteUnknown", resourceId: id, outcome: "done" },
      { action: "deleteUnknown", resourceId: null, outcome: "done", change: { after: { deleted: 35 } } },
    ]);
    const told = entries.flatMap(({ change }) => {
      const { before } = (change ?? {}) as { before?: { objects?: { key: string; etag: string }[] } };
      return before?.objects ?? [];
    });
    expect(told.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
  });

  it("keeps neither a change nor its entry where the other fails, and is only ever added to", async () => {
    await using on = await open();
    const { db, site } = on;
    const userId = await seedUser(db);
    const set = ["quota", "set", "--user", userId, "--bytes", "1"];
    await sql`ALTER TABLE storage_audit ADD CONSTRAINT full_disk CHECK (action <> 'setUserQuota')`.execute(
      db,
    );
    expect((await runCommand(set, { site })).exitCode).toBe(1);
    expect(await db.selectFrom("storage_quotas").selectAll().execute()).toEqual([]);
    await sql`ALTER TABLE storage_audit DROP CONSTRAINT full_disk`.execute(db);
    expect(await runCommand(set, { site })).toMatchObject({ exitCode: 0, stderr: "" });
    await expect(sql`UPDATE storage_audit SET actor = 'cli:bob@test'`.execute(db)).rejects.toMatchObject({
      code: "AT015",
    });
  });
});
