// `npm test`: installs what is missing, checks everything, ends with one line: N passed, N failed.
//   npm test -- --only unit,e2e     just these steps (names as printed)
//   npm test -- --verbose           print what each step prints while it runs
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { inRoot } from "./checkout.mjs";
import { countTests, reportTo } from "./count-tests.mjs";
import { currentNode } from "./current-node.mjs";
import { installDependencies } from "./dependencies.mjs";
import { leftoverProcesses } from "./leftover-processes.mjs";
import { runStep } from "./run-step.mjs";
import { makeScratch } from "./scratch.mjs";
import { ensureServers } from "./servers.mjs";
import { DEFAULT_TIMEOUT_MS, testSteps } from "./test-steps.mjs";

const RUN = "AUDIOTRICKS_TEST_RUN";
const { values: options } = parseArgs({
  options: { only: { type: "string" }, verbose: { type: "boolean" } },
});
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => interrupted.abort());

const total = { passed: 0, failed: 0 };
try {
  await ensureServers(console.log);
  await installDependencies(console.log);
  await runAll(currentNode());
} catch (error) {
  total.failed += 1;
  console.error(error instanceof Error ? error.message : error);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);

async function runAll(node) {
  const steps = chosenSteps(testSteps(node));
  const scratch = makeScratch();
  const run = randomUUID();
  const path = [dirname(node), inRoot("node_modules/.bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, TMPDIR: scratch, [RUN]: run, CI: "true", NO_COLOR: "1" };
  // Hundreds of processes load the same modules.
  env.NODE_COMPILE_CACHE = join(scratch, "compiled");
  delete env.FORCE_COLOR;
  delete env.NODE_ENV;
  /** Of each step that has begun, whether it fails. */
  const failing = new Map();
  const runUnlessInVain = async (step) => {
    if (await failing.get(step.needs)) {
      report(step, { passed: 0, failed: 1, remark: `not run: it needs ${step.needs}` }, 0);
      return true;
    }
    return await runOne(step, env, scratch);
  };
  try {
    for (const group of inGroups(steps)) {
      await runGroup(group, async (step) => {
        if (interrupted.signal.aborted) throw new Error("Interrupted.");
        failing.set(step.name, runUnlessInVain(step));
        await failing.get(step.name);
      });
      endLeftovers(group, run);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Steps of one group that follow one another; any other is alone. */
function inGroups(steps) {
  const groups = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (step.group !== undefined && last?.[0].group === step.group) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** Two steps at a time, in their order: each of them leaves a processor idle now and then. */
async function runGroup(group, runStep) {
  const waiting = [...group];
  const lane = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) await runStep(step);
  };
  const ends = await Promise.allSettled([lane(), lane()]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function chosenSteps(steps) {
  if (options.only === undefined) return steps;
  const names = options.only.split(",");
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    throw new Error(`No step ${unknown.join(", ")}; there are ${steps.map(({ name }) => name).join(", ")}.`);
  }
  // What was chosen by hand runs even where another step comes first in a whole run.
  return steps.filter((step) => names.includes(step.name));
}

async function runOne(step, env, scratch) {
  const started = performance.now();
  const file = join(scratch, `${step.name}.json`);
  const reporting = step.report === undefined ? { args: [], env: {} } : reportTo(step.report, file);
  const { succeeded, output } = await runStep([...step.command, ...reporting.args], {
    env: { ...env, ...reporting.env },
    timeoutMs: step.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    signal: interrupted.signal,
    echo: options.verbose === true,
  });
  const counts =
    step.report === undefined
      ? { passed: Number(succeeded), failed: Number(!succeeded) }
      : countTests({ kind: step.report, file, succeeded });
  if (counts.failed > 0 && !options.verbose) console.log(output.trimEnd());
  report(step, counts, performance.now() - started);
  return counts.failed > 0;
}

function report(step, counts, durationMs) {
  total.passed += counts.passed;
  total.failed += counts.failed;
  const result = step.report === undefined ? "" : `, ${counts.passed} passed, ${counts.failed} failed`;
  const remark = counts.remark === undefined ? "" : ` (${counts.remark})`;
  const sign = counts.failed === 0 ? "ok    " : "FAILED";
  console.log(
    `${sign} ${step.name.padEnd(11)} ${(durationMs / 1000).toFixed(1).padStart(6)} s  ${step.what}${result}${remark}`,
  );
}

/** A server that outlives its tests is a fault of the tests. */
function endLeftovers(group, run) {
  const names = group.map(({ name }) => name).join(" or ");
  for (const { pid, command } of leftoverProcesses(RUN, run)) {
    console.log(`FAILED ${names} left a process running, now ended: ${pid} ${command}`);
    total.failed += 1;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // ended by itself meanwhile
    }
  }
}
