import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import type { RunResult } from "./run.ts";
import { CEPH_COMPLETION_LOCK } from "./store.ts";

const JSON_FILE = fileURLToPath(new URL("../report.json", import.meta.url));
const TEXT_FILE = fileURLToPath(new URL("../REPORT.md", import.meta.url));

export interface ReportedRun extends RunResult {
  date: string;
  machine: string;
  seed: number;
}

export function describeMachine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? "processor"}, Node ${process.versions.node}`;
}

/** Adds a run to the report that is kept in the repository, and writes it down for people. */
export function addToReport(run: ReportedRun): void {
  const runs = [...readRuns(), run];
  writeFileSync(JSON_FILE, `${JSON.stringify(runs, null, 2)}\n`);
  writeFileSync(TEXT_FILE, describe(runs));
}

function readRuns(): ReportedRun[] {
  try {
    return JSON.parse(readFileSync(JSON_FILE, "utf8")) as ReportedRun[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function describe(runs: readonly ReportedRun[]): string {
  const totals = new Map<string, number>();
  for (const { counts } of runs)
    for (const [what, count] of Object.entries(counts)) totals.set(what, (totals.get(what) ?? 0) + count);
  const sum = (of: (run: ReportedRun) => number) => runs.reduce((all, run) => all + of(run), 0);
  const row = (...cells: (string | number)[]) => `| ${cells.join(" | ")} |`;
  const violations = runs.flatMap(({ seed, violations }) =>
    violations.map((what) => `- seed ${seed}: ${what}`),
  );
  return [
    "# Chaos on the real parts",
    "",
    `Written by \`npm run chaos\`; all numbers of every run are in [report.json](report.json). ${sum(({ kills }) => kills)} kills in ${runs.length} runs, ${violations.length} violations.`,
    "",
    `Ceph holds a completion for whoever began it for 600 s (\`rgw_mp_lock_max_time\`), longer than a killed gateway should be waited for: it is lowered to ${CEPH_COMPLETION_LOCK} s here, in the gateway alone. The servers keep to their 600 s; the last sweep is five days later by their clock.`,
    "",
    row("date", "seed", "store", "machine", "s", "kills", "uploads", "acknowledged", "violations"),
    row("---", "--:", "---", "---", "--:", "--:", "--:", "--:", "--:"),
    ...runs.map(({ date, seed, store, machine, troubleSeconds, kills, counts, violations: wrong }) =>
      row(
        date,
        seed,
        store,
        machine,
        troubleSeconds,
        kills,
        counts.uploads ?? 0,
        counts.acknowledged ?? 0,
        wrong.length,
      ),
    ),
    "",
    "## All runs together",
    "",
    row("what", "count"),
    row("---", "--:"),
    ...[...totals].sort(([a], [b]) => a.localeCompare(b)).map(([what, count]) => row(what, count)),
    "",
    ...(violations.length === 0 ? [] : ["## Violations", "", ...violations, ""]),
  ].join("\n");
}
