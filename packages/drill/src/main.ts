import { parseArgs } from "node:util";
import { drillOfDatabase } from "./database/drill-of-database.ts";
import { drillOfFiles } from "./files/drill-of-files.ts";
import { say } from "./say.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    files: { type: "string", default: "200" },
    rows: { type: "string", default: "10000" },
    store: { type: "string", default: "emulator" },
    json: { type: "boolean", default: false },
  },
});
const [files, rows] = [readCount("files"), readCount("rows")];
const { store, only } = values;
if (store !== "emulator" && store !== "ceph") throw new RangeError("--store must be emulator or ceph.");
if (only !== undefined && only !== "files" && only !== "database")
  throw new RangeError("--only must be files or database.");

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());
const { signal } = stopping;

const drills = {
  ...(only !== "database" && { files: await drillOfFiles({ files, store, signal, say }) }),
  ...(only !== "files" && { database: await drillOfDatabase({ files: rows, signal }) }),
};
if (values.json) process.stdout.write(`${JSON.stringify(drills, undefined, 2)}\n`);
let differences = 0;
for (const [name, { counts, problems }] of Object.entries(drills)) {
  say(`Of ${name === "files" ? "files" : "the database"}:`);
  for (const [what, number] of Object.entries(counts)) say(`${String(number).padStart(12)} ${what}`);
  for (const problem of problems) say(`WRONG: ${problem}`);
  differences += problems.length;
}
say(`${differences} differences`);
process.exitCode = differences === 0 ? 0 : 1;

function readCount(name: "files" | "rows"): number {
  const count = Number(values[name]);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`--${name} must be a whole number from 1 on.`);
  return count;
}
