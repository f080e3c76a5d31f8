import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checkRule, FAULT_NAMES } from "./check-rule.ts";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
/** Each `{ fault: … }`, whether in the table or in an example. */
const rules = [...readme.matchAll(/\{ (fault: [^{}]*) \}/g)].map(([, fields = ""]): unknown =>
  JSON.parse(`{${fields.replace(/(\w+):/g, '"$1":').replace(/(\d)_(?=\d)/g, "$1")}}`),
);

it("every rule of the README can be injected, and every fault is in it", () => {
  expect(rules.length).toBeGreaterThan(20);
  const shown = new Set(rules.map((rule) => checkRule(rule).fault));
  expect([...shown].sort()).toEqual([...FAULT_NAMES].sort());
});
