import { wavBytes } from "@audiotricks/testing/audio";
import { seedProvider, seedWorkspace } from "@audiotricks/testing/seed";
import { type Kysely, sql } from "kysely";
import { describe, expect, it } from "vitest";
import { type Database, listPrices, type Price, setActual, setPrice } from "../src/index.ts";
import { GiB, openCosts as open, store } from "./open-costs.ts";
import { openEmulator } from "./open-emulator.ts";
import { openTestStorage, upload } from "./test-storage.ts";

const costs = { limit: 100 };

const readDays = async (db: Kysely<Database>) => {
  const { rows } = await sql<Record<string, string | null>>`
    SELECT to_char(day, 'DD') AS day, workspace_id, kind, storage_class, byte_hours::text AS bytes, billed_byte_hours::text AS billed
    FROM storage_bytes_days ORDER BY day, kind, storage_class, byte_hours`.execute(db);
  return rows.map((row) => Object.values(row).join(" "));
};

describe.each(["postgres", "pglite"] as const)("storage by the hour (%s)", (engine) => {
  it("is counted once an hour, however many ask, by workspace and class, with 4 KiB at least", async () => {
    await using on = await open(engine);
    const workspaceId = await seedWorkspace(on.db);
    await store(on, { size: 100 });
    await store(on, { size: 5000 });
    await store(on, { size: 7000, workspaceId });
    await store(on, { size: 9000, workspaceId, columns: { status: "archived" } });
    await store(on, { size: 11_000, workspaceId, columns: { status: "failed" } });
    const reports = await Promise.all(
      [1, 2, 3].map(() => on.at("2026-11-03T10:59:59Z").upkeep.sampleStorage({ slice: 2 })),
    );
    expect(reports.reduce((sum, { files }) => sum + files, 0)).toBe(5);
    await on.at("2026-11-03T10:00:00Z").upkeep.sampleStorage({ slice: 2 });
    const once = [
      `03 ${workspaceId} files cold 9000 9000`,
      "03  files standard 5100 9096",
      `03 ${workspaceId} files standard 7000 7000`,
    ];
    expect(await readDays(on.db)).toEqual(once);
    await on.sample("2026-11-03T11:05:00Z");
    expect(await readDays(on.db)).toEqual([
      `03 ${workspaceId} files cold 18000 18000`,
      "03  files standard 10200 18192",
      `03 ${workspaceId} files standard 14000 14000`,
    ]);
  });

  it("goes on where it was cut off, and counts nothing twice", async () => {
    await using on = await open(engine);
    for (let index = 0; index < 9; index++) await store(on, { size: 10_000 });
    const cut = new AbortController();
    const cutOff = on.at("2026-11-03T10:00:00Z").upkeep.sampleStorage({
      slice: 2,
      signal: Object.defineProperty(cut.signal, "aborted", {
        get: (() => {
          let asked = 0;
          return () => asked++ >= 2;
        })(),
      }),
    });
    expect(await cutOff).toEqual({ hours: 0, files: 4 });
    expect(await readDays(on.db)).toEqual(["03  files standard 40000 40000"]);
    expect(await on.at("2026-11-03T10:30:00Z").upkeep.sampleStorage({ slice: 2 })).toEqual({
      hours: 1,
      files: 5,
    });
    expect(await readDays(on.db)).toEqual(["03  files standard 90000 90000"]);
  });

  it("has what no file is made of, as it was last seen, for as long as that is known", async () => {
    await using on = await open(engine);
    await sql`INSERT INTO storage_invisible_bytes VALUES
      (${on.providerId}, 'incomplete_parts', 500, 4096, 1, '2026-11-03T02:00Z'),
      (${on.providerId}, 'orphans', 700, 8192, 2, '2026-10-20T02:00Z')`.execute(on.db);
    await Promise.all([on.sample("2026-11-03T10:00:00Z"), on.sample("2026-11-03T10:00:00Z")]);
    expect(await readDays(on.db)).toEqual(["03  incomplete_parts standard 500 4096"]);
  });
});

describe.each(["postgres", "pglite"] as const)("what goes out (%s)", (database) => {
  it("is estimated by the URLs that were issued, by day and workspace, whichever server issued them", async () => {
    const emulator = await openEmulator();
    try {
      await using on = await openTestStorage(emulator, { database });
      const workspaceId = await seedWorkspace(on.db, { members: { [on.me.userId]: "member" } });
      const [mine, shared] = [
        await upload(on, wavBytes(1000)),
        await upload(on, wavBytes(2000), { workspaceId }),
      ];
      const [today, tomorrow] = [
        on.storage,
        await on.openAnother({ now: () => new Date("2026-12-24T12:00:00Z") }),
      ];
      for (const storage of [today, today, tomorrow])
        for (const { id } of [mine, shared, shared])
          await storage.files.download(on.me, id, { disposition: "inline" });
      await Promise.all([today.close(), tomorrow.close()]);
      const { rows } = await sql`
        SELECT day = '2026-12-24' AS later, workspace_id, urls_issued::integer AS urls, issued_bytes::integer AS bytes
        FROM storage_traffic_days ORDER BY 1, 3`.execute(on.db);
      expect(rows).toEqual([
        { later: false, workspace_id: null, urls: 2, bytes: 2000 },
        { later: false, workspace_id: workspaceId, urls: 4, bytes: 8000 },
        { later: true, workspace_id: null, urls: 1, bytes: 1000 },
        { later: true, workspace_id: workspaceId, urls: 2, bytes: 4000 },
      ]);
    } finally {
      await emulator.close();
    }
  });
});

describe.each(["postgres", "pglite"] as const)("what a month costs (%s)", (engine) => {
  it("is what comes out by hand, shared out by what lies there, and says what was not looked at", async () => {
    await using on = await open(engine);
    const workspaceId = await seedWorkspace(on.db);
    await store(on, { size: 750 * GiB, workspaceId });
    await store(on, { size: 250 * GiB });
    for (const hour of ["00", "01", "04"]) await on.sample(`2026-11-01T${hour}:05:00Z`);
    // Five hours, two of them not counted: 750 GiB beyond the allowance × 5 ÷ 720 × $0.02.
    const report = await on.at("2026-11-01T04:30:00Z").costs.report(on.operator, costs);
    expect(report).toMatchObject({
      month: "2026-11",
      hours: { inMonth: 720, passed: 5, counted: 3 },
      totalMicros: 5_104_167,
      providers: [
        {
          providerId: on.providerId,
          region: "nyc3",
          totalMicros: 5_104_167,
          parts: { base: 5_000_000, storage: 104_167, egress: 0 },
          averageBytes: 1000 * GiB,
          price: { source: expect.stringContaining("https://"), checkedOn: null, isOwn: false },
        },
      ],
      unpriced: [],
      payers: [
        { payer: { scope: "workspace", id: workspaceId }, totalMicros: 3_828_125 },
        { payer: { scope: "personal" }, totalMicros: 1_276_042 },
      ],
      otherPayersMicros: 0,
    });
    const mine = await on.at("2026-11-01T04:30:00Z").costs.report(on.operator, { limit: 1 });
    expect(mine).toMatchObject({ payers: [{ totalMicros: 3_828_125 }], otherPayersMicros: 1_276_042 });
    const one = await on.at("2026-11-01T04:30:00Z").costs.report(on.operator, { ...costs, workspaceId });
    expect(one).toMatchObject({ totalMicros: 3_828_125, providers: [{ averageBytes: 750 * GiB }] });
    const none = await on.at("2026-12-01T04:30:00Z").costs.report(on.operator, costs);
    expect(none).toMatchObject({ month: "2026-12", hours: { passed: 4, counted: 0 } });
  });

  it("says that it does not know what a region costs, rather than nothing, until somebody says it", async () => {
    await using on = await open(engine);
    const elsewhere = await seedProvider(on.db, {
      endpoint: "https://ric1.test",
      region: "ric1",
      isPrimary: false,
    });
    await store(on, { size: 1000 * GiB, providerId: elsewhere });
    await on.sample("2026-11-01T00:05:00Z");
    const read = () => on.at("2026-11-01T00:30:00Z").costs.report(on.operator, costs);
    expect(await read()).toMatchObject({
      totalMicros: 5_000_000,
      providers: [{ region: "nyc3" }],
      unpriced: [{ providerId: elsewhere, region: "ric1", averageBytes: 1000 * GiB }],
    });
    const price: Price = {
      ...((await listPrices(on.db)).find(({ region }) => region === "nyc3") as Price),
      region: "ric1",
      from: "2026-11-01",
      until: "2026-12-01",
      source: "https://example.com/prices",
      checkedOn: "2026-11-30",
      storagePerGib: 720_000,
    };
    await setPrice(on.db, price);
    await setPrice(on.db, price);
    // 750 GiB for one of 720 hours × $0.72.
    expect(await read()).toMatchObject({
      totalMicros: 5_750_000,
      unpriced: [],
      providers: expect.arrayContaining([
        expect.objectContaining({ region: "ric1", price: expect.objectContaining({ isOwn: true }) }),
      ]),
    });
    for (const wrong of [
      { from: "2026-11-02" },
      { from: "2026-13-01" },
      { until: "2026-11-01" },
      { source: "http://example.com" },
      { region: "NYC 3" },
      { storagePerGib: -1 },
      { storagePerGib: 0.5 },
      { checkedOn: "yesterday" },
      { cold: { perGib: -1, retrievalPerGib: 0, minimumDays: 0 } },
    ])
      await expect(setPrice(on.db, { ...price, ...wrong }), JSON.stringify(wrong)).rejects.toMatchObject({
        code: "invalid_request",
      });
    // An own price goes before the list, whichever began earlier.
    await setPrice(on.db, { ...price, region: "nyc3", from: "2020-01-01", until: null, baseFee: 9_000_000 });
    expect((await read()).totalMicros).toBe(9_750_000);
  });

  it("has cold files that went before their time", async () => {
    await using on = await open(engine);
    const id = await store(on, {
      size: 720 * GiB,
      columns: { status: "archived", archived_at: new Date(Date.now() - 20 * 86_400_000) },
    });
    await sql`UPDATE file_storage SET status = 'deleting' WHERE id = ${id}`.execute(on.db);
    const month = new Date().toISOString().slice(0, 7);
    const hours = 24 * new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).getUTCDate();
    const { providers } = await on
      .at(new Date().toISOString())
      .costs.report(on.operator, { ...costs, month });
    // Ten days, 240 hours, of 720 GiB × $0.007.
    expect(providers[0]?.parts.cold).toBe(Math.round((720 * 240 * 7000) / hours));
  });

  it("stands beside what the vendor's bill says", async () => {
    await using on = await open(engine);
    await setActual(on.db, { month: "2026-10", providerName: "digitalocean_spaces", totalMicros: 7_310_000 });
    await setActual(on.db, { month: "2026-10", providerName: "digitalocean_spaces", egressBytes: 5 * GiB });
    const report = await on
      .at("2026-11-01T00:30:00Z")
      .costs.report(on.operator, { ...costs, month: "2026-10" });
    expect(report.actuals).toEqual([
      {
        providerName: "digitalocean_spaces",
        totalMicros: 7_310_000,
        egressBytes: 5 * GiB,
        estimatedMicros: 5_000_000,
        estimatedEgressBytes: 0,
      },
    ]);
    for (const wrong of [
      {},
      { totalMicros: 1, providerName: "nobody" },
      { totalMicros: 1, month: "2026-13" },
    ])
      await expect(
        setActual(on.db, { month: "2026-10", providerName: "s3", ...wrong }),
      ).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("is told to operators alone, and not of months that there are none", async () => {
    await using on = await open(engine);
    const { costs: asked } = on.at("2026-11-01T00:30:00Z");
    const me = { userId: on.userId };
    for (const ask of [asked.report(me, costs), asked.forecast(me), asked.whatIf(me, { olderThanDays: 1 })])
      await expect(ask).rejects.toMatchObject({ code: "forbidden" });
    await expect(asked.report(on.operator, { ...costs, month: "2026-00" })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});

describe.each(["postgres", "pglite"] as const)("what a month will cost (%s)", (engine) => {
  it("goes along the line of the last days, to the end of the month", async () => {
    await using on = await open(engine);
    // 300 GiB on the 1st, 10 GiB more each day; 100 GiB a day go out.
    await sql`INSERT INTO storage_sample_hours (hour, finished_at)
      SELECT h, h FROM generate_series('2026-11-01T00:00Z'::timestamptz, '2026-11-10T23:00Z', '1 hour') h`.execute(
      on.db,
    );
    await sql`INSERT INTO storage_bytes_days
      SELECT '2026-10-31'::date + n, ${on.providerId}, NULL, 'files', 'standard', b, b FROM generate_series(1, 10) n
      CROSS JOIN LATERAL (SELECT (290 + 10 * n) * 1073741824::numeric * 24 AS b) s`.execute(on.db);
    await sql`INSERT INTO storage_traffic_days
      SELECT '2026-10-31'::date + n, ${on.providerId}, NULL, 1, 100 * 1073741824::numeric, 0 FROM generate_series(1, 10) n`.execute(
      on.db,
    );
    const forecast = await on.at("2026-11-11T00:00:00Z").costs.forecast(on.operator);
    // So far 345 GiB on average for 240 hours: 95 × 240 ÷ 720 × $0.02 = $0.633333; 1000 GiB are included.
    // The line is at 390 GiB on the 10th, and half of 20 × 10 GiB more on average: 490 GiB, 480 hours.
    // (345 × 240 + 490 × 480) ÷ 720 − 250 = 191⅔ × $0.02 = $3.833333; 3000 GiB − 1024 = 1976 × $0.01 = $19.76.
    expect(forecast).toMatchObject({
      month: "2026-11",
      method: "trend",
      daysUsed: 10,
      hoursLeft: 480,
      soFarMicros: 5_633_333,
      totalMicros: { low: 28_593_333, expected: 28_593_333, high: 28_593_333 },
      providers: [{ providerId: on.providerId, totalMicros: { expected: 28_593_333 } }],
    });
  });

  it("says so where there is no past to go by", async () => {
    await using on = await open(engine);
    const nothing = await on.at("2026-11-11T00:30:00Z").costs.forecast(on.operator);
    expect(nothing).toMatchObject({
      method: "flat",
      daysUsed: 0,
      totalMicros: { low: 5_000_000, expected: 5_000_000, high: 5_000_000 },
    });
  });
});

describe.each(["postgres", "pglite"] as const)("what it would cost if files were cold (%s)", (engine) => {
  it("is of those that the rule means, and no others", async () => {
    await using on = await open(engine);
    const now = "2026-11-15T00:00:00Z";
    const ago = (days: number) => new Date(Date.parse(now) - days * 86_400_000);
    const file = (columns: Record<string, unknown>) => store(on, { size: 100 * GiB, columns });
    await file({ stored_at: ago(100) });
    await file({ stored_at: ago(100), last_accessed_at: ago(10) });
    await file({ stored_at: ago(100), content_type: "export_file" });
    await file({ stored_at: ago(10) });
    await file({ stored_at: ago(100), access_level: "public" });
    await file({ stored_at: ago(100), status: "quarantined" });
    await file({ stored_at: ago(100), status: "archived" });
    // Ends in ten days: twenty more are to be paid for.
    await file({ stored_at: ago(100), expires_at: ago(-10) });
    const { costs: asked } = on.at(now);
    const whatIf = async (rule: Parameters<typeof asked.whatIf>[1]) => {
      const { providers, savedMicros } = await asked.whatIf(on.operator, rule);
      const [first] = providers;
      return { ...first, savedMicros };
    };
    // 700 GiB are not cold: $5 + 450 × $0.02 = $14. Four go: $5 + 50 × $0.02 + 400 × $0.007 = $8.80,
    // 100 GiB fetched again $1, 100 GiB × 480 ÷ 720 × $0.007 = $0.466667.
    expect(await whatIf({ olderThanDays: 90 })).toMatchObject({
      files: 4,
      movedBytes: 400 * GiB,
      beforeMicros: 14_000_000,
      afterMicros: 10_266_667,
      retrievalMicros: 1_000_000,
      remainderMicros: 466_667,
      movingMicros: 4_000_000,
      savedMicros: 3_733_333,
    });
    expect(await whatIf({ notFetchedForDays: 30 })).toMatchObject({ files: 3, retrievalMicros: 0 });
    expect(await whatIf({ kind: "export_file" })).toMatchObject({ files: 1, remainderMicros: 0 });
    expect(await whatIf({ olderThanDays: 1000 })).toMatchObject({ files: 0, savedMicros: 0 });
  });

  it("is not known without a price", async () => {
    await using on = await open(engine);
    await on.db.updateTable("storage_providers").set({ region: "ric1" }).execute();
    await store(on, { size: 5 });
    expect(await on.at("2026-11-15T00:00:00Z").costs.whatIf(on.operator, { olderThanDays: 0 })).toMatchObject(
      {
        providers: [],
        savedMicros: 0,
        unknown: [{ providerId: on.providerId, reason: "no_price" }],
      },
    );
  });
});
