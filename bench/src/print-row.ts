import type { RowResult } from "./row-result.ts";
import { summarize } from "./summarize.ts";

export function printRow(row: RowResult): void {
  for (const { name, seconds, ratio, runs } of summarize(row)) {
    const spread = runs.map((run) => run.seconds.toFixed(2)).join(", ");
    const toCeiling = Number.isNaN(ratio) ? "" : `, ${ratio.toFixed(2)} × the ceiling`;
    console.log(`  ${name.padEnd(14)} median ${seconds.toFixed(2)} s (${spread})${toCeiling}`);
  }
}
