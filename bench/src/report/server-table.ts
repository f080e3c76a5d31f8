import { describeFigure, describeWanted, type ServerResult } from "../server/server-figure.ts";
import { markdownTable } from "./markdown-table.ts";

/** What was wanted of the server and the database, of all that was measured. */
export function serverTable(results: readonly ServerResult[]): string {
  const days = [...new Set(results.map(({ measuredAt }) => measuredAt.slice(0, 10)))].join(", ");
  const lines = results.flatMap(({ figures }) =>
    figures.map((figure) => [figure.title, describeFigure(figure), describeWanted(figure), figure.sides]),
  );
  return [
    `**Server and database** (${days}; ${results[0]?.machine ?? ""})`,
    "",
    markdownTable([["", "median (range)", "wanted", "of"], ...lines]),
  ].join("\n");
}
