import { existsSync, readFileSync } from "node:fs";

/** Arguments and environment that make a runner write its report to `file`, and still talk to people. */
export function reportTo(kind, file) {
  if (kind === "vitest") {
    return { args: ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`], env: {} };
  }
  if (kind === "counts") return { args: [`--report=${file}`], env: {} };
  return { args: ["--reporter=list,json"], env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file } };
}

/**
 * What a step comes to. A test that did not run counts as failed, and so does a runner that ended badly although each
 * of its tests passed, or that ran none.
 *
 * @returns {{ passed: number, failed: number, remark?: string }}
 */
export function countTests({ kind, file, succeeded }) {
  if (!existsSync(file)) return { passed: 0, failed: 1, remark: "no report was written" };
  const report = JSON.parse(readFileSync(file, "utf8"));
  const { passed, failed, skipped } = COUNTS[kind](report);
  if (skipped > 0)
    return { passed, failed: failed + skipped, remark: `${skipped} skipped, which counts as failed` };
  if (failed === 0 && !succeeded) return { passed, failed: 1, remark: "the run itself failed" };
  if (passed + failed === 0) return { passed, failed: 1, remark: "no tests were found" };
  return { passed, failed };
}

/** Of our own checks, which write nothing else; the others have more to say. */
const COUNTS = {
  vitest: vitestCounts,
  playwright: playwrightCounts,
  counts: ({ passed, failed }) => ({ passed, failed, skipped: 0 }),
};

function vitestCounts(report) {
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function playwrightCounts({ stats }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}
