import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { gather } from "./gather.ts";

describe("gather", () => {
  it("asks together what comes at once, and whatever comes meanwhile, a hundred at most", async () => {
    const asked: number[][] = [];
    const ask = gather<number, string>(async (questions) => {
      asked.push([...questions]);
      await wait(5);
      return questions.map(String);
    });
    const first = Promise.all([ask(0), ask(1)]);
    await wait(1);
    const others = Array.from({ length: 150 }, (_, index) => index + 2);
    const answers = await Promise.all(others.map(async (question) => await ask(question)));
    expect(await first).toEqual(["0", "1"]);
    expect(answers).toEqual(others.map(String));
    expect(asked.map(({ length }) => length)).toEqual([2, 100, 50]);
  });

  it("tells a failure to those who asked with it, and goes on", async () => {
    let times = 0;
    const ask = gather<number, number>(async (questions) => {
      times += 1;
      await wait(1);
      if (times === 2) throw new Error("the connection was lost");
      return questions;
    });
    const first = ask(1);
    await Promise.resolve();
    const ends = await Promise.allSettled([first, ask(2), ask(3)]);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(await ask(4)).toBe(4);
  });

  it("holds nobody up behind one that never ends", async () => {
    const ask = gather<string, string>(async (questions) => {
      if (questions.includes("stuck")) await new Promise(() => undefined);
      return questions;
    });
    void ask("stuck");
    await Promise.resolve();
    const since = performance.now();
    expect(await ask("next")).toBe("next");
    expect(performance.now() - since).toBeLessThan(2_000);
    // And the one after it waits for nothing.
    expect(await ask("after")).toBe("after");
  });
});
