import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { createTestDatabase, type TestDatabase } from "@audiotricks/testing/database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandRun, ENCRYPTION_KEY, runCommand, runJson } from "./run-command.ts";
import { STORES, type TestStore } from "./stores.ts";

const UUID = "11111111-2222-4333-8444-555555555555";
const ORIGIN = "https://app.example.com";

const settingsOf = (database: TestDatabase<Database>) => ({
  DATABASE_URL: database.url,
  STORAGE_ENCRYPTION_KEY: ENCRYPTION_KEY,
  STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
});

interface Listed {
  providers: { id: string; bucket: string; accessKeyId: string; isPrimary: boolean; isActive: boolean }[];
}

describe.each(STORES)("provider … on %s", (_name, open) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  const addWords = (bucket: string, ...more: string[]) => [
    "provider",
    "add",
    ...Object.entries({
      endpoint: store.endpoint,
      region: store.region,
      bucket,
      "access-key-id": store.accessKeyId,
    }).map(([name, value]) => `--${name}=${value}`),
    ...more,
  ];
  /** Adds one whose bucket it makes. */
  async function add(env: Record<string, string>, ...more: string[]): Promise<string> {
    const words = addWords(`cli-${randomUUID()}`, "--create", "--origin", ORIGIN, ...more);
    return (await runJson<{ id: string }>(words, { env, stdin: `${store.secretAccessKey}\n` })).id;
  }
  const tellsNoSecret = ({ stdout, stderr }: CommandRun) =>
    expect(stdout + stderr).not.toContain(store.secretAccessKey);

  it("makes a bucket, adds it with its secret sealed, and uploads can begin there", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const id = await add(env, "--primary");
    const listed = await runCommand(["provider", "list"], { env });
    expect(listed.stdout).toMatch(new RegExp(`${id} .* sealed +primary`));
    tellsNoSecret(listed);
    const rows = await database.db.selectFrom("storage_providers").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(store.secretAccessKey);
    const providers = await openProviders({
      db: database.db,
      encryptionKey: ENCRYPTION_KEY,
      allowInternalEndpoints: true,
    });
    const storage = createStorage({ db: database.db, providers });
    await storage.checkReady();
    await storage.close();
  });

  it("lets exactly one of many add the same bucket, and exactly one be primary", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const [same, other] = [`cli-${randomUUID()}`, `cli-${randomUUID()}`];
    for (const bucket of [same, other])
      await prepareBucket({ ...store, bucket }, { allowedOrigins: [ORIGIN] });
    const runs = await Promise.all(
      [same, same, same, other].map((bucket) =>
        runCommand(addWords(bucket, "--primary", "--json"), { env, stdin: store.secretAccessKey }),
      ),
    );
    const refused = runs.filter(({ exitCode }) => exitCode !== 0);
    expect(refused.map(({ stderr }) => JSON.parse(stderr).error.code)).toEqual([
      "provider_exists",
      "provider_exists",
    ]);
    const { providers } = await runJson<Listed>(["provider", "list"], { env });
    expect(providers).toHaveLength(2);
    expect(providers.filter(({ isPrimary }) => isPrimary)).toHaveLength(1);
  });

  it("writes down no key that the store does not take", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const bucket = `cli-${randomUUID()}`;
    const refusal = async (words: string[], stdin: string) => {
      const run = await runCommand([...words, "--json"], { env, stdin });
      expect(run.exitCode).toBe(1);
      expect(run.stdout + run.stderr).not.toContain(stdin);
      return JSON.parse(run.stderr).error as { code: string; message: string };
    };
    // No such bucket; then a wrong secret, and a stranger's key.
    expect(await refusal(addWords(bucket), store.secretAccessKey)).toMatchObject({ code: "key_refused" });
    await prepareBucket({ ...store, bucket }, { allowedOrigins: [ORIGIN] });
    expect(await refusal(addWords(bucket), "a-wrong-secret-altogether")).toMatchObject({
      code: "key_refused",
    });
    const { providers } = await runJson<Listed>(["provider", "list"], { env });
    expect(providers).toEqual([]);

    const id = await add(env);
    const before = await database.db.selectFrom("storage_providers").selectAll().execute();
    const rotate = ["provider", "rotate", id, "--access-key-id", store.accessKeyId];
    expect(await refusal(rotate, "a-wrong-secret-altogether")).toMatchObject({
      code: "key_refused",
      message: expect.stringContaining("Nothing was changed"),
    });
    expect(await database.db.selectFrom("storage_providers").selectAll().execute()).toEqual(before);
  });

  it("rotates a key from a file, and says how long the old one must live", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const id = await add(env);
    const sealed = () =>
      database.db
        .selectFrom("storage_providers")
        .select("secret_access_key_encrypted as secret")
        .executeTakeFirst();
    const before = await sealed();
    const directory = await mkdtemp(join(tmpdir(), "at-cli-"));
    try {
      const file = join(directory, "secret");
      await writeFile(file, `${store.secretAccessKey}\r\n`);
      const words = [
        "provider",
        "rotate",
        id.toUpperCase(),
        "--access-key-id",
        store.accessKeyId,
        "--secret-file",
        file,
      ];
      const rotated = await runJson<{ oldAccessKeyId: string; retireOldKeyAfter: string }>(words, { env });
      expect(rotated.oldAccessKeyId).toBe(store.accessKeyId);
      expect(new Date(rotated.retireOldKeyAfter).getTime() - Date.now()).toBeGreaterThan(3_600_000);
      expect(await sealed()).not.toEqual(before);
    } finally {
      await rm(directory, { recursive: true });
    }
    const providers = await openProviders({
      db: database.db,
      encryptionKey: ENCRYPTION_KEY,
      allowInternalEndpoints: true,
    });
    expect((await providers.get(id)).credentials.secretAccessKey).toBe(store.secretAccessKey);
  });

  it("disables a bucket, the primary one only when told to leave none", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const [primary, second] = [await add(env, "--primary"), await add(env)];
    const disable = (...words: string[]) => runCommand(["provider", "disable", ...words, "--json"], { env });
    const error = async (...words: string[]) =>
      JSON.parse((await disable(...words)).stderr).error.code as string;
    expect(await error(primary)).toBe("provider_is_primary");
    expect(await error(UUID)).toBe("provider_not_found");
    expect(await error("1; DROP TABLE users")).toBe("usage");
    for (const words of [[second], [second], [primary, "--leave-no-primary"]])
      expect(await disable(...words)).toMatchObject({ exitCode: 0 });
    const { providers } = await runJson<Listed>(["provider", "list"], { env });
    expect(providers.map(({ isActive, isPrimary }) => isActive || isPrimary)).toEqual([false, false]);
    // What is there stays readable.
    const opened = await openProviders({
      db: database.db,
      encryptionKey: ENCRYPTION_KEY,
      allowInternalEndpoints: true,
    });
    expect(await opened.findPrimary()).toBeUndefined();
    expect((await opened.get(primary)).id).toBe(primary);
  });

  it("keeps the id of a CDN that is there already, by which its copies are purged", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const words = addWords(`cli-${randomUUID()}`, "--create", "--origin", ORIGIN);
    const cdn = (...more: string[]) =>
      runCommand([...words, ...more, "--json"], { env, stdin: store.secretAccessKey });
    for (const more of [
      ["--cdn-id", UUID],
      ["--cdn-endpoint", "https://cdn.example.com", "--cdn-id", "mine"],
    ])
      expect(JSON.parse((await cdn(...more)).stderr).error.code).toBe("usage");
    const added = await cdn("--cdn-endpoint", "https://cdn.example.com", "--cdn-id", UUID);
    expect(JSON.parse(added.stdout)).toMatchObject({ cdnEndpoint: "https://cdn.example.com", cdnId: UUID });
    const rows = await database.db
      .selectFrom("storage_providers")
      .select(["cdn_endpoint", "cdn_enabled", "cdn_id"])
      .execute();
    expect(rows).toEqual([{ cdn_endpoint: "https://cdn.example.com", cdn_enabled: true, cdn_id: UUID }]);
  });

  it("enables a bucket again, and makes it primary, each after its key was tried", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const [first, second] = [await add(env, "--primary"), await add(env)];
    const bucket = `cli-${randomUUID()}`;
    const words = addWords(bucket, "--create", "--origin", ORIGIN, "--backup-of", first);
    const backup = (await runJson<{ id: string }>(words, { env, stdin: store.secretAccessKey })).id;
    const enable = (...words: string[]) => runCommand(["provider", "enable", ...words, "--json"], { env });
    const states = async () => {
      const { providers } = await runJson<Listed>(["provider", "list"], { env });
      return new Map(providers.map(({ id, isActive, isPrimary }) => [id, { isActive, isPrimary }]));
    };
    await runJson(["provider", "disable", second], { env });
    expect(await runJson(["provider", "enable", second], { env })).toEqual({
      id: second,
      isActive: true,
      isPrimary: false,
    });
    expect((await states()).get(first)).toEqual({ isActive: true, isPrimary: true });
    // By two at once, and once more: one is primary in the end.
    const both = await Promise.all([enable(first, "--primary"), enable(second, "--primary")]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect([...(await states()).values()].filter(({ isPrimary }) => isPrimary)).toHaveLength(1);
    for (const words of [[second, "--primary"], [second, "--primary"], [second]])
      expect(JSON.parse((await enable(...words)).stdout)).toMatchObject({ isPrimary: true });
    expect((await states()).get(first)).toEqual({ isActive: true, isPrimary: false });

    const before = await states();
    const error = async (...words: string[]) => JSON.parse((await enable(...words)).stderr).error;
    expect(await error(backup, "--primary")).toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(/keeps copies of files/),
    });
    expect((await error(UUID)).code).toBe("provider_not_found");
    await database.db
      .updateTable("storage_providers")
      .set({ access_key_id: "AK-of-nobody" })
      .where("id", "=", first)
      .execute();
    expect((await error(first, "--primary")).code).toBe("key_refused");
    const { STORAGE_ENCRYPTION_KEY: _key, ...withoutKey } = env;
    const unopened = await runCommand(["provider", "enable", first, "--json"], { env: withoutKey });
    expect(JSON.parse(unopened.stderr).error.code).toBe("no_provider");
    expect(await states()).toEqual(before);
  });
});

describe("provider …", () => {
  const words = ["provider", "add", "--region", "r", "--bucket", "audio", "--access-key-id", "AK", "--json"];
  const errorOf = async (args: string[], options: Parameters<typeof runCommand>[1]) =>
    JSON.parse((await runCommand(args, options)).stderr).error as { code: string; message: string };

  it("refuses what it cannot do, each in a sentence that says what to do", async () => {
    await using database = await createTestDatabase<Database>();
    const env = settingsOf(database);
    const spaces = [...words, "--endpoint", "https://nyc3.digitaloceanspaces.com"];
    const azure = {
      code: "provider_unsupported",
      message: expect.stringMatching(/^Azure Blob Storage .* use a bucket at/),
    };
    expect(await errorOf([...spaces, "--name", "azure_blob"], { env, stdin: "x" })).toMatchObject(azure);
    const blob = [...words, "--endpoint", "https://audio.blob.core.windows.net"];
    expect(await errorOf(blob, { env, stdin: "x" })).toMatchObject(azure);
    expect(await errorOf([...spaces, "--name", "toString"], { env, stdin: "x" })).toMatchObject({
      code: "provider_unsupported",
    });
    expect(
      await errorOf([...words, "--endpoint", "https://audio.nyc3.cdn.digitaloceanspaces.com"], {
        env,
        stdin: "x",
      }),
    ).toMatchObject({
      message: expect.stringContaining("origin, not the CDN"),
    });
    expect(await errorOf(spaces, { env, stdin: "" })).toMatchObject({ code: "secret_missing" });
    expect(await errorOf(spaces, { env, stdin: "two words" })).toMatchObject({ code: "secret_missing" });
    expect(await errorOf(spaces, { env, stdin: "x".repeat(5000) })).toMatchObject({ code: "secret_missing" });
    expect(await errorOf([...spaces, "--secret-file", "/nowhere"], { env })).toMatchObject({
      code: "secret_missing",
    });
    expect(await errorOf([...spaces, "--create"], { env, stdin: "x" })).toMatchObject({
      code: "settings",
      message: expect.stringContaining("ALLOWED_ORIGINS"),
    });
    const { STORAGE_ENCRYPTION_KEY: _key, ...keyless } = env;
    expect(await errorOf(spaces, { env: keyless, stdin: "x" })).toMatchObject({
      code: "settings",
      message: expect.stringContaining("openssl rand -base64 32"),
    });
  });

  it("saves no endpoint that is plain HTTP or internal, unless the setting allows it", async () => {
    await using database = await createTestDatabase<Database>();
    const { STORAGE_ALLOW_INTERNAL_ENDPOINTS: _allowed, ...env } = settingsOf(database);
    for (const endpoint of [
      "http://s3.example.com",
      "https://127.0.0.1",
      "https://169.254.169.254",
      "https://minio",
    ])
      expect(await errorOf([...words, "--endpoint", endpoint], { env, stdin: "x" })).toMatchObject({
        code: "endpoint_refused",
        message: expect.stringContaining("STORAGE_ALLOW_INTERNAL_ENDPOINTS=true"),
      });
    const bad = { ...env, STORAGE_ALLOW_INTERNAL_ENDPOINTS: "yes" };
    expect(await errorOf(words, { env: bad, stdin: "x" })).toMatchObject({ code: "settings" });
    expect(await database.db.selectFrom("storage_providers").selectAll().execute()).toEqual([]);
  });

  it("saves no CDN endpoint that addresses cannot begin with, or that leads inside", async () => {
    await using database = await createTestDatabase<Database>();
    const { STORAGE_ALLOW_INTERNAL_ENDPOINTS: _allowed, ...env } = settingsOf(database);
    const refused = (endpoint: string, more: Record<string, string> = {}) =>
      errorOf([...words, "--endpoint", "https://nyc3.digitaloceanspaces.com", "--cdn-endpoint", endpoint], {
        env: { ...env, ...more },
        stdin: "x",
      });
    const sentence = { message: expect.stringContaining("SPACES_CDN_ENDPOINT must be where the CDN begins") };
    for (const endpoint of [
      "no host",
      "javascript:alert(1)",
      "ftp://cdn.example.com",
      "https://cdn.example.com/audio",
      "https://cdn.example.com/?a",
      "https://user:word@cdn.example.com",
    ])
      expect(await refused(endpoint, { STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true" })).toMatchObject(sentence);
    for (const endpoint of ["http://cdn.example.com", "169.254.169.254", "https://cdn"])
      expect(await refused(endpoint)).toMatchObject({ code: "endpoint_refused" });
    expect(await database.db.selectFrom("storage_providers").selectAll().execute()).toEqual([]);
  });

  it("leaves the key of a bucket of the environment to the environment", async () => {
    await using database = await createTestDatabase<Database>();
    const spaces = { endpoint: "https://nyc3.digitaloceanspaces.com", region: "nyc3", bucket: "audio" };
    await openProviders({ db: database.db, spaces: { ...spaces, accessKeyId: "AK", secretAccessKey: "SK" } });
    const env = settingsOf(database);
    const { providers } = await runJson<Listed>(["provider", "list"], { env });
    const rotate = ["provider", "rotate", providers[0]?.id ?? "", "--access-key-id", "NEW", "--json"];
    expect(await errorOf(rotate, { env, stdin: "x" })).toMatchObject({
      code: "provider_from_environment",
      message: expect.stringContaining("SPACES_SECRET"),
    });
  });
});
