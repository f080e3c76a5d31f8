import type { Alert, ListAlertsResponse } from "@audiotricks/protocol/costs";
import { AcknowledgeButton } from "./acknowledge-button.tsx";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { FilterSelect, useFilter } from "./filter-select.tsx";
import { count, instant, text } from "./formats.ts";
import { SubjectLink } from "./subject-link.tsx";

const STATE = { name: "state", label: "State", options: ["all", "open", "acknowledged", "cleared"] } as const;

const COLUMNS: readonly Column<Alert>[] = [
  { title: "Raised (UTC)", cell: (row) => instant(row.raisedAt) },
  { title: "State", cell: (row) => row.state },
  { title: "What", cell: (row) => <span className="wide">{row.message}</span> },
  { title: "About", cell: (row) => <SubjectLink subject={row.subject} /> },
  { title: "Kind", cell: (row) => row.kind.replaceAll("_", " ") },
  { title: "Value", isNumber: true, cell: (row) => count(row.value) },
  { title: "Threshold", isNumber: true, cell: (row) => count(row.threshold) },
  { title: "Last seen (UTC)", cell: (row) => instant(row.lastSeenAt) },
  { title: "Acknowledged by", cell: (row) => text(row.acknowledgedBy) },
  { title: "Cleared (UTC)", cell: (row) => instant(row.clearedAt) },
];

export function AlertsPage() {
  const state = useFilter(STATE);
  return (
    <>
      <FilterSelect {...STATE} />
      <Figure<ListAlertsResponse, Alert>
        question="What is or was beyond its threshold?"
        path="alerts"
        query={state === "all" ? { limit: "50" } : { state, limit: "50" }}
        csv={{ name: "alerts", query: state === "all" ? { limit: "200" } : { state, limit: "200" } }}
        rows={({ alerts }) => alerts}
        columns={COLUMNS}
        action={{
          title: "Seen",
          cell: (row, again) => <AcknowledgeButton alert={row} onDone={again} />,
        }}
        empty={state === "open" ? "No alert is open." : "There is no such alert."}
        note="An alert is cleared by itself when it is over. Who acknowledges it says that somebody is at it. Thresholds: audiotricks-storage alerts rules."
      />
    </>
  );
}
