import { expect, it } from "vitest";
import { nextTask } from "./next-task.ts";

it("lets in what has arrived, however long somebody goes on", async () => {
  const { port1, port2 } = new MessageChannel();
  let isHeard = false;
  port1.onmessage = () => {
    isHeard = true;
  };
  port2.postMessage(null);
  for (let turn = 0; turn < 100_000 && !isHeard; turn++) await nextTask();
  port1.close();
  expect(isHeard).toBe(true);
});

it("keeps the order of those who wait", async () => {
  const seen: number[] = [];
  const waits = [1, 2, 3].map((who) => nextTask().then(() => seen.push(who)));
  expect(seen).toEqual([]);
  await Promise.all(waits);
  expect(seen).toEqual([1, 2, 3]);
});
