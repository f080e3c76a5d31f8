import { wavBytes } from "@audiotricks/testing/audio";
import { ListObjectVersionsCommand, PutBucketVersioningCommand, PutObjectCommand } from "@aws-sdk/client-s3";
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

/** What a bucket that keeps versions has left after a delete; for servers that do. */
export function describeVersions(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`versions on ${server}`, { timeout: 60_000 }, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let on: TestStorage;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      on = await openTestStorage(store);
      await on.bucket.client.send(
        new PutBucketVersioningCommand({
          Bucket: on.bucket.name,
          VersioningConfiguration: { Status: "Enabled" },
        }),
      );
    });
    afterEach(() => on[Symbol.asyncDispose]());

    const versions = async (prefix = ""): Promise<string[]> => {
      const { Versions = [], DeleteMarkers = [] } = await on.bucket.client.send(
        new ListObjectVersionsCommand({ Bucket: on.bucket.name, Prefix: prefix }),
      );
      return [...Versions, ...DeleteMarkers].map(({ Key = "" }) => Key);
    };
    const overwrite = (Key: string) =>
      on.bucket.client.send(new PutObjectCommand({ Bucket: on.bucket.name, Key, Body: "another version" }));

    it("all go with a deleted file, and those of other files stay", async () => {
      const [first, second, kept] = [
        await upload(on, wavBytes(2 * PART_SIZE)),
        await upload(on, wavBytes(700)),
        await upload(on, wavBytes(800)),
      ];
      for (const { key } of [first, first, second]) await overwrite(key);
      for (const { id } of [first, second]) {
        expect(await on.storage.files.delete(on.me, id)).toMatchObject({ state: "deleted" });
      }
      expect(await versions()).toEqual([kept.key]);
      expect(on.errors).toEqual([]);
    });

    it("all go although the first delete left nothing but its marker", async () => {
      const file = await upload(on, wavBytes(700));
      await overwrite(file.key);
      on.proxy.intercept = (operation) => (operation === "POST bucket" ? { refuseWith: 503 } : undefined);
      expect(await on.storage.files.delete(on.me, file.id)).toMatchObject({ state: "deleting" });
      expect((await versions()).length).toBeGreaterThanOrEqual(3);
      on.proxy.intercept = () => undefined;
      const later = await on.openAnother({ now: () => new Date(Date.now() + 60_000) });
      expect(await later.sweep()).toMatchObject({ filesDeleted: 1, failures: [] });
      expect(await versions()).toEqual([]);
    });

    it("are not left under temp/ by uploads, cancelled or complete, alone or many at once", async () => {
      const sessions = await Promise.all([1, 2, 3, 4].map((n) => begin(on, { size: 1000 + n })));
      for (const session of sessions) {
        await send(session, session.urls, wavBytes(session.size));
        await send(session, session.urls, wavBytes(session.size));
      }
      const [cancelled, ...others] = sessions.map(({ sessionId }) => ({ sessionId }));
      await on.storage.uploads.cancel(on.me, cancelled?.sessionId ?? "");
      await on.storage.uploads.completeMany(on.me, others);
      expect(await versions("temp/")).toEqual([]);
      expect(await versions()).toHaveLength(3);
      expect(on.errors).toEqual([]);
    });
  });
}
