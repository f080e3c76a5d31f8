import { expect, it } from "vitest";
import type { FromWorker } from "./engine-messages.ts";
import { createVitalSign } from "./vital-sign.ts";

const isFree = (name: string) =>
  navigator.locks.request(name, { ifAvailable: true }, (granted) => granted !== null);

it("holds the page's lock from when it is asked until it is told to let go", async () => {
  const said: FromWorker[] = [];
  const show = createVitalSign((message) => said.push(message), navigator.locks);
  show({ type: "hold", name: "alive" });
  await expect.poll(() => said).toEqual([{ type: "holding", name: "alive" }]);
  // Asked once more: its answer may be late.
  show({ type: "hold", name: "alive" });
  expect(said).toHaveLength(2);
  expect(await isFree("alive")).toBe(false);
  show({ type: "let-go", name: "alive" });
  await expect.poll(() => isFree("alive")).toBe(true);
});

it("answers also where there are no locks", () => {
  const said: FromWorker[] = [];
  createVitalSign((message) => said.push(message), undefined)({ type: "hold", name: "alive" });
  expect(said).toEqual([{ type: "holding", name: "alive" }]);
});
