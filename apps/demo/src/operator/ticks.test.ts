import { expect, it } from "vitest";
import { durationTicks, timeTick, withRoom } from "./ticks.ts";

it.each([
  [0, [0, 1]],
  [3, [0, 1, 2, 3]],
  [45, [0, 20, 40, 60]],
  [25_000, [0, 10_000, 20_000, 30_000]],
  [170_000, [0, 60_000, 120_000, 180_000]],
  [9 * 86_400_000, [0, 3, 6, 9].map((days) => days * 86_400_000)],
])("steps up to %d ms as people count time", (highest, ticks) => {
  expect(durationTicks(highest)).toEqual(ticks);
});

it("names hours, days and months", () => {
  const day = 86_400_000;
  expect(timeTick(new Date("2026-11-08T14:00:00Z"), 3_600_000)).toBe("14:00");
  expect(timeTick(new Date("2026-11-08T00:00:00Z"), 3_600_000)).toBe("Nov 8");
  expect(timeTick(new Date("2026-11-01T00:00:00Z"), day)).toBe("Nov 1");
  expect(timeTick(new Date("2026-11-01T00:00:00Z"), 30 * day)).toBe("Nov 2026");
});

it("leaves out what has no room", () => {
  expect(withRoom([0, 10, 50, 90, 100], (x) => x, 40)).toEqual([0, 50, 90]);
  expect(withRoom([], () => 0, 40)).toEqual([]);
});
