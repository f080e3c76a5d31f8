import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_ATTEMPTS, retryDelayMs } from "./retry-schedule.ts";

const HOUR = 3_600_000;

it("waits longer each time, up to four hours, about two days in all", () => {
  const waits = Array.from({ length: MAX_ATTEMPTS - 1 }, (_, index) =>
    retryDelayMs(index + 1, undefined, 0.5),
  );
  expect(waits.slice(0, 4)).toEqual([5_000, 15_000, 45_000, 135_000]);
  expect(waits.at(-1)).toBe(4 * HOUR);
  const all = waits.reduce((sum, wait) => sum + wait, 0);
  expect(all).toBeGreaterThan(40 * HOUR);
  expect(all).toBeLessThan(56 * HOUR);
});

it("keeps within a quarter of the plan by chance, and heeds what the endpoint asks for within bounds", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.option(fc.integer({ min: 0, max: 100 * HOUR }), { nil: undefined }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempts, asked, random) => {
        const plan = Math.min(5_000 * 3 ** (attempts - 1), 4 * HOUR);
        const wait = retryDelayMs(attempts, asked, random);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(plan * 0.75));
        expect(wait).toBeGreaterThanOrEqual(Math.min(asked ?? 0, 4 * HOUR));
        expect(wait).toBeLessThanOrEqual(Math.ceil(Math.max(plan * 1.25, 4 * HOUR)));
      },
    ),
  );
});
