import { randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedWorkspace } from "@audiotricks/testing/seed";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BackedUp, openBackedUp } from "./open-backed-up.ts";
import { openEmulator } from "./open-emulator.ts";
import { PART_SIZE, upload } from "./test-storage.ts";

/** More than goes in one PUT. */
const TWO_PARTS = 2 * PART_SIZE + 3;

let store: Awaited<ReturnType<typeof openEmulator>>;
beforeAll(async () => {
  store = await openEmulator();
});
afterAll(() => store.close());

function lose({ on: { bucket } }: BackedUp, key: string) {
  return bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }));
}
const same = (one: Uint8Array, other: Uint8Array) => Buffer.from(one).equals(other);

it("brings back what is missing or differs, as its row says, and never touches what is right", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const storage = await site.open();
  const sizes = [900, 70_000, TWO_PARTS];
  const files = [];
  for (const [seed, size] of sizes.entries()) files.push(await upload(on, wavBytes(size, seed)));
  await storage.backups.run();
  const before = await on.db.selectFrom("file_storage").select(["id", "etag"]).orderBy("id").execute();
  const [small, middle, large] = files;
  if (small === undefined || middle === undefined || large === undefined) throw new Error("no files");
  await lose(site, large.key);
  await lose(site, middle.key);
  await on.bucket.client.send(
    new PutObjectCommand({ Bucket: on.bucket.name, Key: small.key, Body: "rubbish" }),
  );
  for (const [seed, file] of files.entries()) {
    expect(await storage.backups.restoreFile(file.id)).toMatchObject({ outcome: "restored" });
    expect(same(await on.bucket.read(file.key), wavBytes(sizes[seed] ?? 0, seed))).toBe(true);
  }
  // The rows' ETags are still those of their objects.
  expect(await on.db.selectFrom("file_storage").select(["id", "etag"]).orderBy("id").execute()).toEqual(
    before,
  );
  on.proxy.operations.length = 0;
  for (const file of files)
    expect(await storage.backups.restoreFile(file.id)).toMatchObject({ outcome: "right", bytes: 0 });
  expect(on.proxy.operations).toEqual(["HeadObject", "HeadObject", "HeadObject"]);
  expect((await on.storage.upkeep.reconcile()).findings).toEqual({});
});

it("brings back a workspace, says what it could not, and goes on when it is repeated", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const storage = await site.open();
  const workspaceId = await seedWorkspace(on.db, { members: { [on.me.userId]: "member" } });
  const files = [];
  for (let seed = 0; seed < 5; seed++)
    files.push(await upload(on, wavBytes(2_000 + seed, seed), { workspaceId }));
  const elsewhere = await upload(on, wavBytes(4_000, 99));
  await storage.backups.run();
  for (const { key } of [...files, elsewhere]) await lose(site, key);
  const [first] = files;
  if (first === undefined) throw new Error("no file");
  await site.copies.client.send(new DeleteObjectCommand({ Bucket: site.copies.name, Key: first.key }));
  const report = await storage.backups.restore({ workspaceId });
  expect(report).toMatchObject({ files: 5, right: 0, restored: 4, isInterrupted: false });
  expect(report.failures).toMatchObject([{ id: first.id, code: "copy_missing" }]);
  expect(await on.bucket.has(elsewhere.key)).toBe(false);
  expect(await storage.backups.restore({ workspaceId })).toMatchObject({ right: 4, restored: 0 });
  const { id: providerId } = await on.db
    .selectFrom("storage_providers")
    .select("id")
    .where("is_primary", "=", true)
    .executeTakeFirstOrThrow();
  expect(await storage.backups.restore({ providerId })).toMatchObject({ files: 6, right: 4, restored: 1 });
});

it("restores into another bucket, also a deleted file, and changes nothing else", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const storage = await site.open();
  const file = await upload(on, wavBytes(TWO_PARTS, 4));
  await storage.backups.run();
  await on.storage.files.delete(on.me, file.id);
  await on.storage.sweep();
  const intoBucket = `scratch-${randomUUID()}`;
  await on.bucket.client.send(new CreateBucketCommand({ Bucket: intoBucket }));
  await expect(storage.backups.restoreFile(file.id)).rejects.toMatchObject({ code: "file_deleted" });
  expect(await storage.backups.restoreFile(file.id, { intoBucket })).toMatchObject({
    outcome: "restored",
    bucket: intoBucket,
  });
  const { Body } = await on.bucket.client.send(new GetObjectCommand({ Bucket: intoBucket, Key: file.key }));
  expect(same((await Body?.transformToByteArray()) ?? new Uint8Array(), wavBytes(TWO_PARTS, 4))).toBe(true);
  expect(await on.bucket.has(file.key)).toBe(false);
  for (const bucket of [site.copies.name, on.bucket.name, "no/bucket"])
    await expect(storage.backups.restoreFile(file.id, { intoBucket: bucket })).rejects.toMatchObject({
      code: "invalid_request",
    });
  await expect(storage.backups.restoreFile(randomUUID())).rejects.toMatchObject({ code: "file_not_found" });
});

it("goes on with a restore that was killed, which no sweep takes for a leftover", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const file = await upload(on, wavBytes(3 * PART_SIZE, 5));
  const storage = await site.open({ settings: { backupPartLanes: 1 } });
  await storage.backups.run();
  await lose(site, file.key);
  const stop = new AbortController();
  let sent = 0;
  on.proxy.intercept = (operation) => {
    if (operation !== "UploadPart" || ++sent === 1) return undefined;
    stop.abort();
    return { drop: "before" };
  };
  await expect(storage.backups.restoreFile(file.id, { signal: stop.signal })).rejects.toThrow();
  on.proxy.intercept = () => undefined;
  const sweeper = await on.openAnother({ settings: { leftoverGraceMs: 0 } });
  await sweeper.sweep();
  const left = await on.bucket.client.send(new ListMultipartUploadsCommand({ Bucket: on.bucket.name }));
  expect(left.Uploads).toHaveLength(1);
  on.proxy.operations.length = 0;
  expect(await storage.backups.restoreFile(file.id)).toMatchObject({ outcome: "restored" });
  expect(on.proxy.operations.filter((operation) => operation === "UploadPart")).toHaveLength(2);
  expect(same(await on.bucket.read(file.key), wavBytes(3 * PART_SIZE, 5))).toBe(true);
});

it("brings nothing back of a file that is deleted meanwhile, whether it waits for its turn or has it", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const storage = await site.open({ settings: { backupLanes: 1 } });
  const files: Awaited<ReturnType<typeof upload>>[] = [];
  for (const seed of [1, 2]) files.push(await upload(on, wavBytes(TWO_PARTS, seed)));
  await storage.backups.run();
  for (const { key } of files) await lose(site, key);
  const deleteAll = async () => {
    for (const { id } of files) await on.storage.files.delete(on.me, id);
  };
  let isDeleting = false;
  on.proxy.intercept = (operation) => {
    if (operation !== "CompleteMultipartUpload" || isDeleting) return undefined;
    isDeleting = true;
    return { before: deleteAll() };
  };
  const { providerId } = await on.db
    .selectFrom("file_storage")
    .select("storage_provider_id as providerId")
    .executeTakeFirstOrThrow();
  const report = await storage.backups.restore({ providerId });
  expect(isDeleting).toBe(true);
  expect(report).toMatchObject({ restored: 0, bytes: 0 });
  expect(report.failures.map(({ code }) => code)).toEqual(["file_deleted", "file_deleted"]);
  expect(await on.bucket.keys()).toEqual([]);
  expect(await on.bucket.openUploads()).toEqual([]);
});

it("lets anyone read again what anyone could", async () => {
  await using site = await openBackedUp(store);
  const { on } = site;
  const file = await upload(on, wavBytes(3_000, 6));
  await on.storage.files.update(on.me, file.id, { accessLevel: "public" });
  const storage = await site.open();
  await storage.backups.run();
  await lose(site, file.key);
  await storage.backups.restoreFile(file.id);
  await on.storage.sweep();
  const answer = await fetch(`${store.endpoint}/${on.bucket.name}/${file.key}`);
  expect(answer.status).toBe(200);
  expect(same(new Uint8Array(await answer.arrayBuffer()), wavBytes(3_000, 6))).toBe(true);
});
