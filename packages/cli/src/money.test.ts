import { expect, it } from "vitest";
import { formatMoney, parseMoney } from "./money.ts";

it("tells money in dollars and cents", () => {
  expect([0, 4_999, 5_000, 5_104_167, 1_234_567_890_000, -3_730_000, -1].map(formatMoney)).toEqual([
    "$0.00",
    "$0.00",
    "$0.01",
    "$5.10",
    "$1,234,567.89",
    "-$3.73",
    "$0.00",
  ]);
});

it("reads money to the millionth, and nothing else as money", () => {
  expect(["5", "$7.31", "0.000001", " 12.5 "].map(parseMoney)).toEqual([5_000_000, 7_310_000, 1, 12_500_000]);
  for (const text of ["", "-1", "1,5", "1.0000001", "1e3", "5 EUR", "9999999999"])
    expect(parseMoney(text), text).toBeUndefined();
});
