// docs/specification.md names only files that there are, and only tests that there are.
import { readFileSync } from "node:fs";
import { inRoot } from "./checkout.mjs";
import { checkSpecification } from "./specification-rows.mjs";

const { rows, faults } = checkSpecification(readFileSync(inRoot("docs/specification.md"), "utf8"), inRoot());
for (const fault of faults) console.error(fault);
console.log(`${rows} lines of the specification, ${faults.length} of their files or tests are not there`);
process.exitCode = faults.length === 0 ? 0 : 1;
