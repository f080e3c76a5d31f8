import { expect, it } from "vitest";
import { createAwayStores, STORE_AWAY_MS } from "./away-stores.ts";

it("finds a store away after failures in a row, for a while, and then after one more", () => {
  let time = 0;
  const stores = createAwayStores(() => time);
  const fail = (times: number) => {
    for (let n = 0; n < times; n++) stores.failed("one");
  };
  fail(3);
  expect(stores.isAway("one")).toBe(false);
  stores.answered("one");
  fail(3);
  expect(stores.isAway("one")).toBe(false);
  fail(1);
  expect([stores.isAway("one"), stores.isAway("other")]).toEqual([true, false]);
  expect(stores.list()).toEqual(["one"]);
  time += STORE_AWAY_MS;
  expect(stores.isAway("one")).toBe(false);
  expect(stores.list()).toEqual([]);
  fail(1);
  expect(stores.isAway("one")).toBe(true);
  stores.answered("one");
  expect(stores.isAway("one")).toBe(false);
});
