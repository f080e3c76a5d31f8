import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { inSlices } from "./in-slices.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Work that takes a millisecond for each item. */
function slowWork(done: number[]) {
  return (items: number[]) => {
    done.push(...items);
    vi.setSystemTime(Date.now() + items.length);
    vi.spyOn(performance, "now").mockReturnValue(done.length);
  };
}
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

it("does little at once, and much without holding the page", () => {
  const done: number[] = [];
  const slices = inSlices(slowWork(done), { batchSize: 2 });
  slices.push([0]);
  expect(done).toEqual([0]);

  slices.push(numbers(100));
  const first = done.length;
  expect(first).toBeLessThan(15);
  expect(slices.waiting()).toBe(101 - first);
  vi.runAllTimers();
  expect(done).toEqual([0, ...numbers(100)]);
  expect(slices.waiting()).toBe(0);
});

it("keeps the order, and goes on after work that failed", () => {
  const done: number[] = [];
  const slices = inSlices<number>(
    (items) => {
      if (items.includes(3)) throw new Error("no threes");
      done.push(...items);
    },
    { batchSize: 1, delayMs: 5 },
  );
  slices.push([1, 2, 3]);
  slices.push([4]);
  expect(done).toEqual([]);
  expect(() => vi.runAllTimers()).toThrow("no threes");
  vi.runAllTimers();
  expect(done).toEqual([1, 2, 4]);
});

it("drops what waits when it is stopped", () => {
  const done: number[] = [];
  const slices = inSlices<number>((items) => void done.push(...items), { batchSize: 1, delayMs: 5 });
  slices.push([1, 2]);
  slices.stop();
  vi.runAllTimers();
  expect(done).toEqual([]);
});
