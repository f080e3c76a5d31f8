import { expect, it } from "vitest";
import { LaneGovernor } from "./lane-governor.ts";

/** Lets time pass over a link whose rate depends on the lanes; bytes a millisecond. */
function drive(
  governor: LaneGovernor,
  rateOf: (lanes: number) => number,
  seconds: number,
  from = 0,
): number[] {
  const seen = [governor.lanes];
  for (let now = from; now < from + seconds * 1000; now += 50) {
    governor.sent(rateOf(governor.lanes) * 50);
    governor.observe(now, true);
    if (seen.at(-1) !== governor.lanes) seen.push(governor.lanes);
  }
  return seen;
}

it("takes more lanes as long as each carries its share", () => {
  const governor = new LaneGovernor({ start: 6, most: 11 });
  expect(drive(governor, (lanes) => lanes * 1300, 15)).toEqual([6, 8, 10, 11]);
});

it("gives lanes back that carry nothing more, and tries again later", () => {
  const governor = new LaneGovernor({ start: 6, most: 12 });
  expect(drive(governor, () => 12_500, 25)).toEqual([6, 8, 6]);
  expect(drive(governor, () => 12_500, 15, 25_000)).toEqual([6, 8, 6]);
});

it("stops where the link is full", () => {
  const governor = new LaneGovernor({ start: 6, most: 12 });
  drive(governor, (lanes) => Math.min(lanes * 1300, 10_600), 20);
  expect(governor.lanes).toBe(8);
});

it("learns nothing while lanes are idle", () => {
  const governor = new LaneGovernor({ start: 6, most: 12 });
  for (let now = 0; now < 30_000; now += 50) {
    governor.sent(1000);
    governor.observe(now, now % 1000 !== 0);
  }
  expect(governor.lanes).toBe(6);
});

it("halves once for refusals that come together, keeps one lane, and grows again only after a while", () => {
  const governor = new LaneGovernor({ start: 6, most: 12 });
  for (let now = 0; now < 1000; now += 100) governor.trouble(now);
  expect(governor.lanes).toBe(3);
  governor.trouble(3000);
  governor.trouble(6000);
  expect(governor.lanes).toBe(1);
  expect(drive(governor, (lanes) => lanes * 1300, 19, 6100)).toEqual([1]);
  expect(drive(governor, (lanes) => lanes * 1300, 30, 25_100).at(-1)).toBe(12);
});
