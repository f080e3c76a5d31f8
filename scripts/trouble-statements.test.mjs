import { expect, it } from "vitest";
import { inRoot } from "./checkout.mjs";
import { checkTroubles } from "./trouble-statements.mjs";

const self = '<!-- shown by `scripts/trouble-statements.test.mjs`: "takes what is shown" -->';
const check = (...blocks) =>
  checkTroubles(["# Troubles", ...blocks].join("\n\n"), 'a: "You are out",', inRoot());

it("takes what is shown", () => {
  expect(check("## “You are out”", "So it is.", self, "- And so.", self)).toEqual({
    statements: 2,
    faults: [],
  });
});

it.each([
  [["## A", "So it is.", "## B", "Other.", self], "Nothing shows: So it is."],
  [["## A", "So it is.", self, "At the end."], "Nothing shows: At the end."],
  [["## A", "So it is.", self.replace("is shown", "is not")], "has no"],
  [["## A", "So it is.", "<!-- shown by somebody -->"], "names no test"],
  [["## A", self, "So it is.", self], "Shows nothing"],
  [["## “You are in”", "So it is.", self], "does not say “You are in”"],
  [["## A"], "There is no statement."],
])("refuses %j", (blocks, fault) => {
  expect(check(...blocks).faults.join("\n")).toContain(fault);
});
