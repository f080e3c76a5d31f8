import type { JobsResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { count, duration, instant, text } from "./formats.ts";

type Queue = JobsResponse["queues"][number];

const COLUMNS: readonly Column<Queue>[] = [
  { title: "Job", cell: (row) => row.name },
  { title: "When (UTC)", cell: (row) => row.cron ?? "when asked" },
  { title: "Waiting", isNumber: true, cell: (row) => count(row.waiting) },
  { title: "Active", isNumber: true, cell: (row) => count(row.active) },
  { title: "Retrying", isNumber: true, cell: (row) => count(row.retrying) },
  { title: "Completed", isNumber: true, cell: (row) => count(row.completed) },
  { title: "Failed", isNumber: true, cell: (row) => count(row.failed) },
  { title: "Last completed (UTC)", cell: (row) => instant(row.lastCompletedAt) },
  { title: "Took", isNumber: true, cell: (row) => duration(row.lastDurationMs) },
  { title: "Last failed (UTC)", cell: (row) => instant(row.lastFailedAt) },
  { title: "Last error", cell: (row) => <span className="wide">{text(row.lastError)}</span> },
];

function jobWords({ queues }: JobsResponse): string {
  const sum = (value: (queue: Queue) => number) => queues.reduce((all, queue) => all + value(queue), 0);
  return `${count(sum((queue) => queue.completed))} completed, ${count(sum((queue) => queue.failed))} failed, ${count(
    sum((queue) => queue.retrying),
  )} are tried again, ${count(sum((queue) => queue.active))} run now, ${count(sum((queue) => queue.waiting))} wait.`;
}

export function JobsPage() {
  return (
    <Figure<JobsResponse, Queue>
      question="Do the background jobs run?"
      path="jobs"
      query={{}}
      rows={({ queues }) => queues}
      columns={COLUMNS}
      empty="No worker has run on this database yet."
      summary={jobWords}
      note="Jobs of the last day."
    />
  );
}
