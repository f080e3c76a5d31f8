// `npm run qa`: the flows that a tester writes first, in Chromium, each against a companion, store and database of its own worker.
//   npm run qa -- --repeat 30          so often in a row, each run written down in examples/qa/runs.jsonl and docs/qa-runs.md
//   npm run qa -- -- network --headed  what follows the second -- is Playwright's
import { execFileSync, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { inRoot, root } from "./checkout.mjs";
import { reportTo } from "./count-tests.mjs";
import { currentNode } from "./current-node.mjs";
import { buildDemo } from "./demo-build.mjs";
import { installDependencies } from "./dependencies.mjs";
import { LOG, writeQaRuns } from "./qa-log.mjs";
import { makeScratch } from "./scratch.mjs";

const { values, positionals } = parseArgs({
  options: { repeat: { type: "string" } },
  allowPositionals: true,
});
const repeat = values.repeat === undefined ? undefined : Number(values.repeat);
if (repeat !== undefined && !(Number.isInteger(repeat) && repeat > 0)) {
  console.error("--repeat is how often to run, from 1.");
  process.exit(1);
}

const say = (line) => console.log(`  ${line}`);
await installDependencies(say);
const node = currentNode();
await buildDemo(node, say);
const series = {
  series: randomUUID(),
  of: repeat,
  ...describeCheckout(),
  cpus: availableParallelism(),
  node: process.version,
};

let failedRuns = 0;
for (let run = 1; run <= (repeat ?? 1); run += 1) {
  const result = runOnce();
  if (result.signal !== null) process.exit(1);
  if (!result.entry.ok) failedRuns += 1;
  if (repeat === undefined) continue;
  const { passed, failed, seconds } = result.entry;
  console.log(`run ${run} of ${repeat}: ${passed} passed, ${failed} failed, ${seconds} s`);
  // As soon as it is over: a series that is broken off says how far it came.
  appendFileSync(LOG, `${JSON.stringify({ ...series, run, ...result.entry })}\n`);
  writeQaRuns();
}
if (repeat !== undefined) console.log(`${repeat - failedRuns} of ${repeat} runs passed`);
process.exitCode = failedRuns === 0 ? 0 : 1;

/** One run in folders of its own: nothing is left of it for the next. */
function runOnce() {
  const scratch = makeScratch();
  const file = join(scratch, "report.json");
  const reporting = reportTo("playwright", file);
  const startedAt = new Date();
  try {
    const { status, signal } = spawnSync(
      inRoot("examples/qa/node_modules/.bin/playwright"),
      ["test", "-c", "examples/qa/playwright.config.ts", ...reporting.args, ...positionals],
      {
        cwd: root,
        stdio: "inherit",
        env: {
          ...process.env,
          PATH: [dirname(node), inRoot("node_modules/.bin"), process.env.PATH].join(delimiter),
          TMPDIR: scratch,
          NODE_COMPILE_CACHE: join(scratch, "compiled"),
          FORCE_COLOR: "0",
          ...reporting.env,
        },
      },
    );
    return { signal, entry: summarize(file, { startedAt, ok: status === 0 }) };
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

function summarize(file, { startedAt, ok }) {
  const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { suites: [], stats: {} };
  const tests = testsOf(report.suites);
  const failures = tests.filter(({ status }) => status !== "expected");
  const { expected: passed = 0, unexpected = 0, flaky = 0, skipped = 0 } = report.stats;
  return {
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 100) / 10,
    // A test that did not run did not pass.
    ok: ok && passed > 0 && passed === tests.length,
    passed,
    failed: unexpected + flaky + skipped,
    failures: failures.map(({ title, error }) => ({ title, error })),
  };
}

function testsOf(suites) {
  return suites.flatMap(({ suites: inner = [], specs = [] }) => [
    ...testsOf(inner),
    ...specs.flatMap(({ title, tests }) =>
      tests.map(({ status, results }) => ({
        title,
        status,
        error: firstLine(results.at(-1)?.error?.message),
      })),
    ),
  ]);
}

function firstLine(message = "") {
  return message.split("\n", 1)[0];
}

/** Which state of the project it was: changes that are not committed are said to be there. */
function describeCheckout() {
  const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  // What the runs themselves write is no change.
  const changes = git("status", "--porcelain", "--", ".", ":!examples/qa/runs.jsonl", ":!docs/qa-runs.md");
  return { commit: git("rev-parse", "--short=10", "HEAD"), isClean: changes === "" };
}
