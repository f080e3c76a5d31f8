import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countTests } from "./count-tests.mjs";

let folder;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "counts-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function count(kind, report, succeeded) {
  const file = join(folder, "report.json");
  writeFileSync(file, JSON.stringify(report));
  return countTests({ kind, file, succeeded });
}

const vitest = (passed, failed, pending = 0, todo = 0) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: pending,
  numTodoTests: todo,
});
const playwright = (expected, unexpected, flaky = 0, skipped = 0) => ({
  stats: { expected, unexpected, flaky, skipped },
});

describe("countTests", () => {
  it("counts what passed and failed", () => {
    expect(count("vitest", vitest(3, 0), true)).toEqual({ passed: 3, failed: 0 });
    expect(count("vitest", vitest(3, 2), false)).toEqual({ passed: 3, failed: 2 });
    expect(count("playwright", playwright(3, 2), false)).toEqual({ passed: 3, failed: 2 });
    expect(count("counts", { passed: 3, failed: 2 }, false)).toEqual({ passed: 3, failed: 2 });
  });

  it.each([
    ["a skipped test", "vitest", vitest(3, 0, 1)],
    ["a test that is yet to be written", "vitest", vitest(3, 0, 0, 1)],
    ["a skipped test in the browser", "playwright", playwright(3, 0, 0, 1)],
    ["a test that passed only the second time", "playwright", playwright(3, 0, 1)],
  ])("counts %s as failed", (_what, kind, report) => {
    expect(count(kind, report, true)).toMatchObject({ passed: 3, failed: 1 });
  });

  it("fails a run that ended badly although each test passed, as when a suite cannot be loaded", () => {
    expect(count("vitest", vitest(3, 0), false)).toMatchObject({ passed: 3, failed: 1 });
    expect(count("counts", { passed: 3, failed: 0 }, false)).toMatchObject({ passed: 3, failed: 1 });
  });

  it("fails a run without tests, and one without a report", () => {
    expect(count("vitest", vitest(0, 0), true)).toMatchObject({ passed: 0, failed: 1 });
    const file = join(folder, "absent.json");
    expect(countTests({ kind: "vitest", file, succeeded: true })).toMatchObject({ passed: 0, failed: 1 });
  });
});
