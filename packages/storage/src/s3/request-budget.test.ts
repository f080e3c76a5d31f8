import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { bothBudgets, type Cause, createRequestBudget, type RequestBudget } from "./request-budget.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Asks this often at once; what went out so far is in the list. */
function ask(budget: RequestBudget, cause: Cause, count: number, gone: Cause[] = []): Cause[] {
  for (let index = 0; index < count; index++) void budget.take(cause).then(() => gone.push(cause));
  return gone;
}
const after = (ms: number) => vi.advanceTimersByTimeAsync(ms);

it("lets a burst of one second go at once, then the rate", async () => {
  const gone = ask(createRequestBudget(100), "request", 400);
  await after(0);
  expect(gone).toHaveLength(100);
  await after(1_000);
  expect(gone.length).toBeGreaterThanOrEqual(198);
  expect(gone.length).toBeLessThanOrEqual(201);
  await after(2_100);
  expect(gone).toHaveLength(400);
});

it("never lets a sweep starve users: theirs go first, and half of a burst is kept for them", async () => {
  const budget = createRequestBudget(100);
  const gone = ask(budget, "sweep", 1_000);
  await after(0);
  expect(gone.length).toBeLessThanOrEqual(51);
  const before = gone.length;
  ask(budget, "request", 45, gone);
  await after(0);
  // No wait at all, behind a thousand calls of a sweep.
  expect(gone.slice(before)).toEqual(Array.from({ length: 45 }, () => "request"));
  ask(budget, "request", 200, gone);
  const at = gone.length;
  await after(1_000);
  expect(gone.slice(at)).not.toContain("sweep");
  await after(30_000);
  expect(gone).toHaveLength(1_245);
});

it("gives a sweep the whole rate while no user asks", async () => {
  const gone = ask(createRequestBudget(100), "sweep", 500);
  await after(3_000);
  expect(gone.length).toBeGreaterThan(300);
});

it("halves the rate when the store asks to slow down, once for what was refused together, and recovers", async () => {
  const budget = createRequestBudget(100);
  const gone = ask(budget, "request", 100);
  await after(0);
  for (let index = 0; index < 20; index++) budget.settle({ isRepeat: false, isSlowDown: true });
  ask(budget, "request", 10_000, gone);
  await after(1_000);
  expect(gone.length - 100).toBeGreaterThan(45);
  expect(gone.length - 100).toBeLessThan(60);
  await after(29_000);
  const recovered = gone.length;
  await after(1_000);
  expect(gone.length - recovered).toBeGreaterThanOrEqual(98);
});

it("keeps sweeps away from a store that asks to slow down, longer each time, but not users", async () => {
  const budget = createRequestBudget(Number.POSITIVE_INFINITY, () => 1);
  budget.settle({ isRepeat: false, isSlowDown: true });
  const gone = ask(budget, "sweep", 1);
  ask(budget, "request", 5, gone);
  await after(990);
  expect(gone).toEqual(Array.from({ length: 5 }, () => "request"));
  await after(20);
  expect(gone).toContain("sweep");
  budget.settle({ isRepeat: false, isSlowDown: true });
  const later = ask(budget, "sweep", 1);
  await after(1_900);
  expect(later).toEqual([]);
  await after(200);
  expect(later).toEqual(["sweep"]);
});

it("keeps sweeps away from the last refusal on, also of those that count as one", async () => {
  const budget = createRequestBudget(Number.POSITIVE_INFINITY, () => 1);
  budget.settle({ isRepeat: false, isSlowDown: true });
  await after(400);
  budget.settle({ isRepeat: true, isSlowDown: true });
  const gone = ask(budget, "sweep", 1);
  await after(990);
  expect(gone).toEqual([]);
  await after(20);
  expect(gone).toEqual(["sweep"]);
});

it("counts attempts that were made behind its back", async () => {
  const budget = createRequestBudget(10);
  const gone = ask(budget, "request", 1);
  await after(0);
  for (let index = 0; index < 2; index++) budget.settle({ isRepeat: true, isSlowDown: false });
  ask(budget, "request", 20, gone);
  await after(0);
  expect(gone).toHaveLength(1 + 7);
});

it("lets whoever waits go when told to stop", async () => {
  const budget = createRequestBudget(10);
  ask(budget, "request", 10);
  const controller = new AbortController();
  const waiting = budget.take("sweep", controller.signal);
  controller.abort();
  await expect(waiting).rejects.toMatchObject({ code: "storage_unavailable" });
  await expect(budget.take("request", controller.signal)).rejects.toMatchObject({
    code: "storage_unavailable",
  });
  const gone = ask(budget, "request", 1);
  await after(200);
  expect(gone).toHaveLength(1);
});

it("holds to the limit of the address too, which buckets share", async () => {
  const client = createRequestBudget(100);
  const gone: Cause[] = [];
  for (const bucket of [createRequestBudget(80), createRequestBudget(80)])
    ask(bothBudgets(bucket, client), "request", 80, gone);
  await after(0);
  expect(gone).toHaveLength(100);
});
