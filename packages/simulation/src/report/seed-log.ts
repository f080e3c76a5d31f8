import { join } from "node:path";
import type { Life } from "../scenario/live.ts";
import { realNow } from "../world/real-time.ts";
import { nameOfSource, RESULTS, readResults, type SeedResults, writeResults } from "./results.ts";
import { NOTHING, writeReport } from "./write-report.ts";

const SAVE_EVERY_MS = 30_000;

/** Adds up what came of a range of seeds. */
export interface SeedLog {
  readonly results: SeedResults;
  add(seed: number, life: Life, wrongs: readonly string[]): void;
  save(): void;
}

/** @param keeps In a file, so that a run that is cut off can be gone on with. */
export function openSeedLog(range: { from: number; until: number }, { keeps }: { keeps: boolean }): SeedLog {
  const { from, until } = range;
  const file = join(RESULTS, `seeds-${from}-${until - 1}.json`);
  const source = keeps ? nameOfSource() : "";
  const results = (keeps ? readResults<SeedResults>(file) : undefined) ?? {
    source,
    from,
    until,
    next: from,
    total: { ...NOTHING },
    counts: { deeds: {}, faults: {} },
    violations: [],
  };
  if (results.source !== source)
    throw new Error(
      `${file} is of source ${results.source}, and this is ${source}: take other seeds, or another file.`,
    );
  results.counts ??= { deeds: {}, faults: {} };
  const { counts } = results;
  const before = results.total.seconds;
  let savedAt = realNow();

  const save = () => {
    savedAt = realNow();
    if (!keeps) return;
    writeResults(file, results);
    writeReport();
  };
  return {
    results,
    add: (seed, life, wrongs) => {
      const { total } = results;
      total.seeds++;
      total.operations += life.operations;
      total.storeCalls += life.storeCalls;
      total.statements += life.statements;
      total.stored += life.stored;
      total.looks += life.looks;
      total.deliveries += life.deliveries;
      counts.deeds = addTo(counts.deeds, life.deeds);
      counts.faults = addTo(counts.faults, life.faults);
      for (const number of life.faults.values()) total.faults += number;
      const { user, system } = process.cpuUsage();
      total.seconds = before + (user + system) / 1_000_000;
      if (wrongs.length > 0) results.violations.push({ seed, wrongs: [...wrongs] });
      results.next = seed + 1;
      if (wrongs.length > 0 || realNow() - savedAt > SAVE_EVERY_MS) save();
    },
    save,
  };
}

function addTo(counts: Record<string, number>, more: ReadonlyMap<string, number>): Record<string, number> {
  const sums = { ...counts };
  for (const [name, count] of more) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
