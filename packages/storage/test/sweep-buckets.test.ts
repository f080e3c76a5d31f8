import { randomBytes, randomUUID } from "node:crypto";
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
} from "@aws-sdk/client-s3";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  addProvider,
  createStorage,
  openProviders,
  parseEnvelopeKey,
  prepareBucket,
  type Storage,
} from "../src/index.ts";
import { cephOfThisFile } from "./open-ceph.ts";
import { openEmulator } from "./open-emulator.ts";
import { begin, openTestStorage, PART_SIZE, type TestStorage } from "./test-storage.ts";

const HOUR = 3_600_000;
const eager = { leftoverGraceMs: 0, unknownGraceMs: 0 };

const STORES = [
  ["the emulator", openEmulator],
  ["Ceph", cephOfThisFile()],
] as const;

describe.each(STORES)(
  "a bucket that takes no uploads any more, on %s",
  { timeout: 60_000 },
  (_, openStore) => {
    let store: Awaited<ReturnType<typeof openStore>>;
    let on: TestStorage;
    let opened: Storage[];
    beforeAll(async () => {
      store = await openStore();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      on = await openTestStorage(store);
      opened = [];
    });
    afterEach(async () => {
      for (const storage of opened) await storage.close();
      await on[Symbol.asyncDispose]();
    });

    /** Another bucket becomes the primary one; this one's key stays in the environment. */
    async function moveOn(): Promise<{
      openAt: (ms: number) => Promise<Storage>;
      openWithout: () => Promise<Storage>;
    }> {
      const secret = randomBytes(32).toString("base64");
      const bucket = `test-${randomUUID()}`;
      await prepareBucket({ ...store, bucket }, { allowedOrigins: ["http://localhost:3000"] });
      await addProvider(
        on.db,
        { ...store, bucket, isPrimary: true },
        { encryptionKey: parseEnvelopeKey(secret), allowInternalEndpoints: true },
      );
      const given = { ...store, endpoint: on.proxy.endpoint, bucket: on.bucket.name };
      const open = async (ms: number, withKey: boolean): Promise<Storage> => {
        const providers = await openProviders({
          db: on.db,
          given: withKey ? given : undefined,
          encryptionKey: secret,
          allowInternalEndpoints: true,
        });
        const now = () => new Date(Date.now() + ms);
        const storage = createStorage({ db: on.db, providers, now, settings: eager });
        opened.push(storage);
        return storage;
      };
      return { openAt: (ms) => open(ms, true), openWithout: () => open(0, false) };
    }

    /** What a cancelled upload can leave: one at its key, and an object where a URL that is still good puts it. */
    async function leaveTraces(): Promise<{ again: () => Promise<void> }> {
      const multipart = await begin(on, { size: 3 * PART_SIZE });
      const put = await begin(on, { size: 1 });
      for (const { sessionId } of [multipart, put]) await on.storage.uploads.cancel(on.me, sessionId);
      const again = async (): Promise<void> => {
        await on.bucket.client.send(
          new CreateMultipartUploadCommand({ Bucket: on.bucket.name, Key: multipart.key }),
        );
        const { status } = await fetch(put.urls[0]?.url ?? "", { method: "PUT", body: "x" });
        expect(status).toBe(200);
      };
      await again();
      return { again };
    }
    const left = async () => {
      const { Uploads = [] } = await on.bucket.client.send(
        new ListMultipartUploadsCommand({ Bucket: on.bucket.name }),
      );
      const { Contents = [] } = await on.bucket.client.send(
        new ListObjectsCommand({ Bucket: on.bucket.name }),
      );
      return [Uploads.length, Contents.length];
    };

    it("is looked through for what uploads left there, though it is disabled", async () => {
      await leaveTraces();
      expect(await left()).toEqual([1, 1]);
      const { openAt } = await moveOn();
      await sql`UPDATE storage_providers SET is_active = false WHERE NOT is_primary`.execute(on.db);
      expect(await (await openAt(25 * HOUR)).sweep()).toMatchObject({
        uploadsAborted: 1,
        temporaryDeleted: 1,
        failures: [],
      });
      expect(await left()).toEqual([0, 0]);
    });

    it("is looked through once a day, whichever server's turn it is", async () => {
      const { again } = await leaveTraces();
      const { openAt } = await moveOn();
      await (await openAt(0)).sweep();
      expect(await left()).toEqual([0, 0]);
      await again();
      on.proxy.operations.length = 0;
      for (const hours of [0.1, 1, 23.9]) await (await openAt(hours * HOUR)).sweep();
      expect(on.proxy.operations).toEqual([]);
      expect(await left()).toEqual([1, 1]);
      await (await openAt(24.1 * HOUR)).sweep();
      expect(await left()).toEqual([0, 0]);
    });

    it("is left for a day when it does not answer, and for ever when there is no key to it", async () => {
      await leaveTraces();
      const { openAt, openWithout } = await moveOn();
      on.proxy.intercept = () => ({ refuseWith: 403 });
      const { failures } = await (await openAt(0)).sweep();
      expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["storage_unavailable"]));
      on.proxy.intercept = () => undefined;
      on.proxy.operations.length = 0;
      expect(await (await openAt(HOUR)).sweep()).toMatchObject({ failures: [] });
      expect(on.proxy.operations).toEqual([]);
      await sql`UPDATE sweep_progress SET due_at = now()`.execute(on.db);
      const stranger = await openWithout();
      expect((await stranger.upkeep.previewSweep()).failures).toEqual([]);
      expect(await stranger.sweep()).toMatchObject({ failures: [] });
      expect(await left()).toEqual([1, 1]);
      expect(await (await openAt(25 * HOUR)).sweep()).toMatchObject({
        uploadsAborted: 1,
        temporaryDeleted: 1,
      });
    });

    it("goes on with a pass from upload to upload, also among many to one key", async () => {
      const session = await begin(on, { size: 3 * PART_SIZE });
      await on.storage.uploads.cancel(on.me, session.sessionId);
      for (let index = 0; index < 12; index++)
        await on.bucket.client.send(
          new CreateMultipartUploadCommand({ Bucket: on.bucket.name, Key: session.key }),
        );
      const done: number[] = [];
      for (let sweep = 0; sweep < 3; sweep++) {
        const hurried = await on.openAnother({ settings: { ...eager, sweepMs: 0, sweepBatch: 4 } });
        done.push((await hurried.sweep()).uploadsAborted);
      }
      expect(done).toEqual([4, 4, 4]);
      expect(await left()).toEqual([0, 0]);
    });
  },
);
