// Writes docs/qa-runs.md of the log of runs; with --check it only tells whether it is current.
import { isQaRunsCurrent, writeQaRuns } from "./qa-log.mjs";

if (!process.argv.includes("--check")) {
  writeQaRuns();
} else if (!isQaRunsCurrent()) {
  console.error("docs/qa-runs.md does not say what the log of runs says: run `node scripts/qa-runs.mjs`.");
  process.exitCode = 1;
}
