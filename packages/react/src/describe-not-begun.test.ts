import { expect, it } from "vitest";
import { describeNotBegun } from "./describe-not-begun.ts";

const filesOf = (names: string, canRead: boolean) => names.split(" ").map((name) => ({ name, canRead }));

it("says how many files had not begun, which, and what is to be done about it", () => {
  expect(describeNotBegun(filesOf("a.wav", true))).toEqual({
    title: "1 file had not begun",
    detail: "a.wav",
  });
  expect(describeNotBegun(filesOf("a.wav b.wav c.wav d.wav", false))).toEqual({
    title: "4 files had not begun",
    detail: "Add again: a.wav, b.wav, c.wav and 1 more",
  });
  expect(describeNotBegun([...filesOf("a.wav b.wav", true), ...filesOf("c.wav", false)])).toEqual({
    title: "3 files had not begun",
    detail: "Add 1 of them again: c.wav",
  });
  const thousands = Array.from({ length: 1234 }, () => ({ name: "x.wav", canRead: true }));
  expect(describeNotBegun(thousands)).toEqual({
    title: "1,234 files had not begun",
    detail: "x.wav, x.wav, x.wav and 1,231 more",
  });
});
