import { readFile, writeFile } from "node:fs/promises";
import { ACCESS } from "../packages/storage/src/access/access-table.ts";
import { inRoot } from "./checkout.mjs";

// Writes docs/access.md from the table in code; with --check it only tells whether it is current.
const FILE = inRoot("docs/access.md");
const COLUMNS = ["viewer", "member", "admin", "service", "operator"];
const WORDS = { none: "", own: "own", shared: "own, shared", all: "all" };

const current = render();
if (!process.argv.includes("--check")) {
  await writeFile(FILE, current);
} else if (current !== (await readFile(FILE, "utf8").catch(() => ""))) {
  console.error("docs/access.md is not what the access table says: run `node scripts/access-table.mjs`.");
  process.exitCode = 1;
}

function render() {
  const rows = Object.values(ACCESS).map(({ route, rate, audit, ...access }) => [
    `\`${route}\``,
    ...(access.about === "nothing"
      ? COLUMNS.map(() => "anyone")
      : COLUMNS.map((column) => WORDS[access[column]])),
    rate === "none" ? "" : rate,
    audit !== "refusals" ? "yes" : access.about === "nothing" ? "" : "refusals",
  ]);
  return `# Who may do what

Made by \`node scripts/access-table.mjs\` from [the table](../packages/storage/src/access/access-table.ts) that routes and SQL statements go by.

- **viewer**, **member**, **admin**: of what is in a workspace, by the role in it; one that we do not know is a viewer. _Own_ is what the caller
  put there, _shared_ what its owner has not made private. What is in no workspace is its owner's alone, who may do with it all that any role may.
- **service** signs in with a token of its own; _own_ are the uploads of files that it derives. **operator** is a user whom the host calls one,
  beside what they may as a user.
- What a caller does not reach answers exactly as what is not there. \`forbidden\` is for what they see and may not change.
- **rate**: reads are limited in each process, writes on the database for all of them. **audit**: refusals are written down everywhere.

${toTable(["route", ...COLUMNS, "rate", "audit"], rows)}
`;
}

/** @param {string[]} head @param {string[][]} rows */
function toTable(head, rows) {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
