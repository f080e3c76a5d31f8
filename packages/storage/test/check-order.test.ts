import { wavBytes } from "@audiotricks/testing/audio";
import { CompiledQuery, sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { STORE_AWAY_MS } from "../src/checks/away-stores.ts";
import { claimCheck } from "../src/checks/claim-check.ts";
import { createClock } from "../src/clock.ts";
import { type Scanner, setScanPolicy } from "../src/index.ts";
import { openEmulator } from "./open-emulator.ts";
import { gate, openTestStorage, type TestStorage, upload } from "./test-storage.ts";

const ROWS = 1_000_000;

describe("what is looked into first", () => {
  let store: Awaited<ReturnType<typeof openEmulator>>;
  let on: TestStorage;
  beforeAll(async () => {
    store = await openEmulator();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    on = await openTestStorage(store);
  });
  afterEach(() => on[Symbol.asyncDispose]());

  const stateOf = async ({ id }: { id: string }) => (await on.storage.files.get(on.me, id)).scan;
  const claim = (kind: "sound" | "scan" = "scan") => claimCheck({ db: on.db, clock: createClock() }, kind);
  const askAnew = (ids: string[]) =>
    sql`INSERT INTO file_checks (file_storage_id, kind, due_at)
      SELECT id, 'scan', now() - interval '1 day' FROM file_storage WHERE id = ANY(${ids}::uuid[])`.execute(
      on.db,
    );
  const stored = (size: number) => upload(on, wavBytes(size));

  it("is a file that is held, then one that was just stored, then what somebody asked for", async () => {
    const old = [await stored(1_001), await stored(1_002)];
    await askAnew(old.map(({ id }) => id));
    await setScanPolicy(on.db, "after");
    const waiting = await stored(1_003);
    await setScanPolicy(on.db, "before");
    const held = [await stored(1_004), await stored(1_005)];
    const order: (string | undefined)[] = [];
    for (let n = 0; n < 5; n++) order.push((await claim())?.fileId);
    expect(order.slice(0, 3)).toEqual([held[0]?.id, held[1]?.id, waiting.id]);
    expect(new Set(order.slice(3))).toEqual(new Set(old.map(({ id }) => id)));
    expect(await claim()).toBeUndefined();
  });

  it("is not what failed before, as long as there is its like that did not", async () => {
    await setScanPolicy(on.db, "before");
    const failed = await stored(1_001);
    const away: Scanner = { scan: () => Promise.reject(new Error("no")) };
    await (await on.openAnother({ scanning: { scanner: away } })).checkFiles();
    await sql`UPDATE file_checks SET due_at = now() - interval '1 day'`.execute(on.db);
    const fresh = await stored(1_002);
    const old = await stored(1_003);
    await sql`DELETE FROM file_checks WHERE file_storage_id = ${old.id}`.execute(on.db);
    await askAnew([old.id]);
    const order = [await claim(), await claim(), await claim()].map((check) => check?.fileId);
    expect(order).toEqual([fresh.id, failed.id, old.id]);
  });

  it("is not what lies at a store that is away, of which a few files are tried", async () => {
    await setScanPolicy(on.db, "before");
    const files = [];
    for (let n = 0; n < 12; n++) files.push(await stored(1_001 + n));
    const { rows } = await sql<{ id: string }>`
      INSERT INTO storage_providers (provider_name, endpoint_url, bucket_name, region, access_key_id, secret_access_key_encrypted)
      SELECT provider_name, 'https://gone.example.com', 'gone', region, access_key_id, secret_access_key_encrypted FROM storage_providers RETURNING id`.execute(
      on.db,
    );
    await sql`UPDATE file_storage SET storage_provider_id = ${rows[0]?.id}`.execute(on.db);
    const healthy = await stored(2_000);
    const storage = await on.openAnother({ scanning: { scanner: readsAll } });
    const begun = Date.now();
    const first = await storage.checkFiles();
    expect(await stateOf(healthy)).toBe("clean");
    // Lanes that were at one each when it was found away, of two kinds.
    expect(first.failures.length).toBeLessThanOrEqual(8);
    expect(new Set(first.failures.map(({ code }) => code))).toEqual(new Set(["no_provider"]));
    const waiting = await on.db.selectFrom("file_checks").selectAll().where("kind", "=", "scan").execute();
    expect(waiting).toHaveLength(12);
    // Those that nobody tried wait for half a minute; those that were, as long as after any failure.
    const untried = waiting.filter(({ attempts }) => attempts === 0);
    expect(untried.length).toBeGreaterThanOrEqual(4);
    for (const { due_at } of untried) expect(due_at.getTime()).toBeGreaterThan(begun + STORE_AWAY_MS);

    // Found away once, it is asked nothing for a while, and others are not kept waiting.
    await sql`UPDATE file_checks SET due_at = now() - interval '1 hour'`.execute(on.db);
    const next = await stored(2_001);
    expect(await storage.checkFiles()).toMatchObject({ scanned: 1, inspected: 1, failures: [] });
    expect(await stateOf(next)).toBe("clean");
  });

  it("is what was stored while one file takes long, of either kind", async () => {
    await setScanPolicy(on.db, "before");
    const held = gate();
    const slow = await stored(1_001);
    const scanner: Scanner = {
      scan: async ({ size }) => {
        if (size === slow.size) await held.opened;
        return { outcome: "clean" };
      },
    };
    const storage = await on.openAnother({ scanning: { scanner } });
    const round = storage.checkFiles();
    try {
      await expect.poll(async () => (await on.storage.files.get(on.me, slow.id)).sound).toBeDefined();
      const fresh = await stored(1_002);
      await expect
        .poll(async () => (await on.storage.files.get(on.me, fresh.id)).sound, { timeout: 5_000 })
        .toBeDefined();
      await expect.poll(() => stateOf(fresh), { timeout: 5_000 }).toBe("clean");
      expect(await stateOf(slow)).toBe("held");
    } finally {
      held.open();
    }
    expect(await round).toMatchObject({ inspected: 2, scanned: 2, failures: [] });
    expect(await stateOf(slow)).toBe("clean");
  });

  it("is found by an index, however many wait or are put off", { timeout: 120_000 }, async () => {
    await on.db.connection().execute(async (db) => {
      await sql`SET session_replication_role = replica`.execute(db);
      await sql`INSERT INTO file_checks (file_storage_id, kind, urgency, due_at)
        SELECT gen_random_uuid(), 'scan', n % 6, now() + CASE n % 6 WHEN 4 THEN -1 ELSE 1 END * n * interval '1 second'
        FROM generate_series(1, ${ROWS}::integer) AS n`.execute(db);
      await sql`SET session_replication_role = origin`.execute(db);
      await sql`VACUUM ANALYZE file_checks`.execute(db);
    });
    const query = await compiledClaim();
    const plan = await on.db.connection().execute(async (db) => {
      await sql`BEGIN`.execute(db);
      const { rows } = await db.executeQuery<{ "QUERY PLAN": string }>({
        ...query,
        sql: `EXPLAIN (ANALYZE, BUFFERS) ${query.sql}`,
      });
      await sql`ROLLBACK`.execute(db);
      return rows.map((row) => row["QUERY PLAN"]).join("\n");
    });
    expect(plan).not.toMatch(/Seq Scan|Sort|Rows Removed/);
    expect(plan.match(/Index Scan using file_checks_next/g)).toHaveLength(6);
    // Of the last it never looked.
    expect(plan.match(/never executed/g)?.length).toBeGreaterThan(0);
    expect(Number(/Buffers: shared hit=(\d+)/.exec(plan)?.[1])).toBeLessThan(60);
  });

  const readsAll: Scanner = {
    scan: async (file) => {
      for await (const piece of file.read()) expect(piece.length).toBeGreaterThan(0);
      return { outcome: "clean" };
    },
  };

  async function compiledClaim() {
    const asked: { sql: string; parameters: readonly unknown[] }[] = [];
    const db = on.db.withPlugin({
      transformQuery: ({ node, queryId }) => {
        asked.push(on.db.getExecutor().compileQuery(node, queryId));
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    });
    await claimCheck({ db, clock: createClock() }, "scan");
    const [query] = asked;
    if (query === undefined) throw new Error("nothing was asked");
    return CompiledQuery.raw(query.sql, [...query.parameters]);
  }
});
