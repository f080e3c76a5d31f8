import type { ActivityResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { bytes, count, duration, instant, percent, text } from "./formats.ts";
import { type Series, seriesOf } from "./series.ts";

export type ActivityRow = ActivityResponse["entries"][number];

export const ACTIVITY_COLUMNS: readonly Column<ActivityRow>[] = [
  { title: "Period (UTC)", cell: (row) => instant(row.period) },
  { title: "Group", cell: (row) => text(row.group) },
  { title: "Times", isNumber: true, cell: (row) => count(row.times) },
  { title: "Succeeded", isNumber: true, cell: (row) => count(row.succeeded) },
  { title: "Failed", isNumber: true, cell: (row) => count(row.failed) },
  { title: "Cancelled", isNumber: true, cell: (row) => count(row.cancelled) },
  { title: "Success", isNumber: true, cell: (row) => percent(row.successRate) },
  { title: "Bytes", isNumber: true, cell: (row) => bytes(row.bytes) },
  { title: "Mean", isNumber: true, cell: (row) => duration(row.avgMs) },
  { title: "p50", isNumber: true, cell: (row) => duration(row.p50Ms) },
  { title: "p95", isNumber: true, cell: (row) => duration(row.p95Ms) },
];

export function outcomeWords(rows: readonly ActivityRow[]): string {
  const sum = { succeeded: 0, failed: 0, cancelled: 0 };
  for (const { succeeded, failed, cancelled } of rows) {
    sum.succeeded += succeeded;
    sum.failed += failed;
    sum.cancelled += cancelled;
  }
  const ended = sum.succeeded + sum.failed;
  if (ended + sum.cancelled === 0) return "";
  const success = ended === 0 ? "" : `${percent((sum.succeeded / ended) * 100)} of ${count(ended)} succeeded`;
  const cancelled = sum.cancelled === 0 ? "" : `${count(sum.cancelled)} cancelled`;
  return `${[success, cancelled].filter((words) => words !== "").join("; ")}.`;
}

/** How they ended, the good ones at the bottom. */
export function outcomes(rows: readonly ActivityRow[]): Series[] {
  return (["succeeded", "failed", "cancelled"] as const).flatMap((name) =>
    seriesOf(rows, { at: (row) => row.period, name: () => name, value: (row) => row[name] }),
  );
}

export function durations(rows: readonly ActivityRow[]): Series[] {
  const of = (name: string, value: (row: ActivityRow) => number | null) =>
    seriesOf(rows, { at: (row) => row.period, name: () => name, value });
  return [...of("p95", (row) => row.p95Ms), ...of("p50", (row) => row.p50Ms)];
}

/** p50 and p95 of each group. */
export function durationsByGroup(rows: readonly ActivityRow[], measure: "p50Ms" | "p95Ms"): Series[] {
  return seriesOf(rows, {
    at: (row) => row.period,
    name: (row) => text(row.group),
    value: (row) => row[measure],
  });
}
