import { CONTENDERS } from "../contenders/all.ts";
import { LINKS } from "../matrix.ts";
import type { RowResult } from "../row-result.ts";
import { type Summary, summarize } from "../summarize.ts";
import { describeWorkload, totalBytes } from "../workload.ts";
import { markdownTable } from "./markdown-table.ts";

const HEAD = ["", "seconds", "MiB/s", "× the ceiling", "control requests", "more bytes", "MiB over idle"];

/** One table for each row of the matrix, contenders below each other. */
export function matrixTable(row: RowResult): string {
  const summaries = summarize(row);
  const whole = summaries.find(({ name }) => name === "ceiling") ?? summaries[0];
  const link = LINKS[row.link]?.title ?? row.link;
  const files = whole === undefined ? "" : `, ${describeWorkload(whole.workload)}`;
  const lines = CONTENDERS.flatMap(({ name, title }) => {
    const summary = summaries.find((found) => found.name === name);
    if (summary === undefined) return [];
    const isLess = whole !== undefined && totalBytes(summary.workload) < totalBytes(whole.workload);
    return [lineOf(isLess ? `${title}, ${describeWorkload(summary.workload)}` : title, summary)];
  });
  const source = `${row.measuredAt.slice(0, 10)}; ${row.carriedBy}; ${row.machine}`;
  return `**${link}${files}** (${source})\n\n${markdownTable([HEAD, ...lines])}`;
}

function lineOf(title: string, summary: Summary): string[] {
  const { seconds, ratio, controlRequests, extra, peakMemory, runs, failures, workload } = summary;
  if (runs.length === 0) return [title, `failed: ${failures[0] ?? "no run"}`];
  const times = runs.map((run) => run.seconds);
  const range =
    runs.length === 1 ? "" : ` (${Math.min(...times).toFixed(1)}–${Math.max(...times).toFixed(1)})`;
  const failed = failures.length === 0 ? "" : `, ${failures.length} failed`;
  return [
    title,
    `${seconds.toFixed(1)}${range}${failed}`,
    (totalBytes(workload) / 2 ** 20 / seconds).toFixed(1),
    Number.isNaN(ratio) ? "–" : ratio.toFixed(2),
    controlRequests.toLocaleString("en"),
    extra === null ? "–" : `${(extra * 100).toFixed(2)} %`,
    peakMemory === null ? "–" : peakMemory.toFixed(0),
  ];
}
