import { expect, it } from "vitest";
import { type AskAdmin, shareReads } from "./ask-admin.ts";

/** Answers when told to; rejects when given up. */
function heldAsk() {
  const asked: { path: string; answer: (body: unknown) => void; signal: AbortSignal | undefined }[] = [];
  const ask: AskAdmin = (path, _query, { signal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
      asked.push({ path, signal, answer: (body) => resolve(Response.json(body)) });
    });
  return { ask, asked };
}

it("asks once for what several figures are made of, and anew once it was answered", async () => {
  const { ask, asked } = heldAsk();
  const read = shareReads(ask);
  const both = [read("jobs", {}), read("jobs", {}), read("jobs", { limit: "1" })];
  expect(asked).toHaveLength(2);
  for (const { answer } of asked) answer({ queues: [] });
  expect(await Promise.all(both)).toEqual([{ queues: [] }, { queues: [] }, { queues: [] }]);
  void read("jobs", {});
  expect(asked).toHaveLength(3);
});

it("gives up when the last has left, and no sooner", async () => {
  const { ask, asked } = heldAsk();
  const read = shareReads(ask);
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = Promise.allSettled([read("jobs", {}, first.signal), read("jobs", {}, second.signal)]);
  first.abort();
  expect(asked[0]?.signal?.aborted).toBe(false);
  second.abort();
  expect(asked[0]?.signal?.aborted).toBe(true);
  expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  void read("jobs", {});
  expect(asked).toHaveLength(2);
});

it("fails for all who asked, and is asked anew after that", async () => {
  let times = 0;
  const read = shareReads(async () => {
    times += 1;
    throw new Error("away");
  });
  await expect(Promise.all([read("jobs", {}), read("jobs", {})])).rejects.toThrow("away");
  await expect(read("jobs", {})).rejects.toThrow("away");
  expect(times).toBe(2);
});
