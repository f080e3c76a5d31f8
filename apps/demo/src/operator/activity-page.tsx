import type { ActivityResponse } from "@audiotricks/protocol/admin";
import {
  ACTIVITY_COLUMNS,
  type ActivityRow,
  durationsByGroup,
  outcomes,
  outcomeWords,
} from "./activity-columns.tsx";
import { Figure } from "./figure.tsx";
import { count, duration } from "./formats.ts";
import { seriesOf } from "./series.ts";
import { TimeChart } from "./time-chart.tsx";
import { useRange } from "./use-range.ts";

const LONG = [
  {
    question: "In which region do uploads take long (p95)?",
    measure: "uploads",
    groupBy: "region",
    of: "p95Ms",
  },
  {
    question: "How long does half of them take by region (p50)?",
    measure: "uploads",
    groupBy: "region",
    of: "p50Ms",
  },
  {
    question: "In which browser do uploads take long (p95)?",
    measure: "browsers",
    groupBy: "kind",
    of: "p95Ms",
  },
  {
    question: "How long does half of them take by browser (p50)?",
    measure: "browsers",
    groupBy: "kind",
    of: "p50Ms",
  },
] as const;

export function ActivityPage() {
  const range = useRange();
  if (!range.ok) return null;
  const asked = { ...range.query, by: range.by };
  const common = {
    path: "activity",
    rows: ({ entries }: ActivityResponse) => entries,
    columns: ACTIVITY_COLUMNS,
  };
  return (
    <div className="figures">
      <Figure<ActivityResponse, ActivityRow>
        {...common}
        question="Do uploads succeed?"
        query={{ ...asked, measure: "uploads" }}
        summary={({ entries }) => outcomeWords(entries)}
        chart={(rows) => <TimeChart kind="bars" series={outcomes(rows)} format={count} />}
        empty="No upload ended in these days."
      />
      {LONG.map(({ question, measure, groupBy, of }) => (
        <Figure<ActivityResponse, ActivityRow>
          {...common}
          key={question}
          question={question}
          query={{ ...asked, measure, groupBy }}
          chart={(rows) => (
            <TimeChart kind="lines" series={durationsByGroup(rows, of)} format={duration} isDuration />
          )}
          empty="No upload ended in these days."
          {...(measure === "browsers" ? { note: "As browsers tell: never proved." } : {})}
        />
      ))}
      <Figure<ActivityResponse, ActivityRow>
        {...common}
        question="Does the store answer us?"
        query={{ ...asked, measure: "calls" }}
        summary={({ entries }) => outcomeWords(entries)}
        chart={(rows) => <TimeChart kind="bars" series={outcomes(rows)} format={count} />}
        empty="The store was not called in these days."
      />
      <Figure<ActivityResponse, ActivityRow>
        {...common}
        question="What is downloaded?"
        query={{ ...asked, measure: "downloads", groupBy: "kind" }}
        chart={(rows) => (
          <TimeChart
            kind="bars"
            series={seriesOf(rows, {
              at: (row) => row.period,
              name: (row) => row.group.replaceAll("_", " "),
              value: (row) => row.times,
            })}
            format={count}
          />
        )}
        empty="Nothing was downloaded in these days."
        note="URLs that were given out; how a download ends, nobody tells."
      />
    </div>
  );
}
