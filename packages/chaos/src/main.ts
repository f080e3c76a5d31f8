import { parseArgs } from "node:util";
import { addToReport, describeMachine } from "./report.ts";
import { run } from "./run.ts";
import { say } from "./say.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    /** After which nothing more is killed. */
    seconds: { type: "string", default: "600" },
    seed: { type: "string" },
    store: { type: "string", default: "ceph" },
    /** Adds what came of it to the report in the repository. */
    report: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const [kills, seconds] = [Number(values.kills), Number(values.seconds)];
if (![seed, kills, seconds].every((number) => Number.isSafeInteger(number) && number >= 0))
  throw new RangeError("--seed, --kills and --seconds must be whole numbers.");
if (values.store !== "ceph" && values.store !== "emulator")
  throw new RangeError("--store must be ceph or emulator.");

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    say("stopping: what was begun is checked and ended");
    stopping.abort();
  });

let isOurFault = false;
process.on("uncaughtException", (error) => {
  console.error(error);
  isOurFault = true;
  stopping.abort();
});

const date = new Date().toISOString().slice(0, 16).replace("T", " ");
say(`seed ${seed}, ${describeMachine()}`);
const result = await run({ kills, seconds, seed, store: values.store, signal: stopping.signal }).catch(
  (error: unknown) => {
    // By now everything is ended.
    console.error(error);
    process.exit(1);
  },
);
for (const [what, count] of Object.entries(result.counts)) say(`${String(count).padStart(8)} ${what}`);
say(`${result.kills} kills, ${result.violations.length} violations (seed ${seed})`);
for (const violation of result.violations) say(`${violation}`);
if (values.report) addToReport({ date, machine: describeMachine(), seed, ...result });
// What is still asked for by people who were in the midst of something does not matter any more.
process.exit(result.violations.length === 0 && !isOurFault ? 0 : 1);
