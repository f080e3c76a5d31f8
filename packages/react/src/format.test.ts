import { describe, expect, it } from "vitest";
import { formatBytes, formatRate } from "./format-bytes.ts";
import { formatRemaining } from "./format-remaining.ts";

const MB = 1024 ** 2;
const MINUTE = 60_000;

describe("formatBytes", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 KB"],
    [1023 * 1024, "1 MB"],
    [10 * MB, "10 MB"],
    [4.56 * MB, "4.6 MB"],
    [999.96 * MB, "0.98 GB"],
    [5 * 1024 * MB, "5 GB"],
    [5_000_000_000_000, "4.55 TB"],
    [-5, "0 bytes"],
  ])("says %d as %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it("says a rate with its unit of time", () => expect(formatRate(2.5 * MB)).toBe("2.5 MB/s"));
});

describe("formatRemaining", () => {
  it.each([
    [null, null],
    [Number.POSITIVE_INFINITY, null],
    [0, "a few seconds left"],
    [12_000, "15 seconds left"],
    [54_999, "55 seconds left"],
    [55_000, "1 min left"],
    [29 * MINUTE, "29 min left"],
    [58 * MINUTE, "1 h left"],
    [83 * MINUTE, "1 h 25 min left"],
    [3 * 24 * 60 * MINUTE, "3 days left"],
  ])("says %s ms as %s", (ms, text) => expect(formatRemaining(ms)).toBe(text));
});
