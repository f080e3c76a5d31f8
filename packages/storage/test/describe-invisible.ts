import { randomUUID } from "node:crypto";
import { wavBytes } from "@audiotricks/testing/audio";
import { PutBucketVersioningCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  begin,
  openTestStorage,
  PART_SIZE,
  send,
  type TestStorage,
  type TestStore,
  upload,
} from "./test-storage.ts";

/** What is paid for and is no file, on any S3 server we say we support. */
export function describeInvisible(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
  { keepsVersions }: { keepsVersions: boolean },
): void {
  describe(`what nobody sees on ${server}`, { timeout: 60_000 }, () => {
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

    const put = (Key: string, Body: Uint8Array | string) =>
      on.bucket.client.send(new PutObjectCommand({ Bucket: on.bucket.name, Key, Body }));
    const invisible = async () => {
      const { rows } = await sql<{ kind: string; found: string }>`
        SELECT kind, bytes::text || ' ' || billed_bytes || ' ' || objects AS found FROM storage_invisible_bytes`.execute(
        on.db,
      );
      return Object.fromEntries(rows.map(({ kind, found }) => [kind, found]));
    };

    it("is parts of uploads that are not complete, until they are or are gone", async () => {
      await upload(on, wavBytes(1000));
      const open = await begin(on, { size: 2 * PART_SIZE + 1000 });
      await send(open, open.urls.slice(0, 2), wavBytes(2 * PART_SIZE + 1000));
      const [empty] = [await begin(on, { size: 3 * PART_SIZE })];
      const { measured, failures } = await on.storage.upkeep.measureInvisible();
      expect({ measured, failures }).toMatchObject({
        measured: expect.arrayContaining([
          expect.objectContaining({ kind: "incomplete_parts", bytes: 2 * PART_SIZE, objects: 2 }),
        ]),
        failures: [],
      });
      await send(open, open.urls.slice(2), wavBytes(2 * PART_SIZE + 1000));
      await on.storage.upkeep.measureInvisible();
      expect(await invisible()).toMatchObject({
        incomplete_parts: `${2 * PART_SIZE + 1000} ${2 * PART_SIZE + 4096} 3`,
      });
      await on.storage.uploads.complete(on.me, open.sessionId, {});
      await on.storage.uploads.cancel(on.me, empty.sessionId);
      await on.storage.upkeep.measureInvisible();
      expect(await invisible()).toMatchObject({ incomplete_parts: "0 0 0" });
      expect(on.errors).toEqual([]);
    });

    it("is objects that no row knows, as the reconciliation finds them", async () => {
      await upload(on, wavBytes(1000));
      await put(`audio/uploads/2026/11/${randomUUID()}.wav`, wavBytes(5000));
      await put(`temp/uploads/${randomUUID()}`, "x");
      await put("somebody/elses", "12345");
      await on.storage.upkeep.reconcile();
      expect(await invisible()).toEqual({ orphans: `5006 ${5000 + 2 * 4096} 3` });
      await on.storage.upkeep.reconcile();
      expect(await invisible()).toEqual({ orphans: `5006 ${5000 + 2 * 4096} 3` });
    });

    it("goes on where it was cut off, and tells of a bucket that does not answer", async () => {
      const open = await begin(on, { size: 2 * PART_SIZE + 1000 });
      await send(open, open.urls.slice(0, 1), wavBytes(2 * PART_SIZE + 1000));
      const [provider] = await on.db.selectFrom("storage_providers").select("id").execute();
      await sql`INSERT INTO storage_invisible_progress VALUES
        (${provider?.id}, 'incomplete_parts', 'a', '', 7000, 8192, 2)`.execute(on.db);
      on.proxy.intercept = (operation) => (operation.startsWith("GET") ? { refuseWith: 503 } : undefined);
      const { failures, measured } = await on.storage.upkeep.measureInvisible();
      expect({ failures, measured }).toMatchObject({
        failures: [{ id: provider?.id, code: "storage_unavailable" }],
        measured: [],
      });
      on.proxy.intercept = () => undefined;
      await on.storage.upkeep.measureInvisible();
      expect(await invisible()).toMatchObject({
        incomplete_parts: `${PART_SIZE + 7000} ${PART_SIZE + 8192} 3`,
      });
      expect(await on.db.selectFrom("storage_invisible_progress").selectAll().execute()).toEqual([]);
    });

    if (keepsVersions)
      it("is what was replaced or deleted in a bucket that keeps it", async () => {
        await on.bucket.client.send(
          new PutBucketVersioningCommand({
            Bucket: on.bucket.name,
            VersioningConfiguration: { Status: "Enabled" },
          }),
        );
        const file = await upload(on, wavBytes(9000));
        const replaced = (await on.storage.upkeep.measureInvisible()).measured;
        expect(replaced).toMatchObject([
          { kind: "incomplete_parts", bytes: 0 },
          { kind: "old_versions", bytes: 0 },
        ]);
        await put(file.key, wavBytes(100));
        await put(file.key, wavBytes(200));
        await on.storage.upkeep.measureInvisible();
        // The file's own bytes and the first of those that came after it.
        expect(await invisible()).toMatchObject({ old_versions: `9100 ${9000 + 4096} 2` });
      });
  });
}
