import type { Run } from "./measure-run.ts";
import { MiB, totalBytes, type Workload } from "./workload.ts";

export function describeRun(run: Run, workload: Workload): string {
  const bytes = totalBytes(workload);
  const facts = [
    `${run.seconds.toFixed(2)} s`,
    `${(bytes / MiB / run.seconds).toFixed(1)} MiB/s`,
    `${run.controlRequests} control requests`,
  ];
  if (run.extraBytes !== null) facts.push(`${((run.extraBytes / bytes) * 100).toFixed(2)} % more bytes`);
  if (run.peakMemory !== null) facts.push(`${run.peakMemory.toFixed(0)} MiB over idle`);
  return facts.join(", ");
}
