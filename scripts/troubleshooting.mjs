// Each statement of the page of troubles is followed by the tests that show it, and quotes what the widget says.
import { readFileSync } from "node:fs";
import { inRoot } from "./checkout.mjs";
import { checkTroubles } from "./trouble-statements.mjs";

const { statements, faults } = checkTroubles(
  readFileSync(inRoot("apps/docs/site/troubleshooting.md"), "utf8"),
  readFileSync(inRoot("packages/react/src/locales/en.ts"), "utf8"),
  inRoot(),
);
for (const fault of faults) console.error(fault);
console.log(`${statements} statements about troubles, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
