import type { AdminUsageResponse, GrowthResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { bytes, count, percent } from "./formats.ts";
import { GROWTH_COLUMNS, type GrowthRow, growthWords, storedByKind } from "./growth-columns.tsx";
import { withQuery } from "./operator-route.ts";
import { PageLink } from "./page-link.tsx";
import { ShareBars } from "./share-bars.tsx";
import { TimeChart } from "./time-chart.tsx";
import { useLocation } from "./use-location.ts";
import { useRange } from "./use-range.ts";

type Workspace = AdminUsageResponse["workspaces"][number];

function WorkspaceLink({ id, name }: { id: string; name: string }) {
  const { pathname, search } = useLocation();
  return <PageLink to={pathname + withQuery(search, { workspace: id })}>{name}</PageLink>;
}

const COLUMNS: readonly Column<Workspace>[] = [
  { title: "Workspace", cell: (row) => <WorkspaceLink id={row.workspaceId} name={row.name} /> },
  { title: "Files", isNumber: true, cell: (row) => count(row.files) },
  { title: "Bytes", isNumber: true, cell: (row) => bytes(row.bytes) },
  { title: "Grown", isNumber: true, cell: (row) => bytes(row.grownBytes) },
  { title: "Reserved", isNumber: true, cell: (row) => bytes(row.reservedBytes) },
  {
    title: "Limit",
    isNumber: true,
    cell: (row) => (row.limitBytes === null ? "none" : bytes(row.limitBytes)),
  },
  { title: "Used", isNumber: true, cell: (row) => percent(row.usedPercent) },
  { title: "Status", cell: (row) => row.status.replaceAll("_", " ") },
  { title: "Downloads", isNumber: true, cell: (row) => count(row.downloads) },
];

export function WorkspacesPage() {
  const range = useRange();
  const { search, pathname } = useLocation();
  const workspaceId = new URLSearchParams(search).get("workspace") ?? "";
  if (!range.ok) return null;
  const one: Record<string, string> = workspaceId === "" ? {} : { workspaceId };
  const by = range.by === "hour" ? "day" : range.by;
  return (
    <>
      {workspaceId === "" ? null : (
        <p>
          One workspace is shown.{" "}
          <PageLink to={pathname + withQuery(search, { workspace: "" })}>Show all</PageLink>
        </p>
      )}
      <div className="figures">
        <Figure<AdminUsageResponse, Workspace>
          question="Who is near their limit?"
          path="usage"
          query={{ ...range.query, ...one, limit: "500" }}
          summary={({ workspaces }) => pressureWords(workspaces)}
          rows={({ workspaces }) => workspaces}
          columns={COLUMNS}
          chart={(rows) => <Pressure rows={rows} />}
          empty="There is no such workspace."
        />
        <Figure<AdminUsageResponse, Workspace>
          question="Which workspaces hold most, and how did they grow?"
          path="usage"
          query={{ ...range.query, ...one, limit: "500" }}
          rows={({ workspaces }) => workspaces}
          columns={COLUMNS}
          chart={(rows) => <Fullest rows={rows} />}
          empty="There is no such workspace."
        />
        <Figure<GrowthResponse, GrowthRow>
          question="Which kinds of content grow?"
          path="growth"
          query={{ ...range.query, ...one, by }}
          rows={({ entries }) => entries}
          columns={GROWTH_COLUMNS}
          summary={({ entries }) => growthWords(entries)}
          chart={(rows) => <TimeChart kind="lines" series={storedByKind(rows)} format={bytes} />}
          empty="Nothing came or went in these days."
        />
      </div>
    </>
  );
}

const MOST_BARS = 10;

function pressureWords(rows: readonly Workspace[]): string {
  const times = (status: string) => rows.filter((row) => row.status === status).length;
  const [full, nearly] = [times("over_quota"), times("warning")];
  if (full + nearly === 0) return "Nobody.";
  return `Full: ${count(full)}; nearly full: ${count(nearly)}.`;
}

/** Those that hold most, as parts of the fullest. */
function Fullest({ rows }: { rows: readonly Workspace[] }) {
  const most = Math.max(...rows.map((row) => row.bytes), 1);
  return (
    <ShareBars
      label="Workspaces that hold most"
      bars={rows.slice(0, MOST_BARS).map((row) => ({
        key: row.workspaceId,
        name: row.name,
        percent: (row.bytes / most) * 100,
        text: `${bytes(row.bytes)}, ${row.grownBytes < 0 ? "−" : "+"}${bytes(Math.abs(row.grownBytes))}`,
        isFull: false,
      }))}
    />
  );
}

function Pressure({ rows }: { rows: readonly Workspace[] }) {
  const limited = rows.flatMap(({ workspaceId, name, usedPercent, limitBytes, status }) =>
    usedPercent === null
      ? []
      : [
          {
            key: workspaceId,
            name,
            percent: usedPercent,
            isFull: status === "warning" || status === "over_quota",
            text:
              limitBytes === null ? percent(usedPercent) : `${percent(usedPercent)} of ${bytes(limitBytes)}`,
          },
        ],
  );
  if (limited.length === 0) return <p className="note">No workspace has a limit.</p>;
  const fullest = limited.toSorted((a, b) => b.percent - a.percent).slice(0, MOST_BARS);
  return <ShareBars label="Workspaces that have used most of their limit" bars={fullest} />;
}
