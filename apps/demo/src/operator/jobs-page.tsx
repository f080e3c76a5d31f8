import type { JobsResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { count, counted, duration, instant, text } from "./formats.ts";

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
  const { completed, failed, retrying, active, waiting } = {
    completed: count(sum((queue) => queue.completed)),
    failed: count(sum((queue) => queue.failed)),
    retrying: counted(
      sum((queue) => queue.retrying),
      "is",
      "are",
    ),
    active: counted(
      sum((queue) => queue.active),
      "runs",
      "run",
    ),
    waiting: counted(
      sum((queue) => queue.waiting),
      "waits",
      "wait",
    ),
  };
  return `${completed} completed, ${failed} failed, ${retrying} tried again, ${active} now, ${waiting}.`;
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
