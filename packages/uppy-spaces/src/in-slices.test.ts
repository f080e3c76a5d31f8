import { describe, expect, it } from "vitest";
import { inSlices } from "./in-slices.ts";

describe("inSlices", () => {
  it("works through everything in order, the first of it at once", async () => {
    const items = Array.from({ length: 130 }, (_, index) => index);
    const seen: number[] = [];
    const done = inSlices(items, (slice) => seen.push(...slice));
    expect(seen.length).toBeGreaterThan(0);
    await done;
    expect(seen).toEqual(items);
  });

  it("lets others have their turn when a slice has taken its time", async () => {
    const order: string[] = [];
    const done = inSlices(
      Array.from({ length: 75 }, (_, index) => index),
      (slice) => {
        order.push(`slice of ${slice.length}`);
        const until = performance.now() + 9;
        while (performance.now() < until);
      },
    );
    setTimeout(() => order.push("others"));
    await done;
    expect(order[0]).toBe("slice of 25");
    expect(order.filter((what) => what !== "others")).toHaveLength(3);
    expect(order.indexOf("others")).toBeLessThan(order.length - 1);
  });

  it("does nothing for nothing", async () => {
    await inSlices([], () => expect.unreachable());
  });
});
