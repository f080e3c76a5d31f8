import type { ActivityResponse, DashboardResponse, GrowthResponse } from "@audiotricks/protocol/admin";
import { ACTIVITY_COLUMNS, durations, outcomes, outcomeWords } from "./activity-columns.tsx";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { bytes, count, dollars, duration, instant, percent } from "./formats.ts";
import { GROWTH_COLUMNS, growthWords, storedByKind } from "./growth-columns.tsx";
import { TimeChart } from "./time-chart.tsx";
import { useRange } from "./use-range.ts";
import { Verdict } from "./verdict.tsx";

type Bucket = DashboardResponse["providers"][number];

const BUCKET_COLUMNS: readonly Column<Bucket>[] = [
  { title: "Bucket", cell: (row) => row.bucket },
  { title: "Region", cell: (row) => row.region },
  { title: "Files", isNumber: true, cell: (row) => count(row.files) },
  { title: "Bytes", isNumber: true, cell: (row) => bytes(row.bytes) },
  { title: "Stored in 24 h", isNumber: true, cell: (row) => count(row.filesStored24h) },
  { title: "Calls", isNumber: true, cell: (row) => count(row.operations) },
  { title: "Failed", isNumber: true, cell: (row) => count(row.failedOperations) },
  { title: "Success", isNumber: true, cell: (row) => percent(row.successRate) },
  { title: "p50 upload call", isNumber: true, cell: (row) => duration(row.p50UploadMs) },
  { title: "p95 upload call", isNumber: true, cell: (row) => duration(row.p95UploadMs) },
  { title: "Storage a month", isNumber: true, cell: (row) => dollars(row.estimatedMonthlyCostUsd * 1e6) },
  { title: "Last access (UTC)", cell: (row) => instant(row.lastAccessAt) },
];

export function OverviewPage() {
  const range = useRange();
  return (
    <>
      <Verdict />
      <div className="figures">
        {range.ok ? (
          <>
            <Figure<ActivityResponse, ActivityResponse["entries"][number]>
              question="How many uploads are there, and do they succeed?"
              path="activity"
              query={{ ...range.query, by: range.by, measure: "uploads" }}
              rows={({ entries }) => entries}
              columns={ACTIVITY_COLUMNS}
              summary={({ entries }) => outcomeWords(entries)}
              chart={(rows) => <TimeChart kind="bars" series={outcomes(rows)} format={count} />}
              empty="No upload ended in these days."
            />
            <Figure<ActivityResponse, ActivityResponse["entries"][number]>
              question="How long do uploads take?"
              path="activity"
              query={{ ...range.query, by: range.by, measure: "uploads" }}
              rows={({ entries }) => entries}
              columns={ACTIVITY_COLUMNS}
              note="From the beginning of an upload to its end, pauses of people included."
              chart={(rows) => (
                <TimeChart kind="lines" series={durations(rows)} format={duration} isDuration />
              )}
              empty="No upload ended in these days."
            />
            <Figure<GrowthResponse, GrowthResponse["entries"][number]>
              question="How much is stored, and how fast does it grow?"
              path="growth"
              query={{ ...range.query, by: range.by }}
              rows={({ entries }) => entries}
              columns={GROWTH_COLUMNS}
              summary={({ entries }) => growthWords(entries)}
              chart={(rows) => <TimeChart kind="lines" series={storedByKind(rows)} format={bytes} />}
              empty="Nothing came or went in these days."
            />
            <Figure<ActivityResponse, ActivityResponse["entries"][number]>
              question="Does the store answer us?"
              path="activity"
              query={{ ...range.query, by: range.by, measure: "calls" }}
              rows={({ entries }) => entries}
              columns={ACTIVITY_COLUMNS}
              summary={({ entries }) => outcomeWords(entries)}
              chart={(rows) => <TimeChart kind="bars" series={outcomes(rows)} format={count} />}
              empty="The store was not called in these days."
            />
          </>
        ) : null}
        <Figure<DashboardResponse, Bucket>
          question="Are the buckets well, and what do they hold?"
          path="dashboard"
          query={{}}
          rows={({ providers }) => providers}
          columns={BUCKET_COLUMNS}
          empty="No bucket is set up yet."
          note="Calls are this month’s (UTC)."
        />
      </div>
    </>
  );
}
