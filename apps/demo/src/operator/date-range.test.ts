import { describe, expect, it } from "vitest";
import { askedRange, lastDays, rangeIn, shownRange } from "./date-range.ts";

const NOW = new Date("2026-11-30T15:00:00Z");

describe("the range of dates in the address", () => {
  it("is the API's own where nothing is said", () => {
    expect(askedRange(rangeIn(""), NOW)).toEqual({ ok: true, by: "day", query: {} });
  });

  it("has its last day in it", () => {
    expect(askedRange(rangeIn("?from=2026-11-01&to=2026-11-07"), NOW)).toEqual({
      ok: true,
      by: "day",
      query: { from: "2026-11-01T00:00:00.000Z", to: "2026-11-08T00:00:00.000Z" },
    });
  });

  it("has half of it from now", () => {
    expect(askedRange({ from: "2026-11-29", to: "" }, NOW)).toMatchObject({
      by: "hour",
      query: { to: "2026-11-30T15:00:00.000Z" },
    });
    expect(askedRange({ from: "", to: "2026-11-30" }, NOW)).toMatchObject({
      query: { from: "2026-11-01T00:00:00.000Z" },
    });
  });

  it.each([
    ["2026-11-28", "2026-11-30", "hour"],
    ["2026-11-27", "2026-11-30", "day"],
    ["2025-10-27", "2026-11-30", "day"],
    ["2025-10-26", "2026-11-30", "month"],
  ])("from %s to %s is shown by the %s", (from, to, by) => {
    expect(askedRange({ from, to }, NOW)).toMatchObject({ ok: true, by });
  });

  it.each([
    ["2026-02-31", ""],
    ["yesterday", ""],
    ["2026-11-30", "2026-11-01"],
    ["2027-01-01", ""],
    ["2019-01-01", "2026-11-30"],
    ["2026-11-01T00:00:00Z", ""],
    ["+010000-01-01", ""],
  ])("refuses from %j to %j in words", (from, to) => {
    const asked = askedRange({ from, to }, NOW);
    expect(asked).toEqual({ ok: false, problem: expect.stringMatching(/\.$/) });
  });

  it("is told also where the address says nothing", () => {
    expect(shownRange({ from: "", to: "" }, NOW)).toEqual(lastDays(30, NOW));
    expect(shownRange({ from: "2026-11-09", to: "" }, NOW)).toEqual({ from: "2026-11-09", to: "2026-11-30" });
    expect(shownRange({ from: "", to: "2026-01-31" }, NOW)).toEqual({ from: "2026-01-02", to: "2026-01-31" });
    expect(shownRange({ from: "", to: "nonsense" }, NOW)).toEqual({ from: "", to: "nonsense" });
  });

  it("is so many days up to today", () => {
    expect(lastDays(1, NOW)).toEqual({ from: "2026-11-30", to: "2026-11-30" });
    expect(lastDays(30, NOW)).toEqual({ from: "2026-11-01", to: "2026-11-30" });
    expect(askedRange(lastDays(7, NOW), NOW)).toMatchObject({ ok: true, by: "day" });
  });
});
