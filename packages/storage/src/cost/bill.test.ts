import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { billMonth } from "./bill.ts";
import type { Charge } from "./charge.ts";
import type { Price } from "./price.ts";
import { PRICE_LIST } from "./price-list.ts";
import type { PricedProvider, StorageUse, TrafficUse } from "./use.ts";

const GiB = 1024n ** 3n;
const HOURS = 720;
const november = { name: "2026-11", hours: HOURS, hoursPassed: HOURS };
const nyc: PricedProvider = { id: "nyc", providerName: "digitalocean_spaces", region: "nyc3" };
const fra: PricedProvider = { ...nyc, id: "fra", region: "fra1" };

const held = (byteHours: bigint, more: Partial<StorageUse> = {}): StorageUse => ({
  providerId: "nyc",
  workspaceId: null,
  kind: "files",
  storageClass: "standard",
  byteHours,
  ...more,
});
const allMonth = (gib: bigint, more?: Partial<StorageUse>) => held(gib * GiB * BigInt(HOURS), more);
const sent = (egressBytes: bigint, more: Partial<TrafficUse> = {}): TrafficUse => ({
  providerId: "nyc",
  workspaceId: null,
  egressBytes,
  retrievedBytes: 0n,
  reads: 0n,
  writes: 0n,
  ...more,
});
const sumOf = (charges: readonly Charge[], of: (charge: Charge) => boolean = () => true) =>
  charges.filter(of).reduce((sum, { micros }) => sum + micros, 0n);
const bill = (
  use: { storage?: StorageUse[]; traffic?: TrafficUse[] },
  options: { providers?: PricedProvider[]; prices?: readonly Price[]; month?: typeof november } = {},
) =>
  billMonth(
    { storage: use.storage ?? [], traffic: use.traffic ?? [] },
    options.providers ?? [nyc],
    options.prices ?? PRICE_LIST,
    options.month ?? november,
  );
const byPart = (charges: readonly Charge[]) =>
  Object.fromEntries(
    [...Map.groupBy(charges, ({ part }) => part)].map(([part, some]) => [part, Number(sumOf(some))]),
  );

describe("a month at DigitalOcean, by hand", () => {
  it("is $5 with nothing stored, and with all that the fee includes", () => {
    expect(byPart(bill({}).charges)).toEqual({ base: 5_000_000 });
    const included = { storage: [allMonth(250n)], traffic: [sent(1024n * GiB)] };
    expect(byPart(bill(included).charges)).toEqual({ base: 5_000_000 });
  });

  it("is 2 cents a GiB and a cent a GiB sent beyond that", () => {
    // 750 GiB × $0.02 = $15; 76 GiB × $0.01 = $0.76.
    const { charges } = bill({ storage: [allMonth(1000n)], traffic: [sent(1100n * GiB)] });
    expect(byPart(charges)).toEqual({ base: 5_000_000, storage: 15_000_000, egress: 760_000 });
  });

  it("counts by the hour: 1000 GiB for ten of thirty days are 333⅓ for all of them", () => {
    // 83⅓ GiB beyond the allowance × $0.02 = $1.666667.
    const { charges } = bill({ storage: [held(1000n * GiB * 240n)] });
    expect(byPart(charges)).toEqual({ base: 5_000_000, storage: 1_666_667 });
  });

  it("has for half a month half the allowance of storage", () => {
    // 1000 GiB for 360 h; 250 GiB × 360 h are included: 750 × 360 ÷ 720 × $0.02 = $7.50.
    const month = { ...november, hoursPassed: 360 };
    expect(byPart(bill({ storage: [held(1000n * GiB * 360n)] }, { month }).charges)).toMatchObject({
      storage: 7_500_000,
    });
  });

  it("has no allowance for what is cold, and a price for fetching it", () => {
    // 100 GiB × $0.007 = $0.70; 10 GiB × $0.01 = $0.10.
    const { charges } = bill({
      storage: [allMonth(100n, { storageClass: "cold" })],
      traffic: [sent(10n * GiB, { retrievedBytes: 10n * GiB })],
    });
    expect(byPart(charges)).toEqual({ base: 5_000_000, cold: 700_000, retrieval: 100_000 });
  });

  it("counts what nobody sees, and puts it on no workspace", () => {
    // 300 GiB of files and 100 GiB of parts: 150 GiB beyond × $0.02 = $3, a quarter of it and of the fee for the parts.
    const { charges } = bill({
      storage: [
        allMonth(300n, { workspaceId: "a" }),
        allMonth(60n, { kind: "incomplete_parts" }),
        allMonth(30n, { kind: "old_versions" }),
        allMonth(10n, { kind: "orphans" }),
      ],
    });
    expect(byPart(charges)).toEqual({ base: 5_000_000, storage: 3_000_000 });
    expect(sumOf(charges, ({ payer }) => payer.scope === "overhead")).toBe(2_000_000n);
    expect(sumOf(charges, ({ kind }) => kind === "incomplete_parts")).toBe(450_000n);
  });

  it("is one bill for two regions: one fee, one allowance", () => {
    // 400 GiB in all, 150 beyond × $0.02 = $3; three quarters of it in New York.
    const { charges } = bill(
      { storage: [allMonth(300n), allMonth(100n, { providerId: "fra" })] },
      { providers: [nyc, fra] },
    );
    expect(byPart(charges)).toEqual({ base: 5_000_000, storage: 3_000_000 });
    expect(sumOf(charges, ({ providerId }) => providerId === "nyc")).toBe(6_000_000n);
  });

  it("has requests where a vendor counts them", () => {
    // 3 million reads × $0.40 + half a million writes × $5 = $3.70.
    const prices = PRICE_LIST.map((price) => ({
      ...price,
      readsPerMillion: 400_000,
      writesPerMillion: 5_000_000,
    }));
    const { charges } = bill({ traffic: [sent(0n, { reads: 3_000_000n, writes: 500_000n })] }, { prices });
    expect(byPart(charges)).toMatchObject({ requests: 3_700_000 });
  });
});

describe("a bill", () => {
  it("says where nobody knows a price, and takes nothing for it", () => {
    const away: PricedProvider = { id: "away", providerName: "s3", region: "us-east-1" };
    const { charges, unpriced } = bill(
      { storage: [allMonth(300n), allMonth(300n, { providerId: "away" })] },
      { providers: [nyc, away] },
    );
    expect(unpriced).toEqual([away]);
    // 50 GiB beyond: nothing of the other bucket has used up the allowance.
    expect(byPart(charges)).toEqual({ base: 5_000_000, storage: 1_000_000 });
  });

  it("goes by the price of its month", () => {
    const [first] = PRICE_LIST.filter(({ region }) => region === "nyc3");
    if (first === undefined) throw new Error("no price");
    const prices = [
      { ...first, until: "2026-12-01" },
      { ...first, from: "2026-12-01", baseFee: 6_000_000 },
    ];
    expect(byPart(bill({}, { prices }).charges)).toEqual({ base: 5_000_000 });
    const december = { name: "2026-12", hours: 744, hoursPassed: 744 };
    expect(byPart(bill({}, { prices, month: december }).charges)).toEqual({ base: 6_000_000 });
    const before = { name: "2023-12", hours: 744, hoursPassed: 744 };
    expect(bill({}, { month: before })).toEqual({ charges: [], unpriced: [nyc] });
  });

  it("adds up to the last millionth, whoever has how much of what", () => {
    const size = fc.bigInt({ min: 0n, max: 2n ** 62n });
    const owner = fc.option(fc.constantFrom("a", "b", "c", "d", "e"), { nil: null });
    const at = fc.constantFrom("nyc", "fra");
    const storage = fc.record({
      providerId: at,
      workspaceId: owner,
      kind: fc.constantFrom("files", "incomplete_parts", "old_versions", "orphans", "copies", "cold_minimum"),
      storageClass: fc.constantFrom("standard", "cold"),
      byteHours: size,
    });
    const traffic = fc.record({
      providerId: at,
      workspaceId: owner,
      egressBytes: size,
      retrievedBytes: size,
      reads: size,
      writes: size,
    });
    fc.assert(
      fc.property(
        fc.array(storage, { maxLength: 30 }),
        fc.array(traffic, { maxLength: 10 }),
        (stored, flows) => {
          const prices = PRICE_LIST.map((price) => ({ ...price, readsPerMillion: 7 }));
          const use = { storage: stored as StorageUse[], traffic: flows };
          const options = { providers: [nyc, fra], prices };
          const { charges } = bill(use, options);
          const total = sumOf(charges);
          expect(charges.every(({ micros }) => micros >= 0n)).toBe(true);
          const groupings: ((charge: Charge) => string)[] = [
            ({ providerId }) => providerId,
            ({ payer }) => JSON.stringify(payer),
            ({ part }) => part,
          ];
          for (const grouping of groupings) {
            const sums = [...Map.groupBy(charges, grouping).values()].map((some) => sumOf(some));
            expect(sums.reduce((sum, some) => sum + some, 0n)).toBe(total);
          }
          // The whole is what it would be if one had it all: sharing out makes nothing dearer.
          const merged = bill(
            {
              storage: stored.map((one) => ({
                ...one,
                workspaceId: null,
                kind: "files" as const,
              })) as StorageUse[],
              traffic: flows.map((one) => ({ ...one, workspaceId: null })),
            },
            options,
          );
          expect(sumOf(merged.charges)).toBe(total);
        },
      ),
      { numRuns: 300 },
    );
  });
});
