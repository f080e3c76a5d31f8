import { randomUUID } from "node:crypto";
import { type Database, openProviders } from "@audiotricks/storage";
import { createTestDatabase } from "@audiotricks/testing/database";
import { describe, expect, it } from "vitest";
import { runCommand } from "./run-command.ts";
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
    expect(await doctor("--provider", randomUUID())).toMatchObject({ exitCode: 1 });
    const bare = { DATABASE_URL: database.url };
    const keyless = await runCommand(["doctor", "--json"], { env: bare });
    expect(keyless.exitCode).toBe(2);
    expect(JSON.parse(keyless.stdout).buckets).toMatchObject([{ bucket, error: { code: "no_provider" } }]);
    for (const { stdout, stderr } of [before, mended, keyless])
      expect(stdout + stderr).not.toContain(store.secretAccessKey);
  });
});
