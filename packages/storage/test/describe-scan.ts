import { wavBytes } from "@audiotricks/testing/audio";
import { EICAR, EICAR_NAME, startClamd, type TestClamd } from "@audiotricks/testing/clamd";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createClamd,
  deleteHeldBack,
  listHeldBack,
  releaseHeldBack,
  type Scanner,
  type Scanning,
  type Storage,
  setScanPolicy,
} from "../src/index.ts";
import {
  countUsage,
  gate,
  openTestStorage,
  PART_SIZE,
  type TestStorage,
  type TestStore,
  upload,
} from "./test-storage.ts";

const MINUTE = 60_000;
const SMALL_LIMIT = 2 * 1024 ** 2;
const ATTACHMENT = { disposition: "attachment" } as const;

/** Sound as far as its first bytes go, with what every scanner finds behind them. */
function harmful(size = 5_000): Uint8Array<ArrayBuffer> {
  const bytes = wavBytes(size);
  bytes.set(EICAR, size - EICAR.length - 10);
  return bytes;
}

/** A scanner that is real where it counts, and files in quarantine: what a stranger gets is asked of the store itself. */
export function describeScan(
  server: string,
  open: () => Promise<TestStore & { close(): Promise<void> }>,
): void {
  describe(`files that clamd scans, on ${server}`, { timeout: 120_000 }, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let clamd: TestClamd;
    let on: TestStorage;
    let storage: Storage;
    beforeAll(async () => {
      [store, clamd] = await Promise.all([open(), startClamd({ streamMaxLength: SMALL_LIMIT })]);
    });
    afterAll(async () => {
      await clamd.stop();
      await store.close();
    });
    beforeEach(async () => {
      on = await openTestStorage(store);
      storage = await scanningBy(clamdOf());
    });
    afterEach(() => on[Symbol.asyncDispose]());

    const clamdOf = () => createClamd({ address: { path: clamd.path }, maxFileSize: 4 * SMALL_LIMIT });
    const scanningBy = (scanner: Scanner, more: Partial<Scanning> = {}, ms = 0) =>
      on.openAnother({
        scanning: { scanner, ...more },
        ...(ms === 0 ? {} : { now: () => new Date(Date.now() + ms) }),
      });
    const look = async (by = storage) => {
      const { scanned, quarantined, failures } = await by.checkFiles();
      return { scanned, quarantined, failures };
    };
    const strangerGets = async ({ key }: { key: string }) => {
      const answer = await fetch(`${store.endpoint}/${on.bucket.name}/${key}`);
      await answer.arrayBuffer();
      return answer.status;
    };
    const download = ({ id }: { id: string }) => storage.files.download(on.me, id, ATTACHMENT);
    const share = ({ id }: { id: string }) => storage.shares.create(on.me, id, { expiresIn: 3600 });
    const publish = ({ id }: { id: string }) => storage.files.update(on.me, id, { accessLevel: "public" });
    const derive = ({ id }: { id: string }) =>
      storage.files.derive({ service: "s" }, id, { name: "b.wav", size: 100, category: "chunk" });
    const get = ({ id }: { id: string }) => storage.files.get(on.me, id);
    const eventsOf = async ({ id }: { id: string }) =>
      (
        await on.db
          .selectFrom("outbox_events")
          .select(["event_type", "data"])
          .where("ordering_key", "=", `file:${id}`)
          .orderBy("sequence")
          .execute()
      ).map(({ event_type, data }) => [event_type, (data as { verdict?: string }).verdict]);
    const auditOf = async ({ id }: { id: string }) =>
      (
        await on.db
          .selectFrom("audit_logs")
          .select(["action", "user_id", "details"])
          .where("resource_id", "=", id)
          .orderBy("created_at")
          .execute()
      ).filter(({ action }) => action !== "file_stored");
    const checks = async () =>
      (await on.db.selectFrom("file_checks").selectAll().where("kind", "=", "scan").execute()).length;
    const sweptLater = async () =>
      (await on.openAnother({ now: () => new Date(Date.now() + 4 * MINUTE) })).sweep();

    describe("before they are given out", () => {
      beforeEach(() => setScanPolicy(on.db, "before"));

      it("are given to nobody and made of nothing until that is over, and then are as any other", async () => {
        const file = await upload(on, wavBytes(5_000));
        expect(file).toMatchObject({ state: "stored", scan: "held" });
        const held = { code: "file_not_ready", details: { state: "stored", scan: "held" } };
        await expect(download(file)).rejects.toMatchObject(held);
        await expect(share(file)).rejects.toMatchObject(held);
        await expect(publish(file)).rejects.toMatchObject(held);
        await expect(derive(file)).rejects.toMatchObject({ code: "file_not_ready" });
        await expect(storage.files.download({ service: "s" }, file.id, ATTACHMENT)).rejects.toMatchObject(
          held,
        );
        // A host may want it by SQL; the store is asked when there is an answer.
        await sql`UPDATE file_storage SET access_level = 'public' WHERE id = ${file.id}`.execute(on.db);
        await sweptLater();
        expect(await strangerGets(file)).toBe(403);

        expect(await look()).toEqual({ scanned: 1, quarantined: [], failures: [] });
        expect(await get(file)).toMatchObject({ state: "stored", scan: "clean" });
        expect((await fetch((await download(file)).url)).status).toBe(200);
        await share(file);
        await derive(file);
        await sweptLater();
        expect(await strangerGets(file)).toBe(200);
        expect(await eventsOf(file)).toEqual([
          ["file.stored", undefined],
          ["file.released", undefined],
        ]);
        expect(await look()).toEqual({ scanned: 0, quarantined: [], failures: [] });
      });

      it("go into quarantine where something is found, count as before, and come back by an operator alone", async () => {
        const file = await upload(on, harmful());
        expect(await look()).toEqual({
          scanned: 1,
          quarantined: [{ id: file.id, verdict: EICAR_NAME }],
          failures: [],
        });
        expect(await get(file)).toMatchObject({ state: "quarantined", scan: "infected" });
        const refused = { code: "file_not_ready", details: { state: "quarantined" } };
        for (const way of [download, share, publish, derive])
          await expect(way(file)).rejects.toMatchObject(refused);
        expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 5_000, usedFiles: 1 });
        expect(await auditOf(file)).toEqual([
          {
            action: "file_quarantined",
            user_id: null,
            details: { outcome: "infected", verdict: EICAR_NAME },
          },
        ]);
        expect(await listHeldBack(on.db, { limit: 10 })).toMatchObject([
          { fileId: file.id, state: "quarantined", scan: "infected", verdict: EICAR_NAME },
        ]);
        // A pipeline that goes on with it takes it out of nowhere.
        for (const status of ["stored", "processing", "processed", "archived"])
          await expect(
            sql`UPDATE file_storage SET status = ${status} WHERE id = ${file.id}`.execute(on.db),
          ).rejects.toMatchObject({ code: "AT009" });

        const releases = await Promise.allSettled([1, 2, 3].map(() => releaseHeldBack(on.db, file.id)));
        expect(releases.map(({ status }) => status).toSorted()).toEqual([
          "fulfilled",
          "rejected",
          "rejected",
        ]);
        await expect(releaseHeldBack(on.db, file.id)).rejects.toMatchObject({ code: "file_not_held" });
        expect(await get(file)).toMatchObject({ state: "stored", scan: "released" });
        expect((await fetch((await download(file)).url)).status).toBe(200);
        expect(await eventsOf(file)).toEqual([
          ["file.stored", undefined],
          ["file.quarantined", EICAR_NAME],
          ["file.released", undefined],
        ]);
        expect((await auditOf(file)).map(({ action }) => action)).toEqual([
          "file_quarantined",
          "file_released",
        ]);
        expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 5_000, usedFiles: 1 });
      });

      it("are deleted by their owner or an operator, and only then stop to count", async () => {
        const [mine, theirs] = [await upload(on, harmful(4_000)), await upload(on, harmful(6_000))];
        await look();
        expect(await storage.files.delete(on.me, mine.id)).toMatchObject({ state: "deleted" });
        await deleteHeldBack(on.db, theirs.id);
        await expect(deleteHeldBack(on.db, theirs.id)).rejects.toMatchObject({ code: "file_not_held" });
        await expect(releaseHeldBack(on.db, theirs.id)).rejects.toMatchObject({ code: "file_not_held" });
        await expect(releaseHeldBack(on.db, mine.id)).rejects.toMatchObject({ code: "file_not_found" });
        expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 0, usedFiles: 0 });
        await sweptLater();
        expect(await on.bucket.keys()).toEqual([]);
        expect(await listHeldBack(on.db, { limit: 10 })).toEqual([]);
      });

      it("are kept from everybody while the scanner is away, and scanned once it is back", async () => {
        const file = await upload(on, wavBytes(5_000));
        const away = await scanningBy(createClamd({ address: { host: "127.0.0.1", port: 1 } }));
        expect(await look(away)).toMatchObject({
          scanned: 0,
          failures: [{ id: file.id, code: "scanner_unavailable" }],
        });
        await expect(download(file)).rejects.toMatchObject({ code: "file_not_ready" });
        expect(await listHeldBack(on.db, { limit: 10 })).toMatchObject([
          {
            fileId: file.id,
            state: "stored",
            scan: "held",
            attempts: 1,
            lastError: expect.stringContaining("clamd"),
          },
        ]);
        // It waits its time.
        expect(await look()).toEqual({ scanned: 0, quarantined: [], failures: [] });
        expect(await look(await scanningBy(clamdOf(), {}, MINUTE))).toMatchObject({
          scanned: 1,
          failures: [],
        });
        await download(file);
      });

      it("may be let go by an operator before anybody scanned them; what a scan says then comes too late", async () => {
        const file = await upload(on, harmful());
        const [begun, held] = [gate(), gate()];
        const slow = await scanningBy({
          scan: async (asked, options) => {
            const verdict = await clamdOf().scan(asked, options);
            begun.open();
            await held.opened;
            return verdict;
          },
        });
        const looking = look(slow);
        await begun.opened;
        await releaseHeldBack(on.db, file.id);
        held.open();
        expect(await looking).toMatchObject({ quarantined: [] });
        expect(await get(file)).toMatchObject({ state: "stored", scan: "released" });
        await download(file);
      });

      it("stay deleted, whatever a scan says that was under way", async () => {
        const file = await upload(on, harmful());
        const [begun, held] = [gate(), gate()];
        const slow = await scanningBy({
          scan: async (asked, options) => {
            const verdict = await clamdOf().scan(asked, options);
            begun.open();
            await held.opened;
            return verdict;
          },
        });
        const looking = look(slow);
        await begun.opened;
        await storage.files.delete(on.me, file.id);
        held.open();
        expect(await looking).toMatchObject({ quarantined: [], failures: [] });
        const row = await on.db.selectFrom("file_storage").select("status").executeTakeFirstOrThrow();
        expect(row.status).toBe("deleted");
        expect(await eventsOf(file)).toEqual([
          ["file.stored", undefined],
          ["file.deleted", undefined],
        ]);
        expect(await checks()).toBe(0);
        expect(await countUsage(on.db, on.me)).toMatchObject({ usedBytes: 0 });
      });

      it("are scanned once by any number of workers, and by another where one never comes back", async () => {
        let scans = 0;
        const counting: Scanner = {
          scan: (asked, options) => {
            scans++;
            return clamdOf().scan(asked, options);
          },
        };
        for (let n = 0; n < 9; n++) await upload(on, n % 3 === 0 ? harmful(4_000 + n) : wavBytes(4_000 + n));
        const workers = await Promise.all([1, 2, 3].map(() => scanningBy(counting)));
        const reports = await Promise.all(workers.map(look));
        expect(reports.reduce((sum, { scanned }) => sum + scanned, 0)).toBe(9);
        expect(reports.flatMap(({ quarantined }) => quarantined)).toHaveLength(3);
        expect(scans).toBe(9);

        const file = await upload(on, harmful());
        const [begun, held] = [gate(), gate()];
        const stuck = await scanningBy({
          scan: async () => {
            begun.open();
            await held.opened;
            return { outcome: "clean" };
          },
        });
        const looking = look(stuck);
        await begun.opened;
        expect(await look()).toMatchObject({ scanned: 0 });
        expect(await look(await scanningBy(clamdOf(), {}, 2 * MINUTE))).toMatchObject({
          quarantined: [{ id: file.id }],
        });
        held.open();
        await looking;
        expect(await get(file)).toMatchObject({ state: "quarantined", scan: "infected" });
      });

      it("are refused or taken as the host wants where they are larger than the scanner takes", async () => {
        // Larger than we send; and one that clamd itself refuses, in the middle of it.
        for (const [size, verdict] of [
          [2 * PART_SIZE, `larger than ${4 * SMALL_LIMIT} bytes`],
          [SMALL_LIMIT + PART_SIZE, "larger than the scanner takes"],
        ] as const) {
          const kept = await upload(on, wavBytes(size));
          expect(await look()).toEqual({
            scanned: 1,
            quarantined: [{ id: kept.id, verdict }],
            failures: [],
          });
          expect(await get(kept)).toMatchObject({ state: "quarantined", scan: "too_large" });
          await expect(download(kept)).rejects.toMatchObject({ code: "file_not_ready" });
          const taken = await upload(on, wavBytes(size + 1));
          await look(await scanningBy(clamdOf(), { tooLarge: "allow" }));
          expect(await get(taken)).toMatchObject({ state: "stored", scan: "too_large" });
          await download(taken);
        }
      });
    });

    describe("while they are given out", () => {
      beforeEach(() => setScanPolicy(on.db, "after"));

      it("are taken back from everybody where something is found: from downloads, links, anyone and the CDN", async () => {
        const purged: string[] = [];
        await sql`UPDATE storage_providers SET cdn_id = 'c', cdn_enabled = true`.execute(on.db);
        const file = await upload(on, harmful());
        expect(file).toMatchObject({ state: "stored", scan: "waiting" });
        await download(file);
        const { token } = await share(file);
        await publish(file);
        expect(await strangerGets(file)).toBe(200);

        const withCdn = await on.openAnother({
          scanning: { scanner: clamdOf() },
          cdn: { purge: async (_id, keys) => void purged.push(...keys) },
        });
        expect(await look(withCdn)).toMatchObject({ quarantined: [{ id: file.id, verdict: EICAR_NAME }] });
        expect(await strangerGets(file)).toBe(403);
        expect(purged).toEqual([file.key]);
        expect(await get(file)).not.toHaveProperty("publicUrl");
        await expect(download(file)).rejects.toMatchObject({ code: "file_not_ready" });
        await expect(storage.shares.open(token)).rejects.toMatchObject({ code: "share_not_found" });

        await releaseHeldBack(on.db, file.id);
        await sweptLater();
        expect(await strangerGets(file)).toBe(200);
        await storage.shares.open(token);
      });

      it("are closed although they were opened while they were scanned, and although the store was away", async () => {
        const file = await upload(on, harmful());
        const [begun, held] = [gate(), gate()];
        const slow = await scanningBy({
          scan: async (asked, options) => {
            const verdict = await clamdOf().scan(asked, options);
            begun.open();
            await held.opened;
            return verdict;
          },
        });
        const looking = look(slow);
        await begun.opened;
        await publish(file);
        on.proxy.intercept = (operation) => (operation === "PutObjectAcl" ? { refuseWith: 503 } : undefined);
        held.open();
        expect(await looking).toMatchObject({ quarantined: [{ id: file.id }] });
        on.proxy.intercept = () => undefined;
        await sweptLater();
        expect(await strangerGets(file)).toBe(403);
      });

      it("come back as what they were, and what nobody asked to scan stays without a word of it", async () => {
        const file = await upload(on, harmful());
        await sql`UPDATE file_storage SET status = 'processed' WHERE id = ${file.id}`.execute(on.db);
        await look();
        expect(await get(file)).toMatchObject({ state: "quarantined" });
        await releaseHeldBack(on.db, file.id);
        expect(await get(file)).toMatchObject({ state: "processed", scan: "released" });
        await setScanPolicy(on.db, "off");
        const other = await upload(on, harmful(7_000));
        expect(other).not.toHaveProperty("scan");
        expect(await look()).toMatchObject({ scanned: 0 });
        await download(other);
      });

      it("may be put into quarantine by hand, and a clean scan does not take them out", async () => {
        const file = await upload(on, wavBytes(3_000));
        await sql`UPDATE file_storage SET status = 'quarantined' WHERE id = ${file.id}`.execute(on.db);
        expect(await look()).toMatchObject({ scanned: 1, quarantined: [] });
        expect(await get(file)).toMatchObject({ state: "quarantined", scan: "clean" });
        expect(await eventsOf(file)).toEqual([
          ["file.stored", undefined],
          ["file.quarantined", null],
        ]);
        await releaseHeldBack(on.db, file.id);
        await download(file);
      });
    });
  });
}
