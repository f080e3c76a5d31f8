import { describe, expect, it } from "vitest";
import { RateMeter } from "./rate-meter.ts";

describe("RateMeter", () => {
  it("tells a steady rate, however often it is fed", () => {
    for (const every of [7, 50, 700]) {
      const meter = new RateMeter();
      for (let at = 0; at <= 10_000; at += every) meter.record(at, at * 1000);
      const rate = meter.bytesPerSecond(10_000);
      expect(rate).toBeGreaterThan(900_000);
      expect(rate).toBeLessThan(1_100_000);
    }
  });

  it("falls while nothing arrives, to 0", () => {
    const meter = new RateMeter();
    for (let at = 0; at <= 5000; at += 100) meter.record(at, at * 1000);
    const rates = [5000, 6000, 7000, 8000, 9000].map((now) => meter.bytesPerSecond(now));
    expect(rates).toEqual(rates.toSorted((a, b) => b - a));
    expect(meter.bytesPerSecond(11_000)).toBe(0);
  });

  it("is 0 before there is anything to tell a rate from, and after a part failed", () => {
    const meter = new RateMeter();
    expect(meter.bytesPerSecond(0)).toBe(0);
    meter.record(0, 100);
    expect(meter.bytesPerSecond(0)).toBe(0);
    meter.record(500, 1000);
    expect(meter.bytesPerSecond(500)).toBe(1800);
    meter.record(1000, 200);
    expect(meter.bytesPerSecond(1000)).toBe(0);
  });

  it("follows a rate that changes within seconds", () => {
    const meter = new RateMeter();
    let bytes = 0;
    for (let at = 0; at <= 20_000; at += 100) {
      bytes += at < 10_000 ? 1000 : 10_000;
      meter.record(at, bytes);
    }
    expect(meter.bytesPerSecond(20_000)).toBeGreaterThan(95_000);
  });
});
