import { expect, it } from "vitest";
import { describeNotBegun } from "./describe-not-begun.ts";

const filesOf = (names: string, canRead: boolean) => names.split(" ").map((name) => ({ name, canRead }));

it("says how many files had not begun, which, and what is to be done about it", () => {
  expect(describeNotBegun(filesOf("a.wav", true))).toBe(
    "1 file had not begun when the page was left: a.wav.",
  );
  expect(describeNotBegun(filesOf("a.wav", false))).toBe(
    "1 file had not begun when the page was left and has to be added again: a.wav.",
  );
  expect(describeNotBegun(filesOf("a.wav b.wav c.wav d.wav", false))).toBe(
    "4 files had not begun when the page was left and have to be added again: a.wav, b.wav, c.wav and 1 more.",
  );
  expect(describeNotBegun([...filesOf("a.wav b.wav", true), ...filesOf("c.wav", false)])).toBe(
    "3 files had not begun when the page was left; 1 of them has to be added again: c.wav.",
  );
  const thousand = Array.from({ length: 1234 }, () => ({ name: "x.wav", canRead: true }));
  expect(describeNotBegun(thousand)).toMatch(/^1,234 files .* and 1,231 more\.$/);
});
