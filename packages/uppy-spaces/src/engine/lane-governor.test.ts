import { expect, it } from "vitest";
import { LaneGovernor } from "./lane-governor.ts";

/** Lets time pass over a link whose rate depends on the lanes, in bytes a millisecond. Numbers of lanes in turn. */
function drive(
  governor: LaneGovernor,
  rateOf: (lanes: number) => number,
  [from, to]: [number, number],
): number[] {
  const seen = [governor.lanes];
  for (let now = from; now < to; now += 50) {
    governor.sent(rateOf(governor.lanes) * 50);
    governor.observe(now, true);
    if (seen.at(-1) !== governor.lanes) seen.push(governor.lanes);
  }
  return seen;
}

const lossy = (lanes: number) => lanes * 1300;
const clean = () => 12_500;

it("begins with all lanes, and keeps them where each carries its share", () => {
  const governor = new LaneGovernor({ fewest: 6, most: 12 });
  expect(drive(governor, lossy, [0, 60_000])).toEqual([12, 10, 12, 10, 12]);
});

it("leaves everything as it is for the first while", () => {
  expect(drive(new LaneGovernor({ fewest: 6, most: 12 }), clean, [0, 15_000])).toEqual([12]);
});

it("gives lanes back where the link is full, down to one host's worth, and tries more later", () => {
  const governor = new LaneGovernor({ fewest: 6, most: 12 });
  expect(drive(governor, clean, [0, 40_000])).toEqual([12, 10, 8, 6]);
  expect(drive(governor, clean, [40_000, 70_000])).toEqual([6, 8, 6]);
});

it("stops where fewer would carry less", () => {
  const governor = new LaneGovernor({ fewest: 6, most: 12 });
  drive(governor, (lanes) => Math.min(lanes * 1300, 12_500), [0, 30_000]);
  expect(governor.lanes).toBe(10);
});

it("learns nothing while no part waits", () => {
  const governor = new LaneGovernor({ fewest: 6, most: 12 });
  for (let now = 0; now < 60_000; now += 50) {
    governor.sent(1000);
    governor.observe(now, now % 1000 !== 0);
  }
  expect(governor.lanes).toBe(12);
});

it("halves once for refusals that come together, keeps one lane, and grows again a little at a time", () => {
  const governor = new LaneGovernor({ fewest: 6, most: 12 });
  for (let now = 0; now < 1000; now += 100) governor.trouble(now);
  expect(governor.lanes).toBe(6);
  for (const now of [3000, 6000, 9000]) governor.trouble(now);
  expect(governor.lanes).toBe(1);
  expect(drive(governor, lossy, [9100, 39_000])).toEqual([1]);
  expect(drive(governor, lossy, [39_000, 65_000])).toEqual([1, 3, 5, 7, 9, 11, 12]);
});
