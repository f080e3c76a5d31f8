import type { Run } from "./measure-run.ts";
import { median } from "./median.ts";
import type { RowResult } from "./row-result.ts";
import { totalBytes, type Workload } from "./workload.ts";

export interface Summary {
  name: string;
  workload: Workload;
  runs: readonly Run[];
  failures: readonly string[];
  /** Medians. */
  seconds: number;
  /** Of its rate to the ceiling's, which may have sent more bytes; `NaN` without a ceiling. */
  ratio: number;
  controlRequests: number;
  /** Share of the files' bytes. */
  extra: number | null;
  /** MiB. */
  peakMemory: number | null;
}

export function summarize(row: RowResult): Summary[] {
  const ceiling = row.contenders.ceiling;
  const ceilingRate =
    ceiling === undefined ? Number.NaN : totalBytes(ceiling.workload) / median(ceiling.runs.map(secondsOf));
  return Object.entries(row.contenders).map(([name, { workload, runs, failures }]) => {
    const seconds = median(runs.map(secondsOf));
    const extra = runs.flatMap(({ extraBytes }) => extraBytes ?? []);
    const memory = runs.flatMap(({ peakMemory }) => peakMemory ?? []);
    return {
      name,
      workload,
      runs,
      failures,
      seconds,
      ratio: totalBytes(workload) / seconds / ceilingRate,
      controlRequests: median(runs.map(({ controlRequests }) => controlRequests)),
      extra: extra.length === 0 ? null : median(extra) / totalBytes(workload),
      peakMemory: memory.length === 0 ? null : median(memory),
    };
  });
}

function secondsOf({ seconds }: Run): number {
  return seconds;
}
