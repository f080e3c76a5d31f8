import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { CreateExportRequest, ExportRecord, FileRecord } from "@audiotricks/protocol/messages";
import { wavBytes } from "@audiotricks/testing/audio";
import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";
import {
  CompleteMultipartUploadCommand,
  DeleteObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Principal } from "../src/index.ts";
import {
  countUsage,
  gate,
  openTestStorage,
  type TestStorage,
  type TestStore,
  upload,
} from "./test-storage.ts";

const MiB = 1024 * 1024;
const request = (fileIds: readonly string[], more: object = {}) =>
  ({ kind: "files", fileIds: [...fileIds], expiresIn: 7 * 86_400, ...more }) as CreateExportRequest;
/** A WAV whose samples are noise, so that no two are alike. */
const sound = (size: number) => {
  const bytes = new Uint8Array(wavBytes(size));
  bytes.set(randomBytes(size - 44), 44);
  return bytes;
};

/** Archives from the bucket to the bucket. */
export function describeExports(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
  { database = "postgres" }: { database?: "postgres" | "pglite" } = {},
): void {
  describe(`exports on ${server}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    let directory: string;
    beforeAll(async () => {
      store = await open();
      on = await openTestStorage(store, { database, settings: { leaseMs: 1_000 } });
      directory = mkdtempSync(join(tmpdir(), "at-exports-"));
    });
    beforeEach(async () => {
      on.me = { userId: await seedUser(on.db) };
      on.proxy.intercept = () => undefined;
      on.proxy.operations.length = 0;
    });
    afterAll(async () => {
      rmSync(directory, { recursive: true });
      await on[Symbol.asyncDispose]();
      await store.close();
    });

    const create = (
      asked: CreateExportRequest,
      me: Principal = on.me,
      options?: { idempotencyKey: string },
    ) => on.storage.exports.create(me, asked, options);
    const get = ({ id }: ExportRecord) => on.storage.exports.get(on.me, id);
    async function make(asked: CreateExportRequest): Promise<ExportRecord> {
      const made = await create(asked);
      expect((await on.storage.exports.run()).failures).toEqual([]);
      return get(made);
    }
    async function fetchArchive(made: ExportRecord): Promise<Buffer> {
      const { url } = await on.storage.exports.download(on.me, made.id);
      const answer = await fetch(url);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/zip"]);
      return Buffer.from(await answer.arrayBuffer());
    }
    /** By name, the SHA-256 of what Python unpacks after testing all CRCs; short texts as they are. */
    function unpack(archive: Buffer): Record<string, string> {
      const path = join(directory, "a.zip");
      writeFileSync(path, archive);
      const program = `
import sys, json, zipfile, hashlib
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    print(json.dumps({i.filename: (z.read(i).decode() if i.filename == 'MISSING.txt' else hashlib.sha256(z.read(i)).hexdigest()) for i in z.infolist()}))`;
      const contents = JSON.parse(
        execFileSync("python3", ["-c", program, path], { encoding: "utf8" }),
      ) as Record<string, string>;
      execFileSync("unzip", ["-tqq", path]);
      return contents;
    }
    const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

    it("holds the files as they are, under names that are safe and of no two, and is a file itself", async () => {
      const contents = [sound(300), sound(5 * MiB + 1), sound(7 * MiB)];
      const names = ["Грай 🎵.wav", "take.wav", "TAKE.wav"];
      const files: FileRecord[] = [];
      for (const [n, bytes] of contents.entries())
        files.push(await upload(on, bytes, { name: names[n] ?? "" }));
      const queued = await create(
        request(
          files.map(({ id }) => id),
          { name: "album.zip" },
        ),
      );
      expect(queued).toMatchObject({
        state: "queued",
        name: "album.zip",
        files: { total: 3, done: 0, missing: 0 },
        expiresAt: null,
      });
      const used = contents.reduce((sum, { length }) => sum + length, 0);
      expect(await countUsage(on.db, on.me)).toMatchObject({
        usedBytes: used,
        reservedBytes: queued.bytes.total + 512,
      });
      await expect(on.storage.exports.download(on.me, queued.id)).rejects.toMatchObject({
        code: "file_not_ready",
        details: { state: "queued" },
      });

      const report = await on.storage.exports.run();
      expect(report).toEqual({
        done: [{ id: queued.id, files: 3, missing: 0, bytes: queued.bytes.total }],
        failures: [],
      });
      const made = await get(queued);
      expect(made).toMatchObject({ state: "done", files: { total: 3, done: 3, missing: 0 }, error: null });
      expect(made.bytes).toEqual({ total: queued.bytes.total, done: queued.bytes.total });
      expect(Date.parse(made.expiresAt ?? "") - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
      const archive = await fetchArchive(made);
      expect(archive.length).toBe(made.bytes.total);
      expect(unpack(archive)).toEqual(
        Object.fromEntries(
          ["Грай 🎵.wav", "take.wav", "TAKE (2).wav"].map((name, n) => [
            name,
            hashOf(contents[n] ?? new Uint8Array()),
          ]),
        ),
      );
      // Found and fetched as any other file.
      const file = await on.storage.files.get(on.me, made.fileId);
      expect(file).toMatchObject({
        state: "stored",
        size: archive.length,
        contentType: "export_file",
        type: "application/zip",
        accessLevel: "private",
      });
      expect(file.key).toMatch(/^exports\/bulk\/\d{4}\/\d\d\/[0-9a-f-]{36}\.zip$/);
      const { url } = await on.storage.files.download(on.me, made.fileId, { disposition: "attachment" });
      expect((await fetch(url)).headers.get("content-disposition")).toContain("album.zip");
      expect(await countUsage(on.db, on.me)).toMatchObject({
        usedBytes: used + archive.length,
        reservedBytes: 0,
        usedFiles: 4,
      });
      expect((await on.storage.exports.list(on.me, { limit: 10 })).exports).toEqual([made]);
    });

    /** The store puts together what it is told to, and its answer waits until `held` is opened. */
    const holdComplete = () => {
      const [under, held] = [gate(), gate()];
      on.proxy.intercept = (operation) => {
        if (operation !== "CompleteMultipartUpload") return undefined;
        under.open();
        return { after: held.opened };
      };
      return { under, held };
    };

    it("goes on where another worker was killed, and comes to the same bytes", async () => {
      const contents = [sound(6 * MiB), sound(200), sound(13 * MiB), sound(9 * MiB)];
      const ids: string[] = [];
      for (const bytes of contents) ids.push((await upload(on, bytes)).id);
      const whole = await fetchArchive(await make(request(ids)));

      const second = await create(request(ids, { name: "again.zip" }));
      let sent = 0;
      const stuck = gate();
      // From the third part on the first worker is as good as dead: nothing of it gets through or is written down.
      on.proxy.intercept = (operation) =>
        operation === "UploadPart" && ++sent >= 3 ? { drop: "before", before: stuck.opened } : undefined;
      const dying = new AbortController();
      const first = await on.openAnother({ settings: { leaseMs: 60_000 } });
      const dead = first.exports.run({ signal: dying.signal });
      // All that it will ever send: what the second sends is its own.
      await expect.poll(() => sent, { timeout: 20_000 }).toBe(Math.ceil(whole.length / (5 * MiB)));
      await expect.poll(async () => (await get(second)).bytes.done, { timeout: 20_000 }).toBe(10 * MiB);
      const before = (await get(second)).bytes.done;
      await sql`UPDATE storage_exports SET lease_expires_at = now() WHERE id = ${second.id}`.execute(on.db);
      on.proxy.intercept = () => undefined;
      on.proxy.operations.length = 0;
      expect((await on.storage.exports.run()).done).toMatchObject([{ id: second.id }]);
      // Only what the store did not have.
      expect(on.proxy.operations.filter((operation) => operation === "UploadPart").length).toBe(
        Math.ceil((whole.length - before) / (5 * MiB)),
      );
      dying.abort();
      stuck.open();
      expect(await dead).toEqual({ done: [], failures: [] });
      expect((await fetchArchive(await get(second))).equals(whole)).toBe(true);
      expect(await bucketUploads()).toEqual([]);
    });
    const bucketUploads = () => on.bucket.openUploads();

    it("leaves out what vanishes before its turn, or while it is read, and says so", async () => {
      const contents = [sound(6 * MiB), sound(400), sound(14 * MiB), sound(300), sound(9 * MiB)];
      const files: FileRecord[] = [];
      for (const [n, bytes] of contents.entries()) files.push(await upload(on, bytes, { name: `${n}.wav` }));
      const ids = files.map(({ id }) => id);
      const queued = await create(request(ids));
      await on.storage.files.delete(on.me, ids[1] ?? "");
      // The object goes while it is being sent: behind the row's back, and in the middle of it.
      let sent = 0;
      on.proxy.intercept = (operation) => {
        if (operation !== "UploadPart" || ++sent !== 2) return undefined;
        return {
          before: on.bucket.client.send(
            new DeleteObjectCommand({ Bucket: on.bucket.name, Key: files[2]?.key ?? "" }),
          ),
        };
      };
      const gone = await on.openAnother({ settings: { leaseMs: 60_000 } });
      await sql`UPDATE storage_providers SET preferred_part_size = ${5 * MiB}`.execute(on.db);
      const report = await gone.exports.run();
      expect(report.failures).toEqual([]);
      const made = await get(queued);
      const unpacked = unpack(await fetchArchive(made));
      const left = Object.keys(unpacked).filter((name) => name !== "MISSING.txt");
      for (const name of left)
        expect(unpacked[name]).toBe(hashOf(contents[Number.parseInt(name, 10)] ?? new Uint8Array()));
      expect(left).not.toContain("1.wav");
      expect(made.files).toEqual({ total: 5, done: left.length, missing: 5 - left.length });
      expect(unpacked["MISSING.txt"]?.split("\n").slice(1, -1)).toEqual(
        ["0", "1", "2", "3", "4"].map((n) => `${n}.wav`).filter((name) => !left.includes(name)),
      );
      expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 0 });
    });

    it("begins its upload anew where so much vanishes that parts were sent for nothing", async () => {
      const contents = [sound(300), sound(26 * MiB)];
      const files: FileRecord[] = [];
      for (const [n, bytes] of contents.entries()) files.push(await upload(on, bytes, { name: `${n}.wav` }));
      const queued = await create(request(files.map(({ id }) => id)));
      let read = 0;
      let begun = 0;
      const stored = gate();
      on.proxy.intercept = (operation) => {
        if (operation === "CreateMultipartUpload") begun++;
        // Once the store has two parts, of an archive that will come to one.
        return operation === "GetObject" && ++read > 5 && begun < 2
          ? { before: stored.opened, refuseWith: 404 }
          : undefined;
      };
      const running = on.storage.exports.run();
      await expect
        .poll(async () => (await get(queued)).bytes.done, { timeout: 20_000 })
        .toBeGreaterThan(5 * MiB);
      stored.open();
      expect((await running).failures).toEqual([]);
      const unpacked = unpack(await fetchArchive(await get(queued)));
      expect(Object.keys(unpacked)).toEqual(["0.wav", "MISSING.txt"]);
      expect(begun).toBe(2);
      expect(await bucketUploads()).toEqual([]);
    });

    it("leaves the upload to whoever took over, where one that begins it anew was asleep", async () => {
      const files = [await upload(on, sound(300)), await upload(on, sound(26 * MiB))];
      const queued = await create(request(files.map(({ id }) => id)));
      let read = 0;
      let begun = 0;
      const [stored, asleep, awake] = [gate(), gate(), gate()];
      on.proxy.intercept = (operation) => {
        if (operation === "CreateMultipartUpload" && ++begun === 2) {
          asleep.open();
          return { before: awake.opened };
        }
        return operation === "GetObject" && ++read > 5 && begun < 2
          ? { before: stored.opened, refuseWith: 404 }
          : undefined;
      };
      const running = on.storage.exports.run();
      await expect
        .poll(async () => (await get(queued)).bytes.done, { timeout: 20_000 })
        .toBeGreaterThan(5 * MiB);
      stored.open();
      await asleep.opened;
      const before = await uploadIdOf(queued);
      await sql`UPDATE storage_exports SET lease_token = gen_random_uuid(), lease_expires_at = now() + interval '1 hour'
        WHERE id = ${queued.id}`.execute(on.db);
      awake.open();
      await running;
      expect(await uploadIdOf(queued)).toBe(before);
      await expect.poll(bucketUploads).toHaveLength(1);
      await sql`UPDATE storage_exports SET lease_expires_at = now() WHERE id = ${queued.id}`.execute(on.db);
      await on.storage.exports.run();
      expect(Object.keys(unpack(await fetchArchive(await get(queued))))).toContain("MISSING.txt");
    });
    const uploadIdOf = async ({ fileId }: ExportRecord) =>
      (
        await on.db
          .selectFrom("multipart_uploads")
          .select("spaces_upload_id")
          .where("file_storage_id", "=", fileId)
          .executeTakeFirstOrThrow()
      ).spaces_upload_id;

    it("is not completed of whatever parts there are, where its worker was killed as it began to", async () => {
      const content = sound(7 * MiB);
      const { id: fileId } = await upload(on, content, { name: "a.wav" });
      const asked = await create(request([fileId]));
      on.proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { drop: "before" } : undefined;
      await on.storage.exports.run();
      on.proxy.intercept = () => undefined;
      await sql`UPDATE multipart_uploads SET complete_sent_at = NULL, lease_expires_at = now() - interval '1 second'
        WHERE file_storage_id = ${asked.fileId} AND status = 'completing'`.execute(on.db);
      // One of an earlier layout comes late.
      await on.bucket.client.send(
        new UploadPartCommand({
          Bucket: on.bucket.name,
          Key: await keyOf(asked),
          UploadId: (await uploadIdOf(asked)) ?? "",
          PartNumber: 1,
          Body: sound(5 * MiB),
        }),
      );
      await on.storage.sweep();
      expect(await get(asked)).toMatchObject({ state: "running" });
      await sql`UPDATE storage_exports SET due_at = now() WHERE id = ${asked.id}`.execute(on.db);
      await on.storage.exports.run();
      expect(unpack(await fetchArchive(await get(asked)))).toEqual({ "a.wav": hashOf(content) });
    });

    it("is there where a Complete that was given up is carried out after all", async () => {
      const { id: fileId } = await upload(on, sound(300));
      const asked = await create(request([fileId]));
      on.proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { drop: "before" } : undefined;
      await on.storage.exports.run();
      on.proxy.intercept = () => undefined;
      await sql`UPDATE multipart_uploads SET status = 'active', complete_sent_at = NULL, lease_token = NULL, lease_expires_at = NULL
        WHERE file_storage_id = ${asked.fileId} AND status = 'completing'`.execute(on.db);
      const late = {
        Bucket: on.bucket.name,
        Key: await keyOf(asked),
        UploadId: (await uploadIdOf(asked)) ?? "",
      };
      const { Parts = [] } = await on.bucket.client.send(new ListPartsCommand(late));
      const parts = Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
      await on.bucket.client.send(
        new CompleteMultipartUploadCommand({ ...late, MultipartUpload: { Parts: parts } }),
      );
      await sql`UPDATE storage_exports SET due_at = now() WHERE id = ${asked.id}`.execute(on.db);
      expect((await on.storage.exports.run()).done).toMatchObject([{ id: asked.id, missing: 0 }]);
      expect(await get(asked)).toMatchObject({ state: "done" });
    });
    const keyOf = async ({ fileId }: ExportRecord) =>
      (
        await on.db
          .selectFrom("file_storage")
          .select("storage_path")
          .where("id", "=", fileId)
          .executeTakeFirstOrThrow()
      ).storage_path;

    it("is not said to be done where its archive was gone before a worker came to say so", async () => {
      const { id: fileId } = await upload(on, sound(300));
      const asked = await create(request([fileId]));
      const { under, held } = holdComplete();
      const running = on.storage.exports.run();
      await under.opened;
      await sql`UPDATE storage_exports SET lease_token = gen_random_uuid(), lease_expires_at = now() + interval '1 hour'
        WHERE id = ${asked.id}`.execute(on.db);
      held.open();
      await running;
      await on.storage.sweep();
      await on.storage.files.delete(on.me, asked.fileId);
      await sql`UPDATE storage_exports SET lease_expires_at = now() WHERE id = ${asked.id}`.execute(on.db);
      expect((await on.storage.exports.run()).done).toEqual([]);
      expect(await get(asked)).toMatchObject({ state: "failed", error: { code: "upload_failed" } });
    });

    it("does not expire while it is made, however long that takes", async () => {
      const { id: fileId } = await upload(on, sound(300));
      const asked = await create(request([fileId], { expiresIn: 3_600 }));
      const [under, held] = [gate(), gate()];
      on.proxy.intercept = (operation) => {
        if (operation !== "UploadPart") return undefined;
        under.open();
        return { before: held.opened };
      };
      const running = on.storage.exports.run();
      await under.opened;
      await sql`UPDATE file_storage SET expires_at = now() + interval '1 minute' WHERE id = ${asked.fileId}`.execute(
        on.db,
      );
      const isProlonged = async () => {
        const { rows } = await sql<{ is: boolean }>`
          SELECT expires_at > now() + interval '1 hour' AS is FROM file_storage WHERE id = ${asked.fileId}`.execute(
          on.db,
        );
        return rows[0]?.is;
      };
      await expect.poll(isProlonged, { timeout: 10_000 }).toBe(true);
      held.open();
      expect((await running).failures).toEqual([]);
    });

    it("can be cancelled at any time, and leaves nothing", async () => {
      const { id: fileId, size } = await upload(on, sound(16 * MiB));
      const [early, late, done] = [
        await create(request([fileId])),
        await create(request([fileId])),
        await create(request([fileId])),
      ];
      expect(await on.storage.exports.cancel(on.me, early.id)).toMatchObject({ state: "cancelled" });
      let sent = 0;
      const under = gate();
      const held = gate();
      on.proxy.intercept = (operation) => {
        if (operation !== "UploadPart" || ++sent < 3) return undefined;
        under.open();
        return { before: held.opened };
      };
      const running = on.storage.exports.run();
      await under.opened;
      expect(await on.storage.exports.cancel(on.me, late.id)).toMatchObject({ state: "cancelled" });
      held.open();
      expect((await running).done.map(({ id }) => id)).toEqual([done.id]);
      expect(await on.storage.exports.cancel(on.me, done.id)).toMatchObject({ state: "done" });
      await expect(on.storage.exports.download(on.me, done.id)).rejects.toMatchObject({
        code: "file_not_ready",
      });
      for (const { id } of [early, late, done]) await on.storage.exports.cancel(on.me, id);
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: size, reservedBytes: 0 });
      expect((await on.bucket.keys("exports/bulk/")).length).toBe((await storedArchives()).length);
      expect(await bucketUploads()).toEqual([]);
      const { rows } =
        await sql`SELECT 1 FROM export_entries n JOIN storage_exports e ON e.id = n.export_id WHERE e.user_id = ${on.me.userId}`.execute(
          on.db,
        );
      expect(rows).toEqual([]);
    });
    it("leaves nothing either where it is cancelled while the store puts it together", async () => {
      const { id: fileId, size } = await upload(on, sound(300));
      const asked = await create(request([fileId]));
      const { under, held } = holdComplete();
      const running = on.storage.exports.run();
      await under.opened;
      expect(await on.storage.exports.cancel(on.me, asked.id)).toMatchObject({ state: "cancelled" });
      held.open();
      expect((await running).done).toEqual([]);
      await on.storage.sweep();
      const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
      await later.sweep();
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: size, reservedBytes: 0 });
      expect((await on.bucket.keys("exports/bulk/")).length).toBe((await storedArchives()).length);
      expect(await get(asked)).toMatchObject({ state: "cancelled" });
    });
    const storedArchives = () =>
      on.db
        .selectFrom("file_storage")
        .select("id")
        .where("content_category", "=", "bulk")
        .where("status", "=", "stored")
        .execute();

    it("finds the first when it is asked for twice, one after another or at once", async () => {
      const { id: fileId } = await upload(on, sound(300));
      const options = { idempotencyKey: "e1" };
      const [first, second] = await Promise.all([
        create(request([fileId]), on.me, options),
        create(request([fileId]), on.me, options),
      ]);
      expect(second).toEqual(first);
      expect(await create(request([fileId]), on.me, options)).toEqual(first);
      await expect(create(request([fileId], { name: "other.zip" }), on.me, options)).rejects.toMatchObject({
        code: "idempotency_conflict",
      });
      await on.storage.exports.run();
      expect((await on.storage.exports.list(on.me, { limit: 10 })).exports).toHaveLength(1);
    });

    it("is refused for what is not there, not the caller's, too much, or too many", async () => {
      const mine = await upload(on, sound(300));
      const stranger = { userId: await seedUser(on.db) };
      const theirs = await upload({ storage: on.storage, me: stranger }, sound(300));
      for (const ids of [[crypto.randomUUID()], [mine.id, theirs.id]])
        await expect(create(request(ids))).rejects.toMatchObject({ code: "file_not_found" });
      await expect(
        create({ kind: "filter", expiresIn: 3600 }, { userId: await seedUser(on.db) }),
      ).rejects.toMatchObject({ code: "invalid_request" });
      await expect(
        create({ kind: "filter", workspaceId: crypto.randomUUID(), expiresIn: 3600 }),
      ).rejects.toMatchObject({ code: "workspace_not_found" });
      await expect(
        create({ kind: "files", fileIds: [mine.id], expiresIn: 3600 }, { userId: crypto.randomUUID() }),
      ).rejects.toMatchObject({ code: "file_not_found" });
      const small = await on.openAnother({ settings: { exportMaxBytes: 700 } });
      await expect(small.exports.create(on.me, request([mine.id]))).rejects.toMatchObject({
        code: "invalid_request",
        details: { maxSize: 700 },
      });
      await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${on.me.userId}, 1000)`.execute(
        on.db,
      );
      await expect(create(request([mine.id]))).rejects.toMatchObject({
        code: "quota_exceeded",
        details: { limitBytes: 1000 },
      });
      await sql`UPDATE storage_quotas SET max_storage_bytes = NULL WHERE user_id = ${on.me.userId}`.execute(
        on.db,
      );
      const results = await Promise.allSettled(Array.from({ length: 6 }, () => create(request([mine.id]))));
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
      expect(results.find((result) => result.status === "rejected")?.reason).toMatchObject({
        code: "too_many_sessions",
      });
      for (const one of (await on.storage.exports.list(on.me, { limit: 10 })).exports) {
        await expect(on.storage.exports.get(stranger, one.id)).rejects.toMatchObject({
          code: "file_not_found",
        });
        await expect(on.storage.exports.cancel(stranger, one.id)).rejects.toMatchObject({
          code: "file_not_found",
        });
        await expect(on.storage.exports.download(stranger, one.id)).rejects.toMatchObject({
          code: "file_not_found",
        });
        await on.storage.exports.cancel(on.me, one.id);
      }
      expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 0 });
    });

    it("takes of a workspace what its asker may read, also when that is less by its turn", async () => {
      const owner = { userId: await seedUser(on.db) };
      const workspaceId = await seedWorkspace(on.db, {
        members: { [owner.userId]: "member", [on.me.userId]: "viewer" },
      });
      const theirs = { storage: on.storage, me: owner };
      const shared = await upload(theirs, sound(300), { workspaceId, name: "shared.wav" });
      const secret = await upload(theirs, sound(300), { workspaceId, name: "secret.wav" });
      await on.storage.files.update(owner, secret.id, { accessLevel: "private" });
      const closing = await upload(theirs, sound(300), { workspaceId, name: "closing.wav" });
      await expect(create(request([secret.id]))).rejects.toMatchObject({ code: "file_not_found" });
      const queued = await create({ kind: "filter", workspaceId, expiresIn: 3600 });
      await on.storage.files.update(owner, closing.id, { accessLevel: "private" });
      await on.storage.exports.run();
      expect(unpack(await fetchArchive(await get(queued)))).toEqual({
        "shared.wav": expect.any(String),
        "MISSING.txt": "Not in this archive, for they were gone or withheld:\nclosing.wav\n",
      });
      void shared;
    });

    it("has nothing of a file that its asker may not read any more when its turn comes, hours after the beginning", async () => {
      const owner = { userId: await seedUser(on.db) };
      const workspaceId = await seedWorkspace(on.db, {
        members: { [owner.userId]: "member", [on.me.userId]: "viewer" },
      });
      const theirs = { storage: on.storage, me: owner };
      // More than is read ahead.
      for (const name of ["a.wav", "b.wav", "c.wav"])
        await upload(theirs, sound(14 * MiB), { workspaceId, name });
      const closing = await upload(theirs, sound(300), { workspaceId, name: "closing.wav" });
      const queued = await create({ kind: "filter", workspaceId, expiresIn: 3600 });
      const under = gate();
      const held = gate();
      on.proxy.intercept = (operation) => {
        if (operation !== "GetObject") return undefined;
        under.open();
        return { before: held.opened };
      };
      const running = on.storage.exports.run();
      await under.opened;
      await on.storage.files.update(owner, closing.id, { accessLevel: "private" });
      // As long as until the lease is renewed.
      await delay(400);
      held.open();
      expect((await running).failures).toEqual([]);
      expect(Object.keys(unpack(await fetchArchive(await get(queued))))).toEqual([
        "a.wav",
        "b.wav",
        "c.wav",
        "MISSING.txt",
      ]);
    });

    it("waits while the store is away, and fails in a way that says why when its upload is lost", async () => {
      const { id: fileId } = await upload(on, sound(300));
      const queued = await create(request([fileId]));
      on.proxy.intercept = (operation) => (operation === "UploadPart" ? { refuseWith: 503 } : undefined);
      expect((await on.storage.exports.run()).failures).toMatchObject([
        { id: queued.id, code: "storage_unavailable" },
      ]);
      expect(await get(queued)).toMatchObject({ state: "running", error: null });
      expect((await on.storage.exports.run()).done).toEqual([]);
      on.proxy.intercept = () => undefined;
      const { rows } = await sql<{ key: string; uploadId: string }>`
        SELECT f.storage_path AS key, m.spaces_upload_id AS "uploadId" FROM file_storage f JOIN multipart_uploads m ON m.file_storage_id = f.id
        WHERE f.id = ${queued.fileId}`.execute(on.db);
      await on.bucket.abort(rows[0]?.key ?? "", rows[0]?.uploadId ?? "");
      await sql`UPDATE storage_exports SET due_at = now() WHERE id = ${queued.id}`.execute(on.db);
      expect((await on.storage.exports.run()).failures).toMatchObject([{ code: "upload_failed" }]);
      expect(await get(queued)).toMatchObject({ state: "failed", error: { code: "upload_failed" } });
      expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 0 });
    });

    it("is given up where whoever makes it is ended each time, but not for servers that were told to stop", async () => {
      const { id: fileId } = await upload(on, sound(300));
      const queued = await create(request([fileId]));
      const attempts = async () =>
        (
          await on.db
            .selectFrom("storage_exports")
            .select("attempts")
            .where("id", "=", queued.id)
            .executeTakeFirstOrThrow()
        ).attempts;
      const stuck = gate();
      on.proxy.intercept = (operation) =>
        operation === "UploadPart" ? { drop: "before", before: stuck.opened } : undefined;
      const ending = new AbortController();
      const stopped = on.storage.exports.run({ signal: ending.signal });
      await expect.poll(() => on.proxy.operations, { timeout: 20_000 }).toContain("UploadPart");
      expect(await attempts()).toBe(1);
      ending.abort();
      stuck.open();
      expect(await stopped).toEqual({ done: [], failures: [] });
      expect(await attempts()).toBe(0);
      // As after twelve that were killed while they held it.
      await sql`UPDATE storage_exports SET attempts = 12, lease_expires_at = now() WHERE id = ${queued.id}`.execute(
        on.db,
      );
      expect((await on.storage.exports.run()).failures).toMatchObject([{ id: queued.id, code: "internal" }]);
      expect(await get(queued)).toMatchObject({ state: "failed", error: { code: "internal" } });
      expect(await countUsage(on.db, on.me)).toMatchObject({ reservedBytes: 0 });
      expect(await bucketUploads()).toEqual([]);
    });

    it("ends with its user, or with its time", async () => {
      const { id: fileId } = await upload(on, sound(300));
      const expired = await create(request([fileId]));
      const later = await on.openAnother({
        now: () => new Date(Date.now() + 2 * 86_400_000),
        settings: { sweepRest: 0 },
      });
      await later.sweep();
      expect(await get(expired)).toMatchObject({ state: "failed", error: { code: "upload_failed" } });
      const orphan = await create(request([fileId]));
      await sql`DELETE FROM users WHERE id = ${on.me.userId}`.execute(on.db);
      expect((await on.storage.exports.run()).done).toEqual([]);
      const row = await on.db
        .selectFrom("storage_exports")
        .select("status")
        .where("id", "=", orphan.id)
        .executeTakeFirst();
      expect(row?.status).toBe("failed");
    });

    it("gives a person everything of theirs, whatever their quota, in a place of its own", async () => {
      const workspaceId = await seedWorkspace(on.db, { members: { [on.me.userId]: "member" } });
      const personal = sound(500);
      const inWorkspace = sound(600);
      await upload(on, personal, { name: "mine.wav" });
      const { id } = await upload(on, inWorkspace, { name: "ours.wav", workspaceId });
      await on.storage.shares.create(on.me, id, { expiresIn: 3600 });
      await sql`INSERT INTO storage_quotas (user_id, max_storage_bytes) VALUES (${on.me.userId}, 1200)`.execute(
        on.db,
      );
      const before = await countUsage(on.db, on.me);
      const queued = await create({ kind: "user-data", expiresIn: 86_400 });
      await expect(create({ kind: "user-data", expiresIn: 86_400 })).rejects.toMatchObject({
        code: "too_many_sessions",
      });
      await on.storage.exports.run();
      const made = await get(queued);
      const archive = await fetchArchive(made);
      expect(unpack(archive)).toMatchObject({
        "files/mine.wav": hashOf(personal),
        "files/ours.wav": hashOf(inWorkspace),
      });
      const read = (name: string) => {
        const text = execFileSync("unzip", ["-p", join(directory, "a.zip"), name], { encoding: "utf8" });
        return JSON.parse(text) as never;
      };
      const manifest: { userId: string; documents: { name: string; rows: number }[] } = read("manifest.json");
      expect(manifest).toMatchObject({ version: 1, userId: on.me.userId, filesInArchive: 2 });
      expect(manifest.documents.find(({ name }) => name === "files.json")?.rows).toBe(2);
      expect(read("shares.json")).toMatchObject([{ fileId: id }]);
      expect(read("workspaces.json")).toMatchObject([{ workspaceId, role: "member" }]);
      expect(archive.toString("latin1")).not.toContain("token");
      const { rows } = await sql<{
        key: string;
      }>`SELECT storage_path AS key FROM file_storage WHERE id = ${made.fileId}`.execute(on.db);
      expect(rows[0]?.key).toMatch(/^backups\/user-data\/[0-9a-f-]{36}\.zip$/);
      expect(await countUsage(on.db, on.me)).toEqual(before);
      // By nobody else, and by no other way.
      await expect(on.storage.files.get(on.me, made.fileId)).rejects.toMatchObject({
        code: "file_not_found",
      });
      await expect(
        on.storage.exports.download({ userId: await seedUser(on.db) }, made.id),
      ).rejects.toMatchObject({ code: "file_not_found" });
    });

    it("is nobody's file but a person's all the same: no finding, and it goes with them, made or not", async () => {
      await upload(on, sound(400));
      const made = await make({ kind: "user-data", expiresIn: 86_400 });
      const rowOf = ({ fileId }: ExportRecord) =>
        on.db
          .selectFrom("file_storage")
          .select(["storage_path as key", "status"])
          .where("id", "=", fileId)
          .executeTakeFirstOrThrow();
      const { key } = await rowOf(made);
      const found: string[] = [];
      await on.storage.upkeep.reconcile({
        onFinding: (finding) => {
          if ("file" in finding && finding.file.key === key) found.push(finding.kind);
        },
      });
      expect(found).toEqual([]);

      const waiting = await create({ kind: "user-data", expiresIn: 86_400 });
      await sql`DELETE FROM users WHERE id = ${on.me.userId}`.execute(on.db);
      expect((await on.storage.exports.run()).done).toEqual([]);
      expect([await rowOf(made), await rowOf(waiting)]).toMatchObject([
        { status: "deleting" },
        { status: "failed" },
      ]);
      const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
      await later.sweep();
      expect(await rowOf(made)).toMatchObject({ status: "deleted" });
      expect(await on.bucket.has(key)).toBe(false);
    });

    it.each(["files", "user-data"] as const)(
      "goes with its user where the store puts it together meanwhile: %s",
      async (kind) => {
        const { id: fileId } = await upload(on, sound(300));
        const asked = await create(kind === "files" ? request([fileId]) : { kind, expiresIn: 86_400 });
        const { under, held } = holdComplete();
        const running = on.storage.exports.run();
        await under.opened;
        await sql`DELETE FROM users WHERE id = ${on.me.userId}`.execute(on.db);
        held.open();
        await running;
        await on.storage.sweep();
        const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
        await later.sweep();
        const { key, status } = await on.db
          .selectFrom("file_storage")
          .select(["storage_path as key", "status"])
          .where("id", "=", asked.fileId)
          .executeTakeFirstOrThrow();
        expect(status).toBe("deleted");
        expect(await on.bucket.has(key)).toBe(false);
      },
    );

    it("leaves nothing either where it is given up while the store may be putting it together", async () => {
      const { id: fileId, size } = await upload(on, sound(300));
      const asked = await create(request([fileId]));
      on.proxy.intercept = (operation) =>
        operation === "CompleteMultipartUpload" ? { drop: "before" } : undefined;
      await on.storage.exports.run();
      await sql`UPDATE storage_exports SET attempts = 11, due_at = now() WHERE id = ${asked.id}`.execute(
        on.db,
      );
      await on.storage.exports.run();
      on.proxy.intercept = () => undefined;
      expect(await get(asked)).toMatchObject({ state: "failed" });
      const { key, uploadId } = await on.db
        .selectFrom("multipart_uploads as u")
        .innerJoin("file_storage as f", "f.id", "u.file_storage_id")
        .select(["f.storage_path as key", "u.spaces_upload_id as uploadId"])
        .where("f.id", "=", asked.fileId)
        .executeTakeFirstOrThrow();
      // What was on its way arrives.
      const late = { Bucket: on.bucket.name, Key: key, UploadId: uploadId ?? "" };
      const { Parts = [] } = await on.bucket.client.send(new ListPartsCommand(late));
      const parts = Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
      await on.bucket.client.send(
        new CompleteMultipartUploadCommand({ ...late, MultipartUpload: { Parts: parts } }),
      );
      for (const minutes of [2, 4]) {
        const later = await on.openAnother({ now: () => new Date(Date.now() + minutes * 60_000) });
        await later.sweep();
      }
      expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: size, reservedBytes: 0 });
      expect(await on.bucket.has(key)).toBe(false);
    });
  });
}
