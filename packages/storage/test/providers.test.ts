import { randomBytes, randomUUID } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { createStorage, type Database, openProviders, parseEnvelopeKey, sealSecret } from "../src/index.ts";
import { headBucket } from "../src/s3/objects.ts";
import { closeS3, connectS3, type StoreOperation } from "../src/s3/s3-connection.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, upload } from "./test-storage.ts";

const spaces = {
  endpoint: "https://nyc3.digitaloceanspaces.com",
  region: "nyc3",
  bucket: "one",
  accessKeyId: "AK",
  secretAccessKey: "very secret",
};

describe("openProviders", () => {
  it("makes the given bucket the primary one, once, however many servers start", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        openProviders({ db, spaces: { ...spaces, bucket: index % 2 ? "one" : "two" } }),
      ),
    );
    await openProviders({ db, spaces });
    const rows = await db.selectFrom("storage_providers").selectAll().orderBy("bucket_name").execute();
    expect(rows).toMatchObject([
      { bucket_name: "one", is_primary: true, is_active: true, provider_name: "digitalocean_spaces" },
      { bucket_name: "two", is_primary: false, is_active: true },
    ]);
    expect(JSON.stringify(rows)).not.toContain("very secret");
  });

  it("leaves uploads where an operator sent them, whatever bucket servers start with, and that one readable", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const key = randomBytes(32).toString("base64");
    const start = (bucket: string) =>
      openProviders({ db, spaces: { ...spaces, bucket }, encryptionKey: key });
    const primary = async () =>
      (
        await db
          .selectFrom("storage_providers")
          .select("bucket_name")
          .where("is_primary", "=", true)
          .execute()
      ).map(({ bucket_name: name }) => name);
    await start("one");
    // As `provider add --primary` leaves it.
    const id = randomUUID();
    await db.updateTable("storage_providers").set({ is_primary: false }).execute();
    await sql`INSERT INTO storage_providers (id, provider_name, endpoint_url, region, bucket_name, access_key_id,
      secret_access_key_encrypted, is_primary) VALUES (${id}, 's3', 'https://s3.example.com', 'r', 'chosen', 'AK',
      ${sealSecret("x", id, parseEnvelopeKey(key))}, true)`.execute(db);
    const again = { ...spaces, accessKeyId: "NEW" };
    const providers = await openProviders({ db, spaces: again, encryptionKey: key });
    expect(await primary()).toEqual(["chosen"]);
    const rows = await db
      .selectFrom("storage_providers")
      .selectAll()
      .where("bucket_name", "=", "one")
      .execute();
    expect(rows).toMatchObject([{ access_key_id: "NEW", is_active: true }]);
    expect(await providers.get(rows[0]?.id ?? "")).toMatchObject({ credentials: { accessKeyId: "NEW" } });
    // Another bucket in the settings is another word of the operator's, and so is one with none to go before it.
    await start("two");
    expect(await primary()).toEqual(["two"]);
    await start("one");
    expect(await primary()).toEqual(["one"]);
    await db.updateTable("storage_providers").set({ is_primary: false, is_active: false }).execute();
    await start("one");
    expect(await primary()).toEqual(["one"]);
  });

  it("says plainly why a provider cannot be used", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const insert = async (values: { provider_name: string; secret: string }) => {
      const id = randomUUID();
      await sql`INSERT INTO storage_providers (id, provider_name, endpoint_url, region, bucket_name, access_key_id,
        secret_access_key_encrypted) VALUES (${id}, ${values.provider_name}, 'fra1.digitaloceanspaces.com', 'fra1',
        ${id}, 'AK', ${values.secret})`.execute(db);
      return id;
    };
    const [key, otherKey] = [randomBytes(32).toString("base64"), randomBytes(32).toString("base64")];
    const providers = await openProviders({ db, spaces, encryptionKey: key });

    const azure = await insert({ provider_name: "azure_blob", secret: "env:" });
    await expect(providers.get(azure)).rejects.toMatchObject({
      code: "provider_unsupported",
      message: expect.stringContaining("does not speak S3"),
    });
    const foreign = await insert({ provider_name: "s3", secret: "env:" });
    await expect(providers.get(foreign)).rejects.toMatchObject({
      code: "no_provider",
      message: expect.stringContaining("SPACES_ENDPOINT and SPACES_BUCKET name another"),
    });
    const sealedElsewhere = await insert({
      provider_name: "s3",
      secret: sealSecret("x", randomUUID(), parseEnvelopeKey(otherKey)),
    });
    await expect(providers.get(sealedElsewhere)).rejects.toMatchObject({
      code: "no_provider",
      message: expect.stringContaining("another STORAGE_ENCRYPTION_KEY"),
    });
    await expect((await openProviders({ db, spaces })).get(sealedElsewhere)).rejects.toMatchObject({
      code: "no_provider",
      message: expect.stringContaining("set STORAGE_ENCRYPTION_KEY"),
    });
    await expect(providers.get(randomUUID())).rejects.toMatchObject({ code: "no_provider" });
    await expect(insert({ provider_name: "s3", secret: "in plain text" })).rejects.toThrow();
  });

  it("says plainly that a CDN endpoint written by hand is none", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const providers = await openProviders({ db, spaces });
    await sql`UPDATE storage_providers SET cdn_endpoint = 'no host', cdn_enabled = true`.execute(db);
    await expect(providers.findPrimary()).rejects.toMatchObject({
      code: "no_provider",
      message: expect.stringMatching(/^The CDN endpoint of storage provider .* is no URL\.$/),
    });
  });

  it.each([
    ["backup", /keeps copies of files/],
    ["cold", /keeps archived files/],
  ])("takes no bucket of the environment that is there as a %s one", async (purpose, message) => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const { endpoint, region, bucket } = spaces;
    await sql`INSERT INTO storage_providers (provider_name, endpoint_url, region, bucket_name, access_key_id,
      secret_access_key_encrypted, purpose)
      VALUES ('s3', ${endpoint}, ${region}, ${bucket}, 'AK', 'env:', ${purpose})`.execute(db);
    await expect(openProviders({ db, spaces })).rejects.toMatchObject({
      code: "no_provider",
      message: expect.stringMatching(message),
    });
    expect(await db.selectFrom("storage_providers").select("is_primary").execute()).toEqual([
      { is_primary: false },
    ]);
  });

  it("talks to no internal host that only the table names, by whatever name", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const key = randomBytes(32).toString("base64");
    const insert = async (endpoint: string) => {
      const id = randomUUID();
      await sql`INSERT INTO storage_providers (id, provider_name, endpoint_url, region, bucket_name, access_key_id,
        secret_access_key_encrypted) VALUES (${id}, 's3', ${endpoint}, 'r', 'audio', 'AK',
        ${sealSecret("x", id, parseEnvelopeKey(key))})`.execute(db);
      return id;
    };
    const providers = await openProviders({ db, encryptionKey: key });
    for (const endpoint of [
      "http://s3.example.com",
      "https://127.0.0.1:9000",
      "https://2852039166",
      "https://minio",
    ])
      await expect(providers.get(await insert(endpoint))).rejects.toMatchObject({
        code: "no_provider",
        message: expect.stringContaining("STORAGE_ALLOW_INTERNAL_ENDPOINTS=true"),
      });
    const allowing = await openProviders({ db, encryptionKey: key, allowInternalEndpoints: true });
    expect(await allowing.get(await insert("http://10.0.0.1"))).toMatchObject({ isPublicOnly: false });
    expect(await providers.get(await insert("https://s3.example.com"))).toMatchObject({ isPublicOnly: true });
    // The environment is the operator's own word.
    const own = { ...spaces, endpoint: "http://127.0.0.1:9" };
    expect(await (await openProviders({ db, spaces: own })).findPrimary()).toMatchObject({
      isPublicOnly: false,
    });
  });

  it("refuses a name at the moment of connecting, when it leads to an internal address", async () => {
    const operations: StoreOperation[] = [];
    const s3 = connectS3({
      endpoint: "https://localhost:9",
      bucket: "audio",
      forcePathStyle: true,
      hasTwoHosts: false,
      region: "r",
      credentials: { accessKeyId: "AK", secretAccessKey: "SK" },
      completionLimitMs: 1,
      isPublicOnly: true,
      record: (operation) => operations.push(operation),
    });
    await expect(headBucket(s3)).rejects.toMatchObject({
      cause: { message: "HeadBucket: INTERNAL_ADDRESS" },
    });
    expect(operations).toMatchObject([{ errorCode: "INTERNAL_ADDRESS" }]);
    closeS3(s3);
  });

  it("uses a bucket whose secret the table has, sealed", async () => {
    const store = await openEmulator();
    await using on = await openTestStorage(store);
    const key = randomBytes(32).toString("base64");
    const { id } = await on.db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
    await on.db
      .updateTable("storage_providers")
      .set({
        access_key_id: store.accessKeyId,
        secret_access_key_encrypted: sealSecret(store.secretAccessKey, id, parseEnvelopeKey(key)),
      })
      .execute();
    const providers = await openProviders({ db: on.db, encryptionKey: key, allowInternalEndpoints: true });
    const storage = createStorage({ db: on.db, providers });
    await storage.checkReady();
    expect(await upload({ storage, me: on.me }, wavBytes(1000))).toMatchObject({ state: "stored" });
    await storage.close();
    await store.close();
  });

  it("answers no_provider, and checkReady the reason, while nothing is set up", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const storage = createStorage({ db, providers: await openProviders({ db }) });
    await expect(storage.checkReady()).rejects.toMatchObject({ code: "no_provider" });
    await expect(storage.config({ userId: randomUUID() })).rejects.toMatchObject({ code: "no_provider" });
    expect(await storage.sweep()).toMatchObject({ failures: [] });
    await storage.close();
  });

  it("tells operators which bucket it is and why, and users neither, in answers of their own and among others", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    await openProviders({ db, spaces });
    const told: unknown[] = [];
    // The servers were restarted without SPACES_….
    const storage = createStorage({
      db,
      providers: await openProviders({ db }),
      onError: (error) => told.push(error),
    });
    const userId = await seedUser(db);
    const why = { code: "no_provider", message: expect.stringContaining(spaces.bucket) };
    const error = await storage.config({ userId }).catch((reason: unknown) => reason);
    expect(error).toMatchObject(why);
    const file = {
      clientId: "a",
      name: "a.wav",
      size: 9,
      type: "audio/wav",
      contentType: "audio_file",
    } as const;
    const [result] = await storage.uploads.create({ userId }, [file]);
    const body = { code: "no_provider", message: "No storage is set up." };
    expect([error instanceof UploadError && error.toBody(), result]).toEqual([
      body,
      { clientId: "a", error: body },
    ]);
    expect(told).toMatchObject([why]);
    await storage.close();
  });

  it("does not tell a secret or a signature when the store cannot be reached", async () => {
    await using database = await createTestDatabase<Database>();
    const { db } = database;
    const unreachable = { ...spaces, endpoint: "http://127.0.0.1:9" };
    const storage = createStorage({ db, providers: await openProviders({ db, spaces: unreachable }) });
    const error: unknown = await storage.checkReady().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "storage_unavailable",
      cause: { message: "HeadBucket: ECONNREFUSED" },
    });
    await storage.close();
    const rows = await db.selectFrom("spaces_operations").selectAll().execute();
    expect(rows).toMatchObject([{ success: false, error_message: "ECONNREFUSED" }]);
    expect(JSON.stringify(rows)).not.toMatch(/very secret|signature/i);
  });
});
