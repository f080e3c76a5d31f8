import { describe, expect, it } from "vitest";
import { ReadOnce } from "./read-once.ts";

const MiB = 1024 * 1024;

const fast = () => new ReadOnce({ speed: { verdict: "fast" } });

describe("ReadOnce", () => {
  it("keeps what is small from the start, and parts only while much is sent", () => {
    const speed: { verdict: "unknown" | "fast" | "slow" } = { verdict: "unknown" };
    const reading = new ReadOnce({ speed });
    expect([reading.take(10_000), reading.take(5 * MiB)]).toEqual([true, false]);
    speed.verdict = "fast";
    expect(reading.take(5 * MiB)).toBe(true);
    speed.verdict = "slow";
    expect(reading.take(5 * MiB)).toBe(false);
  });

  it("holds so much at a time, and again what was given back", () => {
    const reading = fast();
    const taken = Array.from({ length: 30 }, () => reading.take(16 * MiB)).filter(Boolean);
    expect(taken).toHaveLength(12);
    reading.giveBack(16 * MiB);
    expect([reading.take(16 * MiB), reading.take(16 * MiB)]).toEqual([true, false]);
    expect(fast().take(17 * MiB)).toBe(false);
  });

  it("reads twice for good where the browser is slow to take bytes", () => {
    const reading = fast();
    reading.taken(5 * MiB, 5);
    expect(reading.take(5 * MiB)).toBe(true);
    reading.taken(5 * MiB, 400);
    reading.taken(5 * MiB, 5);
    expect(reading.take(5 * MiB)).toBe(true);
    reading.taken(5 * MiB, 400);
    reading.taken(5 * MiB, 400);
    expect([reading.take(5 * MiB), reading.take(10)]).toEqual([false, false]);
  });
});
