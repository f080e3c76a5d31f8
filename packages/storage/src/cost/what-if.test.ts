import { describe, expect, it } from "vitest";
import { coldRemainder } from "./cold-remainder.ts";
import { PRICE_LIST } from "./price-list.ts";
import { type Movable, whatIf } from "./what-if.ts";

const GiB = 1024n ** 3n;
const month = { name: "2026-11", hours: 720 };
const provider = { id: "p", providerName: "digitalocean_spaces", region: "nyc3" };
const movable = (change: Partial<Movable>): Movable => ({
  provider,
  files: 7,
  heldBytes: 1000n * GiB,
  movedBytes: 0n,
  fetchedBytes: 0n,
  remainderByteHours: 0n,
  ...change,
});

describe("moving files to cold storage, by hand", () => {
  it("saves 1.3 cents a GiB beyond the allowance", () => {
    // Now $5 + 750 × $0.02 = $20. Then $5 + 250 × $0.02 + 500 × $0.007 = $13.50. Moving 500 × $0.01 = $5.
    expect(whatIf(movable({ movedBytes: 500n * GiB }), PRICE_LIST, month)).toEqual({
      providerId: "p",
      files: 7,
      movedBytes: 500n * GiB,
      before: 20_000_000n,
      after: 13_500_000n,
      retrieval: 0n,
      remainder: 0n,
      moving: 5_000_000n,
    });
  });

  it("costs more where the allowance has paid for it", () => {
    // $5 before; $5 + 100 × $0.007 after.
    const all = whatIf(movable({ heldBytes: 200n * GiB, movedBytes: 100n * GiB }), PRICE_LIST, month);
    expect(all).toMatchObject({ before: 5_000_000n, after: 5_700_000n });
  });

  it("pays for what is fetched, and for what goes before its time", () => {
    // 50 GiB × $0.01 = $0.50; 10 GiB for 360 of 720 hours × $0.007 = $0.035.
    const all = whatIf(
      movable({ movedBytes: 500n * GiB, fetchedBytes: 50n * GiB, remainderByteHours: 10n * GiB * 360n }),
      PRICE_LIST,
      month,
    );
    expect(all).toMatchObject({ retrieval: 500_000n, remainder: 35_000n, after: 14_035_000n });
  });

  it("is not known where no price is, or nothing is cold", () => {
    const away = movable({ provider: { ...provider, region: "ric1" } });
    expect(whatIf(away, PRICE_LIST, month)).toBeUndefined();
    const prices = PRICE_LIST.map((price) => ({ ...price, cold: null }));
    expect(whatIf(movable({}), prices, month)).toBeUndefined();
  });
});

it("keeps cold bytes on the bill for 30 days", () => {
  const archivedAt = new Date("2026-11-01T00:00:00Z");
  const remainder = (leftAt: string) => coldRemainder({ size: 10, archivedAt, leftAt: new Date(leftAt) }, 30);
  expect(remainder("2026-11-01T00:00:00Z")).toBe(10n * 720n);
  expect(remainder("2026-11-11T00:30:00Z")).toBe(10n * 480n);
  expect(remainder("2026-12-01T00:00:00Z")).toBe(0n);
  expect(remainder("2027-03-01T00:00:00Z")).toBe(0n);
});
