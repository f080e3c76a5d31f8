import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Estimate, forecastUse, methodOf } from "./forecast.ts";

const ESTIMATES: Estimate[] = ["low", "expected", "high"];
const held = (...bytes: number[]) => [{ providerId: "p", storageClass: "standard", bytes }] as const;
const sent = (...bytes: number[]) => [{ providerId: "p", bytes }];
const byteHours = (bytes: number[], hoursLeft: number) =>
  ESTIMATES.map((estimate) =>
    Number(forecastUse({ held: held(...bytes), sent: [] }, hoursLeft, estimate).storage[0]?.byteHours),
  );
const egress = (bytes: number[], hoursLeft: number) =>
  ESTIMATES.map((estimate) =>
    Number(forecastUse({ held: [], sent: sent(...bytes) }, hoursLeft, estimate).traffic[0]?.egressBytes),
  );

describe("what is still to come", () => {
  it("goes on as it is where nothing moves, and the range is nothing", () => {
    expect(byteHours([500, 500, 500, 500], 48)).toEqual([24_000, 24_000, 24_000]);
    expect(egress([70, 70, 70], 240)).toEqual([700, 700, 700]);
  });

  it("follows a line: 100 more each day", () => {
    // From 1300: in 24 hours on average 50 more, in the next 24 150 more.
    expect(byteHours([1000, 1100, 1200, 1300], 48)).toEqual([67_200, 67_200, 67_200]);
  });

  it("ends at nothing where it falls", () => {
    // From 100 to 0 within a day: 50 on average.
    expect(byteHours([300, 200, 100], 240)).toEqual([1200, 1200, 1200]);
  });

  it("is wide after two days: bytes stay, and may double; nothing or twice as much goes out", () => {
    expect(byteHours([100, 400], 10)).toEqual([4000, 4000, 8000]);
    expect(egress([100, 200], 48)).toEqual([0, 300, 600]);
    expect(methodOf(held(1, 2))).toBe("flat");
    expect(methodOf(held(1, 2, 3))).toBe("trend");
  });

  it("is nothing at the end of the month, and of what there is nothing of", () => {
    expect(byteHours([100, 200, 300], 0)).toEqual([0, 0, 0]);
    expect(byteHours([], 100)).toEqual([0, 0, 0]);
    expect(egress([], 100)).toEqual([0, 0, 0]);
  });

  it("lies within its range, which never begins below nothing, for any past", () => {
    const past = fc.array(fc.integer({ min: 0, max: 2 ** 50 }), { maxLength: 20 });
    fc.assert(
      fc.property(past, fc.integer({ min: 0, max: 744 }), (bytes, hoursLeft) => {
        for (const [low = 0, expected = 0, high = 0] of [
          byteHours(bytes, hoursLeft),
          egress(bytes, hoursLeft),
        ]) {
          expect(low).toBeGreaterThanOrEqual(0);
          expect(low).toBeLessThanOrEqual(expected);
          expect(expected).toBeLessThanOrEqual(high);
        }
      }),
    );
  });
});
