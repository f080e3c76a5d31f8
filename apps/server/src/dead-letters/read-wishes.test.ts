import { describe, expect, it } from "vitest";
import { readDeadLetterWishes, USAGE } from "./read-wishes.ts";

const ID = "0d0f8a52-5ac6-4f0e-9b0a-0a4f1f3a9a11";

describe("the arguments of dead-letters", () => {
  it.each([
    [[], { do: "list", limit: 100, isJson: false }],
    [["list", "--limit=5", "--json"], { do: "list", limit: 5, isJson: true }],
    [["retry", "--all"], { do: "retry", ids: null, isJson: false }],
    [["retry", ID, ID.toUpperCase()], { do: "retry", ids: [ID], isJson: false }],
    [["--json", "drop", ID], { do: "drop", ids: [ID], isJson: true }],
  ])("are what is wished: %j", (args, wishes) => {
    expect(readDeadLetterWishes(args)).toEqual(wishes);
  });

  it.each([
    [["retry"]],
    [["drop"]],
    [["drop", ID, "--all"]],
    [["drop", "--all", "--limit=1"]],
    [["list", ID]],
    [["list", "--all"]],
    [["delete", ID]],
    [["--every"]],
  ])("are refused with how it is called, where it is not clear what is meant: %j", (args) => {
    expect(() => readDeadLetterWishes(args)).toThrow(USAGE);
  });

  it("are refused for ids and limits that are none", () => {
    expect(() => readDeadLetterWishes(["drop", `${ID}'`])).toThrow("is not the id of an event");
    for (const limit of ["0", "-1", "1.5", "x", "10001"])
      expect(() => readDeadLetterWishes([`--limit=${limit}`])).toThrow("--limit is a whole number");
  });
});
