import { describe, expect, it } from "vitest";
import { LinkSpeed } from "./link-speed.ts";

const MiB = 1024 * 1024;

describe("LinkSpeed", () => {
  it("says nothing before it has measured for a quarter of a second", () => {
    const speed = new LinkSpeed();
    expect([speed.sent(0, 1000), speed.sent(50 * MiB, 1249), speed.verdict]).toEqual([
      false,
      false,
      "unknown",
    ]);
    expect([speed.sent(0, 1250), speed.verdict]).toEqual([true, "fast"]);
  });

  it("measures anew each time, and tells when it changes", () => {
    const speed = new LinkSpeed();
    speed.sent(0, 0);
    expect([speed.sent(10 * MiB, 500), speed.verdict]).toEqual([true, "slow"]);
    expect([speed.sent(10 * MiB, 1000), speed.verdict]).toEqual([false, "slow"]);
    expect([speed.sent(30 * MiB, 1500), speed.verdict]).toEqual([true, "fast"]);
  });
});
