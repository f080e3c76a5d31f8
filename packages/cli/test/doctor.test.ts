import { randomUUID } from "node:crypto";
import { type Database, listAuditLog, openProviders, setScanPolicy } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { describe, expect, it } from "vitest";
import { ENCRYPTION_KEY, runCommand, runJson } from "./run-command.ts";
import { STORES } from "./stores.ts";

describe.each(STORES)("doctor on %s", (_name, open) => {
  it("ends with 2 while something is wrong, mends it on --fix, and ends with 0 then", async () => {
    await using store = await open();
    await using database = await createTestDatabase<Database>();
    const bucket = `cli-${randomUUID()}`;
    await openProviders({ db: database.db, spaces: { ...store, bucket } });
    const env = {
      DATABASE_URL: database.url,
      SPACES_ENDPOINT: store.endpoint,
      SPACES_REGION: store.region,
      SPACES_BUCKET: bucket,
      SPACES_KEY: store.accessKeyId,
      SPACES_SECRET: store.secretAccessKey,
      ALLOWED_ORIGINS: "https://app.example.com/, https://beta.example.com",
    };
    const doctor = (...words: string[]) => runCommand(["doctor", ...words], { env });
    const before = await doctor("--json");
    expect(before).toMatchObject({ exitCode: 2, stderr: "" });
    expect(JSON.parse(before.stdout)).toMatchObject({
      origins: ["https://app.example.com", "https://beta.example.com"],
      buckets: [{ bucket, findings: [{ code: "bucket_missing" }], fixed: [] }],
    });
    const mended = await doctor("--fix");
    expect(mended.exitCode).toBe(0);
    expect(mended.stdout).toMatch(/mended bucket_missing: .*\n.*mended cors_missing: [\s\S]*All is well/);
    expect(await doctor("--origin", "https://new.example.com")).toMatchObject({
      exitCode: 2,
      stdout: expect.stringMatching(/cors_missing: .* https:\/\/new\.example\.com .*\n +Browsers refuse/),
    });
    // Rules for pages of before stay.
    expect(await doctor("--origin", "https://new.example.com", "--fix")).toMatchObject({ exitCode: 0 });
    expect(await doctor()).toMatchObject({ exitCode: 0 });
    expect(await doctor("--origin", "*")).toMatchObject({ exitCode: 64 });

    // Another server, with other settings, has started since.
    expect(await setScanPolicy(database.db, "before", "server b")).toBe("off");
    expect(await setScanPolicy(database.db, "before", "server c")).toBeUndefined();
    const differing = await doctor("--json");
    expect(differing.exitCode).toBe(2);
    expect(JSON.parse(differing.stdout)).toMatchObject({
      scanPolicy: { recorded: "before", settings: "off" },
      buckets: [{ findings: [] }],
    });
    expect((await doctor()).stdout).toMatch(/are held until .* by the settings here they are not scanned/);
    const { entries } = await listAuditLog(database.db, { limit: 10 });
    expect(entries.filter(({ action }) => action === "setScanPolicy")).toMatchObject([
      { service: "server b", resource: "deployment", change: { before: "off", after: "before" } },
    ]);
    const scanned = { ...env, CLAMD_ADDRESS: "/run/clamd.sock" };
    expect(await runCommand(["doctor"], { env: scanned })).toMatchObject({ exitCode: 0 });
    const lax = { ...scanned, SCAN_REQUIRED: "false" };
    expect(await runCommand(["doctor"], { env: lax })).toMatchObject({ exitCode: 2 });
    await setScanPolicy(database.db, "off");
    expect(await doctor("--provider", randomUUID())).toMatchObject({ exitCode: 1 });
    const bare = { DATABASE_URL: database.url };
    const keyless = await runCommand(["doctor", "--json"], { env: bare });
    expect(keyless.exitCode).toBe(2);
    expect(JSON.parse(keyless.stdout).buckets).toMatchObject([{ bucket, error: { code: "no_provider" } }]);
    for (const { stdout, stderr } of [before, mended, keyless])
      expect(stdout + stderr).not.toContain(store.secretAccessKey);
  });

  it("wants no page to be let into buckets that hold copies or what is cold, and lets none in", async () => {
    await using store = await open();
    await using database = await createTestDatabase<Database>();
    const env = {
      DATABASE_URL: database.url,
      STORAGE_ENCRYPTION_KEY: ENCRYPTION_KEY,
      STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
    };
    const { endpoint, region, accessKeyId, secretAccessKey: stdin } = store;
    const add = (bucket: string, ...words: string[]) => {
      const options = Object.entries({ endpoint, region, bucket, "access-key-id": accessKeyId });
      const given = options.map(([name, value]) => `--${name}=${value}`);
      return runJson<{ steps: { part: string; name: string }[] }>(
        ["provider", "add", ...given, "--create", ...words],
        { env, stdin },
      );
    };
    const [files, copies, cold] = ["files", "copies", "cold"].map((name) => `${name}-${randomUUID()}`) as [
      string,
      string,
      string,
    ];
    const page = ["--origin", "https://app.example.com"];
    const made = [await add(files, "--backup-bucket", copies, ...page), await add(cold, "--cold")];
    const withRules = made.flatMap(({ steps }) => steps).filter(({ part }) => part === "cors");
    expect(withRules.map(({ name }) => name)).toEqual([files]);

    const doctor = async (...words: string[]) => {
      const run = await runCommand(["doctor", "--json", ...words], { env });
      const { buckets } = JSON.parse(run.stdout) as {
        buckets: { bucket: string; findings: { code: string }[]; fixed: unknown[] }[];
      };
      return { ...run, buckets };
    };
    const { exitCode, buckets } = await doctor(...page);
    expect(buckets.map(({ bucket }) => bucket).toSorted()).toEqual([files, copies, cold].toSorted());
    expect(buckets.flatMap(({ findings }) => findings)).toEqual([]);
    expect(exitCode).toBe(0);
    // Another page is let in where files are, and nowhere else.
    const mended = await doctor("--origin", "https://new.example.com", "--fix");
    expect(mended.exitCode).toBe(0);
    expect(mended.buckets.filter(({ fixed }) => fixed.length > 0).map(({ bucket }) => bucket)).toEqual([
      files,
    ]);
  });
});
