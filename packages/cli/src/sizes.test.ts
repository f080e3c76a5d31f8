import { describe, expect, it } from "vitest";
import { formatSize, parseSize } from "./sizes.ts";

describe("parseSize", () => {
  it.each([
    ["0", 0],
    ["10737418240", 10_737_418_240],
    ["10GiB", 10_737_418_240],
    ["1.5 gb", 1_500_000_000],
    ["2TiB", 2_199_023_255_552],
  ])("reads %s", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each([
    "",
    "-1",
    "1e9",
    "0x10",
    "ten",
    "1.5",
    "0.3KiB",
    "9007199254740993",
    "10 XB",
    "Infinity",
    "1,5GB",
  ])("refuses %j", (text) => expect(parseSize(text)).toBeUndefined());
});

describe("formatSize", () => {
  it.each([
    [null, "no limit"],
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1.5 * 2 ** 40, "1.5 TiB"],
    [5000 * 2 ** 40, "5000.0 TiB"],
  ])("writes %s", (bytes, text) => expect(formatSize(bytes)).toBe(text));
});
