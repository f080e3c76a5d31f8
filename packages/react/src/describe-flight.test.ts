import { describe, expect, it } from "vitest";
import { describeCause, describeEvent, formatMs } from "./describe-flight.ts";

describe("describeEvent", () => {
  it("says what happened in one line", () => {
    const event = { atMs: 1400, phase: "network", part: 3 } as const;
    expect(describeEvent({ ...event, kind: "stored", ms: 820, bytes: 5 * 1024 * 1024 })).toBe(
      "1.4\u00a0s · Stored · part 3 · 5 MB · after 820\u00a0ms",
    );
    expect(describeEvent({ ...event, kind: "refused", cause: "http-503" })).toBe(
      "1.4\u00a0s · Did not work · part 3 · The storage was too busy",
    );
    expect(describeEvent({ atMs: 5, phase: "retrying", kind: "waiting", ms: 90_000 })).toBe(
      "5\u00a0ms · Waits · for 1\u00a0min 30\u00a0s",
    );
  });
});

describe("describeCause", () => {
  it("names the status that nobody thought of", () => {
    expect(describeCause("http-418")).toBe("The storage refused (418)");
  });
});

describe("formatMs", () => {
  it("keeps to the unit that matters", () => {
    expect([0, 999, 1000, 59_949, 60_000].map((ms) => formatMs(ms))).toEqual([
      "0\u00a0ms",
      "999\u00a0ms",
      "1.0\u00a0s",
      "59.9\u00a0s",
      "1\u00a0min 0\u00a0s",
    ]);
  });
});
