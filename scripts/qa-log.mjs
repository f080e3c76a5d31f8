import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { inRoot } from "./checkout.mjs";

/** One line of JSON for each run that was to be written down. */
export const LOG = inRoot("examples/qa/runs.jsonl");
const PAGE = inRoot("docs/qa-runs.md");

/** Makes docs/qa-runs.md of the log. */
export function writeQaRuns() {
  writeFileSync(PAGE, render(readRuns()));
}

/** @returns {boolean} Whether docs/qa-runs.md says what the log says. */
export function isQaRunsCurrent() {
  return existsSync(PAGE) && readFileSync(PAGE, "utf8") === render(readRuns());
}

function readRuns() {
  if (!existsSync(LOG)) return [];
  return readFileSync(LOG, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function render(runs) {
  const inARow = runs.length - 1 - runs.findLastIndex(({ ok }) => !ok);
  const series = [...Map.groupBy(runs, ({ series }) => series).values()];
  const rows = series.toReversed().map((runs) => {
    const [{ startedAt, commit, isClean, of, cpus, node }] = runs;
    const seconds = runs.map(({ seconds }) => seconds).sort((a, b) => a - b);
    const tests = Math.max(...runs.map(({ passed, failed }) => passed + failed));
    return [
      startedAt.slice(0, 16).replace("T", " "),
      `\`${commit}\`${isClean ? "" : " and changes"}`,
      `${runs.filter(({ ok }) => ok).length} of ${runs.length === of ? of : `${runs.length}, ${of} were wanted`}`,
      String(tests),
      `${seconds[Math.floor(seconds.length / 2)]} s, ${seconds.at(-1)} s`,
      `${cpus} processors, Node ${node.slice(1)}`,
    ];
  });
  const failures = runs.flatMap(({ startedAt, failures }) =>
    failures.map(({ title, error }) => [startedAt.slice(0, 16).replace("T", " "), title, error]),
  );
  return `# Runs of the QA flows

Made by \`npm run qa -- --repeat N\` of [its log](../examples/qa/runs.jsonl), which has every run of such series, also those that failed. A
test is never tried twice, and one that did not run counts as failed.

**${inARow} ${inARow === 1 ? "run" : "runs"} in a row passed** up to the last of ${runs.length}.

${toTable(["begun (UTC)", "commit", "passed", "tests", "median, longest", "machine"], rows)}

## What failed

${failures.length === 0 ? "Nothing." : toTable(["run (UTC)", "test", "error"], failures)}
`;
}

function toTable(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => String(cell).replaceAll("|", "\\|")));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const [first, ...rest] = cells;
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)].join("\n");
}
