import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkSpecification } from "./specification-rows.mjs";

const root = mkdtempSync(join(tmpdir(), "specification-"));
mkdirSync(join(root, "src"));
writeFileSync(join(root, "src/a.test.ts"), 'it("does what it should", () => undefined);');
afterAll(() => rmSync(root, { recursive: true }));
const check = (where, shown) =>
  checkSpecification(
    `| asked for | works in | shown by |\n| --- | --- | --- |\n| a | ${where} | ${shown} |`,
    root,
  );

it("takes a line whose files and tests are there", () => {
  expect(check("`src`, `src/a.test.ts`", '`src/a.test.ts`: "does what it should"')).toEqual({
    rows: 1,
    faults: [],
  });
});

it.each([
  ["`src/b.ts`", '`src/a.test.ts`: "does what it should"', "a: src/b.ts is not there"],
  ["`src`", '`src/b.test.ts`: "does what it should"', "a: src/b.test.ts is not there"],
  ["`src`", '`src/a.test.ts`: "does what"', 'a: src/a.test.ts has no "does what"'],
  ["`src`", "by eye", "a: names no test"],
  ["somewhere", '`src/a.test.ts`: "does what it should"', "a: says no place"],
  ["`src`", '`src/a.test.ts`: "does what it should"; and by eye', "a: has more than tests"],
])("refuses one with %s and %s", (where, shown, fault) => {
  expect(check(where, shown).faults.join("\n")).toContain(fault);
});

it("refuses a page without a line", () => {
  expect(checkSpecification("# Nothing", root).faults).toEqual(["There is no row."]);
});
