import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTANTS } from "./put-in.ts";

const PACKAGES = join(import.meta.dirname, "../../..");
const edits = MUTANTS.flatMap(({ name, edits = [] }) => edits.map((edit) => ({ name, ...edit })));

test.each(edits)("$name still finds what it changes in $file", ({ file, from }) => {
  expect(readFileSync(join(PACKAGES, file), "utf8")).toContain(from);
});
