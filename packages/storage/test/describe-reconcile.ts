import { randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { CreateMultipartUploadCommand, DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../src/index.ts";
import {
  begin,
  openTestStorage,
  PART_SIZE,
  send,
  type TestStorage,
  type TestStore,
  upload,
} from "./test-storage.ts";

const MONTH = "audio/uploads/2026/11";
const DAY = 86_400_000;
const THREE_PARTS = 2 * PART_SIZE + 1000;

/** What a reconciliation finds and does, on any S3 server we say we support. */
export function describeReconcile(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`reconciliation on ${server}`, { timeout: 60_000 }, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      on = await openTestStorage(store);
    });
    afterEach(() => on[Symbol.asyncDispose]());

    const put = (Key: string, Body = "x") =>
      on.bucket.client.send(new PutObjectCommand({ Bucket: on.bucket.name, Key, Body }));
    const remove = (Key: string) =>
      on.bucket.client.send(new DeleteObjectCommand({ Bucket: on.bucket.name, Key }));
    /** As somebody with all rights could, around every rule of ours. */
    const editByHand = (...statements: ReturnType<typeof sql>[]) =>
      on.db.transaction().execute(async (trx) => {
        await sql`SET LOCAL session_replication_role = 'replica'`.execute(trx);
        for (const statement of statements) await statement.execute(trx);
      });
    const reconcile = async () => {
      const found: Finding[] = [];
      const report = await on.storage.upkeep.reconcile({ onFinding: (finding) => void found.push(finding) });
      return { report, found: found.map((finding) => `${finding.kind} ${keyOf(finding)}`) };
    };
    /** Rows that were edited around the triggers are not what was counted; each time it is counted anew, that is told once. */
    const miscounted = () => `counter_differs user ${on.me.userId}`;
    const cancel = async (size: number) => {
      const session = await begin(on, { size });
      await on.storage.uploads.cancel(on.me, session.sessionId);
      return session;
    };

    it("finds nothing where all is well, whatever is under way", async () => {
      await upload(on, wavBytes(1000));
      await upload(on, wavBytes(2 * PART_SIZE + 1));
      const open = await begin(on, { size: 3 * PART_SIZE });
      await send(open, open.urls.slice(0, 1), wavBytes(3 * PART_SIZE));
      const arrived = await begin(on, { size: 700 });
      await send(arrived, arrived.urls, wavBytes(700));
      await cancel(900);
      await on.storage.files.delete(on.me, (await upload(on, wavBytes(800))).id);
      expect(await reconcile()).toEqual({
        report: { providers: 1, objects: 3, rows: 6, findings: {} },
        found: [],
      });
    });

    it("names whatever is in the bucket without a row, and leaves it there", async () => {
      const stored = await upload(on, wavBytes(1000));
      const unknown = `${MONTH}/${randomUUID()}.wav`;
      const temporary = `temp/uploads/${randomUUID()}`;
      const foreign = ["!first", "Größe 5+5 %2B/🎵\u0001.txt", "zz/last", `${MONTH}/mine.wav`, "temp/notes"];
      for (const key of [unknown, temporary, ...foreign]) await put(key);
      const uploads = [`${MONTH}/${randomUUID()}.wav`, "somebody/elses"];
      for (const Key of uploads)
        await on.bucket.client.send(new CreateMultipartUploadCommand({ Bucket: on.bucket.name, Key }));
      const { report, found } = await reconcile();
      expect(found.toSorted()).toEqual(
        [
          `unknown_object ${unknown}`,
          `unknown_temporary ${temporary}`,
          ...foreign.map((key) => `foreign_object ${key}`),
          `unknown_upload ${uploads[0]}`,
          `foreign_upload ${uploads[1]}`,
        ].toSorted(),
      );
      expect(report).toMatchObject({ objects: 8, rows: 1, findings: { foreign_object: 5 } });
      expect((await reconcile()).found).toEqual(found);
      expect(await on.bucket.has(stored.key)).toBe(true);
    });

    it("names a promised file whose object was deleted or replaced by hand, and keeps saying so until it is mended", async () => {
      const [gone, changed] = [await upload(on, wavBytes(1000)), await upload(on, wavBytes(2000))];
      await remove(gone.key);
      await put(changed.key, "other bytes");
      const expected = [`object_missing ${gone.key}`, `object_differs ${changed.key}`];
      expect((await reconcile()).found.toSorted()).toEqual(expected.toSorted());
      expect((await reconcile()).found).toHaveLength(2);
      const kept = await on.db
        .selectFrom("reconcile_findings")
        .select(["kind", "file_storage_id"])
        .orderBy("kind")
        .execute();
      expect(kept).toEqual([
        { kind: "object_differs", file_storage_id: changed.id },
        { kind: "object_missing", file_storage_id: gone.id },
      ]);
      // Nothing was mended behind anyone's back.
      for (const { id } of [gone, changed])
        expect(await on.storage.files.get(on.me, id)).toMatchObject({ state: "stored" });
      expect(await on.bucket.has(changed.key)).toBe(true);

      await on.bucket.client.send(
        new PutObjectCommand({ Bucket: on.bucket.name, Key: gone.key, Body: wavBytes(1000) }),
      );
      await on.storage.files.delete(on.me, changed.id);
      expect((await reconcile()).found).toEqual([]);
      expect(await on.db.selectFrom("reconcile_findings").select("kind").execute()).toEqual([]);
    });

    it("names rows edited by hand: other bytes, or an upload that nothing can end", async () => {
      const file = await upload(on, wavBytes(1000));
      const session = await begin(on, { size: 900 });
      await editByHand(
        sql`UPDATE file_storage SET file_size = 1001 WHERE id = ${file.id}`,
        sql`UPDATE multipart_uploads SET status = 'aborted' WHERE id = ${session.sessionId}`,
      );
      expect((await reconcile()).found.toSorted()).toEqual(
        [miscounted(), `object_differs ${file.key}`, `upload_without_session ${session.key}`].toSorted(),
      );
      expect(await on.bucket.has(file.key)).toBe(true);
    });

    it("deletes what came after its row had ended, or was to be deleted", async () => {
      const [failed, deleted] = [await cancel(1000), await upload(on, wavBytes(1000))];
      await on.storage.files.delete(on.me, deleted.id);
      await editByHand(
        sql`UPDATE file_storage SET updated_at = now() - interval '10 minutes' WHERE id = ${failed.fileId}`,
      );
      for (const { key } of [failed, deleted]) await put(key);
      expect((await reconcile()).found.toSorted()).toEqual(
        [`ended_object ${failed.key}`, `ended_object ${deleted.key}`].toSorted(),
      );
      expect(await on.bucket.keys()).toEqual([]);
      expect((await reconcile()).found).toEqual([]);
    });

    it("with a database restored from yesterday, loses nothing that was acknowledged since, and names it", async () => {
      const since: string[] = [];
      // Under way when the backup was made, by both methods.
      const underWay = [];
      for (const size of [1000, 2 * PART_SIZE + 1]) {
        const session = await begin(on, { size });
        await send(session, session.urls, wavBytes(size));
        await on.storage.uploads.complete(on.me, session.sessionId, {});
        underWay.push(session);
        since.push(session.key);
      }
      const later = await upload(on, wavBytes(3000));
      since.push(later.key);
      const deletedSince = await upload(on, wavBytes(4000));
      await remove(deletedSince.key);
      const [put = "", multipart = ""] = underWay.map(({ sessionId }) => sessionId);
      await editByHand(
        sql`UPDATE multipart_uploads SET status = 'active', completed_at = NULL, complete_sent_at = NULL, put_etag = NULL,
          expires_at = now() - interval '1 hour' WHERE id IN (${put}, ${multipart})`,
        sql`UPDATE file_storage SET status = 'uploading', stored_at = NULL, etag = NULL
          WHERE upload_session_id IN (${put}, ${multipart})`,
        sql`DELETE FROM multipart_uploads WHERE file_storage_id = ${later.id}`,
        sql`DELETE FROM file_storage WHERE id = ${later.id}`,
      );
      await sql`SELECT update_storage_usage(force_recalculate => true)`.execute(on.db);

      const eager = { settings: { leftoverGraceMs: 0, unknownGraceMs: 0 } };
      await (await on.openAnother(eager)).sweep();
      await (await on.openAnother({ ...eager, now: () => new Date(Date.now() + 10 * DAY) })).sweep();
      const { found } = await reconcile();
      expect(found.toSorted()).toEqual(
        [
          miscounted(),
          ...underWay.map(({ key }) => `failed_with_object ${key}`),
          `unknown_object ${later.key}`,
          `object_missing ${deletedSince.key}`,
        ].toSorted(),
      );
      expect((await on.bucket.keys()).toSorted()).toEqual(since.toSorted());
    });

    it.each([1000, THREE_PARTS])(
      "with a database from between a refused Complete of %d bytes and the next, stores again what was acknowledged",
      async (size) => {
        const bytes = wavBytes(size);
        const session = await begin(on, { size });
        await send(session, session.urls, bytes);
        on.proxy.intercept = (operation) =>
          operation === "CompleteMultipartUpload" || operation === "PutObject"
            ? { refuseWith: 503 }
            : undefined;
        // Of a single PUT the answer is that it is being completed.
        const answer = await on.storage.uploads
          .complete(on.me, session.sessionId, {})
          .catch((error: unknown) => error);
        expect(answer).not.toMatchObject({ state: "completed" });
        on.proxy.intercept = () => undefined;
        const rows = async () => ({
          session: await on.db
            .selectFrom("multipart_uploads")
            .selectAll()
            .where("id", "=", session.sessionId)
            .executeTakeFirstOrThrow(),
          file: await on.db
            .selectFrom("file_storage")
            .selectAll()
            .where("id", "=", session.fileId)
            .executeTakeFirstOrThrow(),
        });
        const backup = await rows();
        await on.storage.uploads.complete(on.me, session.sessionId, {});

        const { session: s, file: f } = backup;
        await editByHand(
          sql`UPDATE multipart_uploads SET status = ${s.status}, completed_at = NULL, lease_token = ${s.lease_token},
            lease_expires_at = ${s.lease_expires_at}, complete_sent_at = ${s.complete_sent_at}, put_etag = ${s.put_etag},
            complete_asked = ${s.complete_asked} WHERE id = ${s.id}`,
          sql`UPDATE file_storage SET status = ${f.status}, stored_at = NULL, etag = ${f.etag} WHERE id = ${f.id}`,
        );
        await sql`SELECT update_storage_usage(force_recalculate => true)`.execute(on.db);
        const later = await on.openAnother({
          settings: { leftoverGraceMs: 0, unknownGraceMs: 0 },
          now: () => new Date(Date.now() + 10 * DAY),
        });
        await later.sweep();
        await later.sweep();
        expect(await on.storage.files.get(on.me, f.id)).toMatchObject({ state: "stored", size });
        expect(Buffer.from(await on.bucket.read(session.key)).equals(bytes)).toBe(true);
        expect((await reconcile()).found).toEqual([miscounted()]);
        expect((await reconcile()).found).toEqual([]);
      },
    );

    it("deletes an unknown object once a person has confirmed it, if it still is what they saw", async () => {
      const keys = Array.from({ length: 5 }, () => `${MONTH}/${randomUUID()}.wav`);
      const [deleted = "", changed = "", gone = "", known = "", foreign = "mine"] = keys;
      for (const key of [...keys, "mine"]) await put(key);
      const listed: (Finding & { kind: "unknown_object" | "foreign_object" })[] = [];
      await on.storage.upkeep.reconcile({
        onFinding: (finding) => {
          if (finding.kind === "unknown_object" || finding.kind === "foreign_object") listed.push(finding);
        },
      });
      expect(listed).toHaveLength(6);
      const file = await upload(on, wavBytes(1000));
      await editByHand(sql`UPDATE file_storage SET storage_path = ${known} WHERE id = ${file.id}`);
      await put(changed, "other");
      await remove(gone);
      const outcomes = new Map<string, string>();
      for (const finding of listed)
        outcomes.set(finding.object.key, await on.storage.upkeep.deleteUnknownObject(finding));
      expect(Object.fromEntries(outcomes)).toEqual({
        [deleted]: "deleted",
        [foreign]: "deleted",
        [changed]: "changed",
        [gone]: "gone",
        [known]: "known",
        mine: "foreign",
      });
      expect((await on.bucket.keys()).toSorted()).toEqual([changed, file.key, known, "mine"].toSorted());
    });

    it("names a promised file that was made nobody's by hand", async () => {
      const [nobodys, fine] = [await upload(on, wavBytes(1000)), await upload(on, wavBytes(2000))];
      await editByHand(
        sql`UPDATE file_storage SET user_id = NULL, former_user_id = NULL WHERE id = ${nobodys.id}`,
      );
      expect((await reconcile()).found).toEqual([miscounted(), `file_without_owner ${nobodys.key}`]);
      expect((await reconcile()).found).toEqual([`file_without_owner ${nobodys.key}`]);
      for (const { key } of [nobodys, fine]) expect(await on.bucket.has(key)).toBe(true);
    });

    it("looks through a bucket that takes no uploads any more, as long as files are in it", async () => {
      const [gone, kept] = [await upload(on, wavBytes(1000)), await upload(on, wavBytes(2000))];
      await sql`UPDATE storage_providers SET is_primary = false, is_active = false`.execute(on.db);
      await remove(gone.key);
      const { report, found } = await reconcile();
      expect(found).toEqual([`object_missing ${gone.key}`]);
      expect(report).toMatchObject({ providers: 1, objects: 1, rows: 2 });
      expect(await on.bucket.has(kept.key)).toBe(true);
    });

    it("tells of a bucket that it has no key to, though it is disabled", async () => {
      await upload(on, wavBytes(1000));
      await sql`UPDATE storage_providers SET is_primary = false, is_active = false,
        secret_access_key_encrypted = ${`enc:v1:00000000:${"A".repeat(60)}`}`.execute(on.db);
      const found: Finding[] = [];
      // A server that has not opened it yet.
      const another = await on.openAnother();
      const report = await another.upkeep.reconcile({ onFinding: (finding) => void found.push(finding) });
      expect(found).toMatchObject([{ kind: "provider_failed", code: "no_provider" }]);
      expect(report).toMatchObject({ providers: 0, findings: { provider_failed: 1 } });
    });

    it("tells of a bucket that it cannot look through, and of the rest", async () => {
      await upload(on, wavBytes(1000));
      on.proxy.intercept = (operation) => (operation === "GET bucket" ? { refuseWith: 403 } : undefined);
      const { report, found } = await reconcile();
      expect(found).toEqual(["provider_failed "]);
      expect(report).toMatchObject({ providers: 0, findings: { provider_failed: 1 } });
    });
  });
}

function keyOf(finding: Finding): string {
  if (finding.kind === "counter_differs") return `${finding.scope} ${finding.scopeId}`;
  if ("file" in finding) return finding.file.key;
  if ("object" in finding) return finding.object.key;
  return "key" in finding ? finding.key : "";
}
