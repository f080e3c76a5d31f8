import type { ArchiveResponse, MovesResponse } from "@audiotricks/protocol/admin";
import type { Column } from "./data-table.tsx";
import { Figure } from "./figure.tsx";
import { bytes, count, counted, instant, text } from "./formats.ts";
import { PageLink } from "./page-link.tsx";

type Move = MovesResponse["moves"][number];
type Rule = ArchiveResponse["rules"][number];

const MOVES: readonly Column<Move>[] = [
  {
    title: "Workspace",
    cell: (row) => (
      <PageLink to={`/operator/workspaces?workspace=${row.workspaceId}`}>
        {row.workspaceName ?? row.workspaceId}
      </PageLink>
    ),
  },
  { title: "To", cell: (row) => `${row.bucket} (${row.region})` },
  { title: "State", cell: (row) => row.state },
  { title: "Moved", isNumber: true, cell: (row) => count(row.moved) },
  { title: "Bytes", isNumber: true, cell: (row) => bytes(row.movedBytes) },
  { title: "Waiting", isNumber: true, cell: (row) => count(row.waiting) },
  { title: "Failed", isNumber: true, cell: (row) => count(row.failed) },
  { title: "Old ones to go", isNumber: true, cell: (row) => count(row.toClear) },
  { title: "Begun (UTC)", cell: (row) => instant(row.createdAt) },
  { title: "Ended (UTC)", cell: (row) => instant(row.endedAt) },
  { title: "Error", cell: (row) => <span className="wide">{text(row.errorMessage ?? row.errorCode)}</span> },
];
const RULES: readonly Column<Rule>[] = [
  { title: "Cold bucket", cell: (row) => `${row.bucket} (${row.region})` },
  {
    title: "Of workspace",
    cell: (row) => (row.workspaceId === null ? "all" : (row.workspaceName ?? row.workspaceId)),
  },
  { title: "Older than", isNumber: true, cell: (row) => counted(row.olderThanDays, "day", "days") },
  { title: "Unused for", isNumber: true, cell: (row) => counted(row.unusedForDays, "day", "days") },
  { title: "Kinds", cell: (row) => row.kinds?.join(", ").replaceAll("_", " ") ?? "all" },
  { title: "At least", isNumber: true, cell: (row) => bytes(row.leastSize) },
  { title: "Active", cell: (row) => (row.isActive ? "yes" : "no") },
];

export function MovesPage() {
  return (
    <>
      <Figure<MovesResponse, Move>
        question="Which workspaces are on their way to another bucket?"
        path="moves"
        query={{}}
        rows={({ moves }) => moves}
        columns={MOVES}
        empty="None is, and none ever was."
      />
      <Figure<ArchiveResponse, Rule>
        question="What goes to cold storage?"
        path="archive"
        query={{}}
        rows={({ rules }) => rules}
        columns={RULES}
        summary={({ archiving, recalling }) =>
          `${wayWords("On the way there", archiving)} ${wayWords("Back", recalling)}`
        }
        empty="Nothing: there is no rule. audiotricks-storage archive add makes one."
      />
    </>
  );
}

function wayWords(name: string, { waiting, failed }: ArchiveResponse["archiving"]): string {
  return `${name}: ${counted(waiting, "file", "files")}${failed > 0 ? `, ${count(failed)} more failed` : ""}.`;
}
