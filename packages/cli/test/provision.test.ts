import { randomUUID } from "node:crypto";
import type { Database } from "@audiotricks/storage";
import { createTestDatabase, type TestDatabase } from "@audiotricks/testing/database";
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openS3 } from "./bucket-contents.ts";
import { startDigitalOcean, TOKEN } from "./digital-ocean.ts";
import { ENCRYPTION_KEY, runCommand } from "./run-command.ts";
import { STORES, type TestStore } from "./stores.ts";

const ORIGIN = "https://app.example.com";

interface Added {
  id: string;
  steps: { part: string; name: string; outcome: string }[];
  cdnEndpoint: string | null;
  cdnId: string | null;
  backup: { id: string } | null;
}

describe.each(STORES)("provider add --create on %s", (_name, open) => {
  let store: TestStore;
  let s3: S3Client;
  beforeAll(async () => {
    store = await open();
    s3 = openS3(store);
  });
  afterAll(async () => {
    s3.destroy();
    await store[Symbol.asyncDispose]();
  });

  async function openSite() {
    const api = await startDigitalOcean();
    const database: TestDatabase<Database> = await createTestDatabase<Database>();
    const env = {
      DATABASE_URL: database.url,
      STORAGE_ENCRYPTION_KEY: ENCRYPTION_KEY,
      STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
      DIGITALOCEAN_TOKEN: TOKEN,
      DIGITALOCEAN_API_URL: api.origin,
    };
    const add = async (bucket: string, words: string[], key: Partial<TestStore> = {}, more = {}) => {
      const { endpoint, region, accessKeyId, secretAccessKey } = { ...store, ...key };
      const given = { endpoint, region, bucket, "access-key-id": accessKeyId, origin: ORIGIN };
      const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
      const run = await runCommand(["provider", "add", ...args, "--create", ...words, "--json"], {
        env: { ...env, ...more },
        stdin: secretAccessKey,
      });
      for (const secret of [secretAccessKey, TOKEN]) expect(run.stdout + run.stderr).not.toContain(secret);
      return run;
    };
    return {
      api,
      db: database.db,
      run: add,
      providers: () => database.db.selectFrom("storage_providers").selectAll().execute(),
      add: async (bucket: string, ...words: string[]): Promise<Added> => {
        const { exitCode, stdout, stderr } = await add(bucket, words);
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
        return JSON.parse(stdout);
      },
      refuse: async (
        bucket: string,
        words: string[],
        key?: Partial<TestStore>,
        more?: object,
      ): Promise<{ code: string; message: string }> => {
        const { stdout, stderr } = await add(bucket, words, key, more);
        expect(stdout).toBe("");
        return JSON.parse(stderr).error;
      },
      [Symbol.asyncDispose]: async () => {
        await database[Symbol.asyncDispose]();
        await api[Symbol.asyncDispose]();
      },
    };
  }
  const names = () => [`cli-${randomUUID()}`, `cli-${randomUUID()}`] as const;
  const outcomes = ({ steps }: Added) => steps.map(({ part, outcome }) => `${part} ${outcome}`);
  const exists = (Bucket: string) =>
    s3.send(new HeadBucketCommand({ Bucket })).then(
      () => true,
      () => false,
    );

  it("makes bucket, backup bucket with versions, and CDN, and says so; the provider knows its CDN", async () => {
    await using site = await openSite();
    const [bucket, backup] = names();
    const host = `${bucket}.${new URL(store.endpoint).host}`;
    // More than a page of somebody's other endpoints.
    for (let n = 0; n < 5; n++)
      site.api.endpoints.push({
        id: randomUUID(),
        origin: `other-${n}`,
        endpoint: "x",
        ttl: 60,
        created_at: "",
      });
    const added = await site.add(
      bucket,
      "--backup-bucket",
      backup,
      "--backup-versions",
      "--cdn",
      "--cdn-ttl",
      "600",
    );
    const cdnHost = `${bucket}.nyc3.cdn.digitaloceanspaces.com`;
    // Recorded, each with an envelope of its own; nobody uploads to the second.
    const recorded = await site.providers();
    expect(Object.fromEntries(recorded.map((row) => [row.bucket_name, row.purpose]))).toEqual({
      [bucket]: "files",
      [backup]: "backup",
    });
    expect(new Set(recorded.map((row) => row.secret_access_key_encrypted)).size).toBe(2);
    expect(await site.db.selectFrom("storage_backups").selectAll().execute()).toMatchObject([
      { storage_provider_id: added.id, backup_provider_id: added.backup?.id },
    ]);
    expect(added.steps).toEqual([
      { part: "bucket", name: bucket, outcome: "made" },
      { part: "cors", name: bucket, outcome: "made" },
      { part: "lifecycle", name: bucket, outcome: "made" },
      { part: "bucket", name: backup, outcome: "made" },
      { part: "lifecycle", name: backup, outcome: "made" },
      { part: "versioning", name: backup, outcome: "made" },
      { part: "cdn", name: cdnHost, outcome: "made" },
    ]);
    expect(site.api.endpoints.at(-1)).toMatchObject({ origin: host, ttl: 600 });
    expect(recorded.filter(({ purpose }) => purpose === "files")).toMatchObject([
      {
        id: added.id,
        bucket_name: bucket,
        cdn_endpoint: `https://${cdnHost}`,
        cdn_id: site.api.endpoints.at(-1)?.id,
        cdn_enabled: true,
      },
    ]);
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: backup }))).Status).toBe("Enabled");
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status).toBeUndefined();
    await expect(s3.send(new GetBucketCorsCommand({ Bucket: backup }))).rejects.toThrow();
    const audit = await site.db
      .selectFrom("storage_audit")
      .select(["action", "outcome"])
      .orderBy("at")
      .execute();
    expect(audit.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      "prepareProvider begun",
      "prepareProvider done",
      "addProvider done",
      "addProvider done",
    ]);
    // A second time there is nothing to make, and nothing is.
    expect(await site.refuse(bucket, ["--cdn"])).toMatchObject({ code: "provider_exists" });
    expect(site.api.asked.filter((call) => call.startsWith("POST"))).toHaveLength(1);
  });

  it.each([
    [
      "refused",
      { status: 429, id: "too_many_requests", message: "API Rate limit exceeded." },
      /^DigitalOcean answered 429 API Rate limit exceeded\. .* in a minute/,
    ],
    [
      "broken",
      { status: 500, id: "server_error", message: "Unexpected\nserver-side error" },
      /answered 500 Unexpected server-side error /,
    ],
  ])(
    "goes on after the CDN was %s: what was made is named, and is there the second time",
    async (_how, failure, words) => {
      await using site = await openSite();
      const [bucket, backup] = names();
      site.api.failures.push(failure);
      const error = await site.refuse(bucket, ["--backup-bucket", backup, "--cdn"]);
      expect(error).toMatchObject({ code: "cdn_refused", message: expect.stringMatching(words) });
      for (const made of [`bucket ${bucket} made`, `CORS rules of ${bucket} made`, `bucket ${backup} made`])
        expect(error.message).toContain(made);
      expect(error.message).toMatch(/The provider was not added: repeat the command/);
      expect(await site.providers()).toEqual([]);
      expect(outcomes(await site.add(bucket, "--backup-bucket", backup, "--cdn"))).toEqual([
        "bucket there",
        "cors there",
        "lifecycle there",
        "bucket there",
        "lifecycle there",
        "cdn made",
      ]);
    },
  );

  it("finds the CDN whose answer was lost, and one that somebody makes at the same moment", async () => {
    await using site = await openSite();
    const [bucket, other] = names();
    site.api.losesNextAnswer = true;
    expect(await site.refuse(bucket, ["--cdn"])).toMatchObject({ code: "cdn_refused" });
    expect(outcomes(await site.add(bucket, "--cdn"))).toContain("cdn there");
    const runs = await Promise.all([1, 2].map(() => site.run(other, ["--cdn"])));
    const refused = runs.filter(({ exitCode }) => exitCode !== 0);
    // The row is one's; whatever it needs both have, and nobody had to make it twice.
    expect(refused.map(({ stderr }) => JSON.parse(stderr).error.code)).toEqual(["provider_exists"]);
    expect(site.api.endpoints.map(({ origin }) => origin.split(".")[0])).toEqual([bucket, other]);
    expect((await site.providers()).map(({ bucket_name }) => bucket_name).toSorted()).toEqual(
      [bucket, other].toSorted(),
    );
  });

  it("keeps what others have set on a bucket that was there", async () => {
    await using site = await openSite();
    const [Bucket] = names();
    await s3.send(new CreateBucketCommand({ Bucket }));
    const cors = { AllowedOrigins: ["https://old.example.com"], AllowedMethods: ["GET"] };
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [cors] } }));
    const rule = {
      ID: "mine",
      Status: "Enabled",
      Filter: { Prefix: "scratch/" },
      Expiration: { Days: 1 },
    } as const;
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [rule] } }),
    );
    expect(outcomes(await site.add(Bucket))).toEqual(["bucket there", "cors made", "lifecycle made"]);
    const { CORSRules } = await s3.send(new GetBucketCorsCommand({ Bucket }));
    expect(CORSRules).toMatchObject([{ AllowedOrigins: [ORIGIN] }, cors]);
    const { Rules } = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules?.map(({ ID }) => ID).toSorted()).toEqual([
      "incomplete-uploads",
      "mine",
      "temporary-uploads",
    ]);
  });

  it("asks nobody for anything before words, settings and the table are right", async () => {
    await using site = await openSite();
    const [bucket, backup] = names();
    const usage = { code: "usage" };
    expect(await site.refuse(bucket, ["--cdn-ttl", "600"])).toMatchObject(usage);
    expect(await site.refuse(bucket, ["--cdn", "--cdn-ttl", "61"])).toMatchObject(usage);
    expect(await site.refuse(bucket, ["--backup-versions"])).toMatchObject(usage);
    expect(await site.refuse(bucket, ["--backup-bucket", bucket])).toMatchObject(usage);
    expect(await site.refuse(bucket, ["--backup-bucket", backup, "--backup-region", "ams3"])).toMatchObject(
      usage,
    );
    expect(await site.refuse(bucket, ["--cdn", "--cdn-endpoint", "https://cdn.example.com"])).toMatchObject(
      usage,
    );
    const tokenless = { DIGITALOCEAN_TOKEN: "" };
    expect(await site.refuse(bucket, ["--cdn"], {}, tokenless)).toMatchObject({
      code: "settings",
      message: expect.stringContaining("DIGITALOCEAN_TOKEN"),
    });
    // Neither vendor nor store was asked.
    expect(site.api.asked).toEqual([]);
    expect([await exists(bucket), await exists(backup)]).toEqual([false, false]);
    const wrong = await site.refuse(bucket, ["--cdn"], {}, { DIGITALOCEAN_TOKEN: "dop_v1_wrong" });
    expect(wrong.message).toMatch(/401 Unable to authenticate you .*Set DIGITALOCEAN_TOKEN/);
    expect(wrong.message).not.toContain("dop_v1_wrong");
  });
});

describe("provider add --create on Ceph, where buckets have owners", () => {
  it("takes nobody else's bucket, as bucket or as backup, and changes nothing there", async () => {
    const [, ceph] = STORES;
    if (ceph === undefined) throw new Error("no Ceph");
    await using store = await ceph[1]();
    await using database = await createTestDatabase<Database>();
    const strangers = openS3({ ...store, ...store.other });
    const [theirs, ours] = [`cli-${randomUUID()}`, `cli-${randomUUID()}`];
    await strangers.send(new CreateBucketCommand({ Bucket: theirs }));
    const { endpoint, region, accessKeyId } = store;
    const run = async (bucket: string, ...more: string[]) => {
      const given = { endpoint, region, bucket, "access-key-id": accessKeyId, origin: ORIGIN };
      const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
      const { stderr } = await runCommand(["provider", "add", ...args, "--create", ...more, "--json"], {
        env: {
          DATABASE_URL: database.url,
          STORAGE_ENCRYPTION_KEY: ENCRYPTION_KEY,
          STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
        },
        stdin: store.secretAccessKey,
      });
      return JSON.parse(stderr).error;
    };
    expect(await run(theirs)).toMatchObject({
      code: "bucket_foreign",
      message: expect.stringMatching(/somebody else's, or the key is wrong.* Nothing was made\./),
    });
    expect(await run(ours, "--backup-bucket", theirs)).toMatchObject({
      code: "bucket_foreign",
      message: expect.stringMatching(new RegExp(`bucket ${theirs} .*Until then: bucket ${ours} made;`)),
    });
    await expect(strangers.send(new GetBucketCorsCommand({ Bucket: theirs }))).rejects.toThrow();
    expect(await database.db.selectFrom("storage_providers").selectAll().execute()).toEqual([]);
    strangers.destroy();
  });
});
