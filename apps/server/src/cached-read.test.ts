import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { createCachedRead } from "./cached-read.ts";

function reader(read: () => Promise<number>, ttlMs = 60_000) {
  const errors: unknown[] = [];
  const ask = createCachedRead(read, { ttlMs, timeoutMs: 50, onError: (error) => errors.push(error) });
  return { ask, errors };
}

it("reads once for all who ask at once, and not again while the answer is good", async () => {
  let reads = 0;
  const { ask } = reader(async () => ++reads);
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  expect(await ask()).toBe(1);
});

it("reads again once the answer is old", async () => {
  let reads = 0;
  const { ask } = reader(async () => ++reads, 0);
  await ask();
  expect(await ask()).toBe(2);
});

it("does not wait for one that hangs, begins no second one beside it, and takes up what it says at last", async () => {
  let reads = 0;
  const { promise, resolve } = Promise.withResolvers<number>();
  const { ask, errors } = reader(() => {
    reads++;
    return promise;
  });
  expect(await Promise.all([ask(), ask()])).toEqual([undefined, undefined]);
  expect(await ask()).toBeUndefined();
  expect([reads, errors.length]).toEqual([1, 1]);
  resolve(7);
  await delay(0);
  expect(await ask()).toBe(7);
});

it("says nothing for a failure, tells of the first in a row, and tries again", async () => {
  let isAway = true;
  const { ask, errors } = reader(async () => {
    if (isAway) throw new Error("away");
    return 1;
  }, 0);
  expect([await ask(), await ask()]).toEqual([undefined, undefined]);
  expect(errors).toHaveLength(1);
  isAway = false;
  expect(await ask()).toBe(1);
  isAway = true;
  await ask();
  expect(errors).toHaveLength(2);
});
