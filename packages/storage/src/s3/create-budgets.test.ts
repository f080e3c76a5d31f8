import { expect, it } from "vitest";
import { type Budgets, createBudgets } from "./create-budgets.ts";

const limits = { bucket: 10, client: Number.POSITIVE_INFINITY };
const settings = { storeRequestShare: 1, storeRequestsPerSecond: undefined };
/** How many of these calls may go out at once. */
async function burstOf(budgets: ReturnType<Budgets>[], calls: number): Promise<number> {
  let gone = 0;
  for (let index = 0; index < calls; index++)
    for (const budget of budgets) void budget.take("request").then(() => gone++);
  // One turn, in which everything goes that need not wait.
  await new Promise((resolve) => setImmediate(resolve));
  return gone;
}

it("is one budget for a bucket, however often it is asked for, and another for another bucket", async () => {
  const address = { endpoint: "http://shared.test", bucket: "audio" };
  const budgets = createBudgets(settings);
  expect(await burstOf([budgets(address, limits), budgets(address, limits)], 10)).toBe(10);
  expect(await burstOf([budgets({ ...address, bucket: "other" }, limits)], 10)).toBe(10);
});

it("counts the buckets of one store together where the store counts the address", async () => {
  const budgets = createBudgets(settings);
  const ofBucket = (bucket: string) =>
    budgets({ endpoint: "http://store.test", bucket }, { bucket: 10, client: 15 });
  expect(await burstOf([ofBucket("a"), ofBucket("b")], 10)).toBe(15);
});

it("takes the share it is given of what the bucket takes, or is said to take", async () => {
  const address = (bucket: string) => ({ endpoint: "http://share.test", bucket });
  const half = createBudgets({ storeRequestShare: 0.5, storeRequestsPerSecond: undefined });
  expect(await burstOf([half(address("a"), limits)], 10)).toBe(5);
  const told = createBudgets({ storeRequestShare: 0.5, storeRequestsPerSecond: 4 });
  expect(await burstOf([told(address("b"), limits)], 10)).toBe(2);
});
