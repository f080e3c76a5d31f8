import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { inSlices } from "./in-slices.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Until messages that were sent have come. */
const messages = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Work that takes a millisecond for each item. */
function slowWork(done: number[]) {
  return (items: number[]) => {
    done.push(...items);
    vi.setSystemTime(Date.now() + items.length);
    vi.spyOn(performance, "now").mockReturnValue(done.length);
  };
}
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

it("does little at once, and much without holding the page or waiting for timers", async () => {
  const done: number[] = [];
  const slices = inSlices(slowWork(done), { batchSize: 2 });
  slices.push([0]);
  expect(done).toEqual([0]);

  slices.push(numbers(100));
  const first = done.length;
  expect(first).toBeLessThan(15);
  expect(slices.waiting()).toBe(101 - first);
  await vi.waitFor(() => expect(done).toEqual([0, ...numbers(100)]));
  expect(vi.getTimerCount()).toBe(0);
  expect(slices.waiting()).toBe(0);
});

it("keeps the order, and goes on after work that failed", async () => {
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
  await messages();
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

it("drops what waits for its next slice, and does what comes after", async () => {
  const done: number[] = [];
  const slices = inSlices(slowWork(done), { batchSize: 1 });
  slices.push(numbers(100));
  const first = done.length;
  slices.stop();
  expect(slices.waiting()).toBe(0);
  slices.push([1000]);
  await messages();
  await messages();
  expect(done).toEqual([...numbers(first), 1000]);
});
