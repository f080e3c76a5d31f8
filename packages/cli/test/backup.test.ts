import { randomUUID } from "node:crypto";
import { createStorage, type Database, openProviders, prepareBucket } from "@audiotricks/storage";
import { wavBytes } from "@audiotricks/testing/audio";
import { createTestDatabase } from "@audiotricks/testing/database";
import { seedUser } from "@audiotricks/testing/seed";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openS3 } from "./bucket-contents.ts";
import { ACTOR, ENCRYPTION_KEY, runCommand, runJson } from "./run-command.ts";
import { openEmulator, type TestStore } from "./stores.ts";

let store: TestStore;
beforeAll(async () => {
  store = await openEmulator();
});
afterAll(() => store[Symbol.asyncDispose]());

/** A database and a bucket whose key is in the environment, with a file in it. */
async function openSite() {
  const database = await createTestDatabase<Database>();
  const { db } = database;
  const spaces = { ...store, bucket: `cli-${randomUUID()}` };
  await prepareBucket(spaces, { allowedOrigins: ["https://app.example.com"] });
  const storage = createStorage({ db, providers: await openProviders({ db, spaces }) });
  const principal = { userId: await seedUser(db) };
  const bytes = wavBytes(5_000);
  const [begun] = await storage.uploads.create(principal, [
    { clientId: "one", name: "take.wav", size: bytes.length, type: "audio/wav", contentType: "audio_file" },
  ]);
  if (begun === undefined || "error" in begun) throw new Error("not begun");
  const [url] = begun.session.urls;
  await fetch(url?.url ?? "", { method: "PUT", body: bytes });
  await storage.uploads.complete(principal, begun.session.sessionId, {});
  await storage.close();
  const env = {
    DATABASE_URL: database.url,
    STORAGE_ENCRYPTION_KEY: ENCRYPTION_KEY,
    STORAGE_ALLOW_INTERNAL_ENDPOINTS: "true",
    SPACES_ENDPOINT: store.endpoint,
    SPACES_REGION: store.region,
    SPACES_BUCKET: spaces.bucket,
    SPACES_KEY: store.accessKeyId,
    SPACES_SECRET: store.secretAccessKey,
  };
  const { id: primaryId } = await db.selectFrom("storage_providers").select("id").executeTakeFirstOrThrow();
  const { fileId, key } = begun.session;
  const addBackup = (bucket: string, words: string[], of = primaryId) => {
    const place = { endpoint: store.endpoint, region: store.region, bucket };
    const given = { ...place, "access-key-id": store.accessKeyId, "backup-of": of };
    const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
    return runCommand(["provider", "add", ...args, "--create", ...words, "--json"], {
      env,
      stdin: store.secretAccessKey,
    });
  };
  return {
    db,
    env,
    primaryId,
    file: { id: fileId, key, bucket: spaces.bucket, size: bytes.length },
    addBackup,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

it("makes a backup, says how far it is, copies, and brings a file back; each is written down", async () => {
  await using site = await openSite();
  const { env, file, db } = site;
  const status = () => runCommand(["backup", "status", "--json"], { env });
  const without = await status();
  expect(without.exitCode).toBe(2);
  expect(JSON.parse(without.stdout)).toMatchObject({ withoutBackup: [site.primaryId], recoveryPoint: null });
  const bucket = `copies-${randomUUID()}`;
  const added = await site.addBackup(bucket, ["--backup-versions"]);
  expect(added.stderr).toBe("");
  const { id: backupId, steps } = JSON.parse(added.stdout);
  expect(steps).toContainEqual({ part: "versioning", name: bucket, outcome: "made" });
  const { providers } = await runJson<{ providers: object[] }>(["provider", "list"], { env });
  expect(providers).toContainEqual(
    expect.objectContaining({ id: backupId, purpose: "backup", isPrimary: false }),
  );
  const run = await runJson(["backup", "run"], { env });
  expect(run).toMatchObject({ queued: 1, copied: 1, bytes: file.size, failures: [] });
  expect(await runJson(["backup", "status"], { env })).toMatchObject({
    backups: [{ providerId: site.primaryId, backupId, copied: 1, failed: 0, pending: 0 }],
    withoutBackup: [],
  });
  expect(await runJson(["backup", "compare"], { env })).toMatchObject({ objects: 1, rows: 1, lost: 0 });
  const s3 = openS3(store);
  await s3.send(new DeleteObjectCommand({ Bucket: file.bucket, Key: file.key }));
  s3.destroy();
  const restore = () => runJson(["restore", "file", file.id], { env });
  expect(await restore()).toMatchObject({ outcome: "restored", bytes: file.size, bucket: file.bucket });
  expect(await restore()).toMatchObject({ outcome: "right", bytes: 0 });
  expect(await runJson(["restore", "provider", site.primaryId], { env })).toMatchObject({
    files: 1,
    right: 1,
  });
  const audit = await db
    .selectFrom("storage_audit")
    .selectAll()
    .where("action", "=", "restoreFile")
    .execute();
  expect(audit.map(({ outcome }) => outcome).toSorted((a, b) => a.localeCompare(b))).toEqual([
    "begun",
    "begun",
    "done",
    "done",
  ]);
  for (const entry of audit) expect(entry).toMatchObject({ resource_id: file.id, actor: `cli:${ACTOR}` });
});

it("refuses what is no backup, and no restore is lost without a word", async () => {
  await using site = await openSite();
  const { env, file } = site;
  const bucket = `copies-${randomUUID()}`;
  const codeOf = ({ stderr }: { stderr: string }) => JSON.parse(stderr).error.code;
  expect(codeOf(await site.addBackup(bucket, ["--primary"]))).toBe("usage");
  expect(codeOf(await site.addBackup(bucket, ["--backup-bucket", "other"]))).toBe("usage");
  expect(codeOf(await site.addBackup(bucket, [], randomUUID()))).toBe("provider_not_found");
  const { id } = JSON.parse((await site.addBackup(bucket, [])).stdout);
  // Copies of copies.
  expect(codeOf(await site.addBackup(`more-${randomUUID()}`, [], id))).toBe("invalid_request");
  const s3 = openS3(store);
  await s3.send(new DeleteObjectCommand({ Bucket: file.bucket, Key: file.key }));
  s3.destroy();
  const refused = await runCommand(["restore", "file", file.id, "--json"], { env });
  expect(refused.exitCode).toBe(1);
  expect(codeOf(refused)).toBe("copy_not_found");
  const told = await runCommand(["backup", "run", "--json"], { env });
  expect(told.exitCode).toBe(2);
  expect(JSON.parse(told.stdout).failures).toMatchObject([{ id: file.id, code: "source_missing" }]);
  const spacesIsBackup = await runCommand(["restore", "provider", id, "--json"], { env });
  expect(JSON.parse(spacesIsBackup.stdout)).toMatchObject({ files: 0 });
});
