import type { AdminSession, AdminSessionsResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { FilterSelect, useFilter } from "./filter-select.tsx";
import { bytes, instant, percent, text } from "./formats.ts";
import { PageLink } from "./page-link.tsx";
import { UploadFinder } from "./upload-finder.tsx";

const STATE = {
  name: "state",
  label: "State",
  options: ["open", "stuck", "creating", "active", "completing", "completed", "aborted", "failed"],
} as const;

const WHY_STUCK = {
  silent: "no browser for an hour",
  unfinished: "nobody ends it",
  expired: "past its time",
};

const COLUMNS: readonly Column<AdminSession>[] = [
  {
    title: "File",
    cell: (row) => (
      <span className="wide">
        <PageLink to={`/operator/uploads/${row.sessionId}`}>{row.fileName}</PageLink>
      </span>
    ),
  },
  { title: "State", cell: (row) => row.state },
  { title: "Stuck", cell: (row) => (row.stuck === null ? "no" : WHY_STUCK[row.stuck]) },
  { title: "Size", isNumber: true, cell: (row) => bytes(row.fileSize) },
  {
    title: "Sent",
    isNumber: true,
    cell: (row) => percent(row.fileSize === 0 ? null : (row.uploadedBytes / row.fileSize) * 100),
  },
  { title: "Begun (UTC)", cell: (row) => instant(row.createdAt) },
  { title: "Last change (UTC)", cell: (row) => instant(row.updatedAt) },
  { title: "Error", cell: (row) => text(row.errorCode) },
];

export function SessionsPage() {
  const state = useFilter(STATE);
  return (
    <>
      <div className="filters">
        <FilterSelect {...STATE} />
        <UploadFinder />
      </div>
      <Figure<AdminSessionsResponse, AdminSession>
        question={
          state === "stuck" ? "Which uploads are stuck, and why?" : "Which uploads are there in this state?"
        }
        path="sessions"
        query={{ state, limit: "50" }}
        csv={{ name: `sessions-${state}`, query: { state, limit: "500" } }}
        rows={({ sessions }) => sessions}
        columns={COLUMNS}
        empty={state === "stuck" ? "No upload is stuck." : "There is no upload in this state."}
      />
    </>
  );
}
