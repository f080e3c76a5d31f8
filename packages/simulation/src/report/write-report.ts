import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INVARIANTS } from "../invariants/in-words.ts";
import {
  type Counts,
  type MutantResult,
  RESULTS,
  readResults,
  type SeedResults,
  type Totals,
} from "./results.ts";

export const MUTANT_RESULTS: string = join(RESULTS, "mutants.json");

/** Puts all results that there are into REPORT.md. */
export function writeReport(): void {
  const ranges = readdirSync(RESULTS)
    .filter((name) => /^seeds-.*\.json$/.test(name))
    .map((name) => readResults<SeedResults>(join(RESULTS, name)))
    .filter((results) => results !== undefined)
    .sort((a, b) => a.from - b.from);
  const tell = (title: string, which: keyof Counts): string[] => {
    const counts = new Map<string, number>();
    for (const range of ranges) {
      // Ranges of an older source have none.
      for (const [name, count] of Object.entries(range.counts?.[which] ?? {}))
        counts.set(name, (counts.get(name) ?? 0) + count);
    }
    const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
    const words = sorted.map(([name, count]) => `${name} ${count.toLocaleString("en")}`);
    return [`## ${title}`, "", words.length === 0 ? "Not counted yet." : words.join(" · "), ""];
  };
  const mutants = readResults<MutantResult[]>(MUTANT_RESULTS) ?? [];
  const lines = [
    "# What the simulation found",
    "",
    "Written by `npm run simulate`, from `results/`.",
    "",
    "## Seeds",
    "",
    "| seeds | source | lived through | operations | faults | store calls | statements | events sent | commits looked at | violations | processor seconds |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...ranges.map(({ from, until, source, total, violations }) =>
      row(`${from} to ${until - 1}`, source, total, violations.length),
    ),
    row("all", "", sum(ranges.map(({ total }) => total)), ranges.flatMap((one) => one.violations).length),
    "",
    ...ranges.flatMap(({ violations }) =>
      violations.map(({ seed, wrongs }) => `- seed ${seed}: ${wrongs.join("; ")}`),
    ),
    ...tell("What people and machines did", "deeds"),
    ...tell("What went wrong", "faults"),
    "## What was held against all of it",
    "",
    ...INVARIANTS.map(([number, what]) => `- ${number}: ${what}`),
    "",
    "## Defects put in on purpose",
    "",
    "The number in front is that of the specification's defect; those without one are traps of our own.",
    "",
    "| defect | what is wrong | found by seed | as |",
    "| --- | --- | ---: | --- |",
    ...mutants.map(
      ({ name, what, seed, said }) => `| ${name} | ${what} | ${seed ?? "not found"} | ${cell(said)} |`,
    ),
    "",
  ];
  writeFileSync(join(RESULTS, "../REPORT.md"), lines.join("\n"));
}

function row(seeds: string, source: string, total: Totals, violations: number): string {
  const { operations, faults, storeCalls, statements, looks, deliveries, seconds } = { ...NOTHING, ...total };
  const counts = [
    total.seeds,
    operations,
    faults,
    storeCalls,
    statements,
    deliveries,
    looks,
    violations,
    Math.round(seconds),
  ];
  return `| ${seeds} | ${source} | ${counts.map((count) => count.toLocaleString("en")).join(" | ")} |`;
}

function sum(totals: readonly Totals[]): Totals {
  const all = { ...NOTHING };
  for (const one of totals)
    for (const name of Object.keys(all) as (keyof Totals)[]) all[name] += one[name] ?? 0;
  return all;
}

export const NOTHING: Totals = {
  seeds: 0,
  operations: 0,
  faults: 0,
  storeCalls: 0,
  statements: 0,
  stored: 0,
  looks: 0,
  deliveries: 0,
  seconds: 0,
};

function cell(text: string): string {
  const short = text.length > 160 ? `${text.slice(0, 157)}…` : text;
  return short.replaceAll("|", "\\|");
}
