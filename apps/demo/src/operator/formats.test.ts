import { expect, it } from "vitest";
import { bytes, count, dollars, duration, instant, percent, text } from "./formats.ts";

it.each([
  [bytes(0), "0 B"],
  [bytes(999), "999 B"],
  [bytes(1000), "1 kB"],
  [bytes(-1_500_000), "-1.5 MB"],
  [bytes(12_345_678_901), "12 GB"],
  [bytes(2e18), "2,000 PB"],
  [count(1_234_567), "1,234,567"],
  [percent(99.94), "99.9 %"],
  [percent(100), "100 %"],
  [duration(0), "0 ms"],
  [duration(1500), "1.5 s"],
  [duration(90_000), "1.5 min"],
  [duration(5_400_000), "1.5 h"],
  [dollars(0), "$0.00"],
  [dollars(1234), "$0.001234"],
  [dollars(21_500_000), "$21.50"],
  [instant("2026-11-30T13:45:42.123Z"), "2026-11-30 13:45"],
  [bytes(null), "–"],
  [percent(null), "–"],
  [duration(null), "–"],
  [instant(null), "–"],
  [text(""), "–"],
])("writes %s", (written, expected) => {
  expect(written).toBe(expected);
});
