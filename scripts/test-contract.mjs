import { readFile, writeFile } from "node:fs/promises";
import { CONTRACT } from "../packages/testing/src/contract.ts";
import { inRoot } from "./checkout.mjs";

// Writes docs/test-contract.md from the contract in code; with --check it only tells whether it is current.
const FILE = inRoot("docs/test-contract.md");
const PARTS = {
  widget: "`<AudioUploader>`",
  meter: "`<QuotaMeter>`",
  details: "`<UploadDebugDrawer>`",
  sharing: "`<SharingDialog>`",
  demo: "The demo",
};

const current = render();
if (!process.argv.includes("--check")) {
  await writeFile(FILE, current);
} else if (current !== (await readFile(FILE, "utf8").catch(() => ""))) {
  console.error("docs/test-contract.md is not what the contract says: run `node scripts/test-contract.mjs`.");
  process.exitCode = 1;
}

function render() {
  const parts = Object.entries(PARTS).map(([part, title]) => {
    const rows = CONTRACT.filter((row) => row.part === part).map(
      ({ what, role, name, also = [], states = [], note = "" }) => [
        what,
        role,
        name === "" ? "" : [name, ...also].map((one) => `“${inCapitals(one)}”`).join(", "),
        [...states.map(describeState), inCapitals(note)].filter((text) => text !== "").join("; "),
      ],
    );
    return `## ${title}\n\n${toTable(["what", "role", "accessible name", "states"], rows)}`;
  });
  return `# What tests may rely on

Made by \`node scripts/test-contract.mjs\` from [the contract](../packages/testing/src/contract.ts) that [a test](../examples/qa/contract.spec.ts)
holds against the page: each row and state is there, and nothing else that has a role and a name. A change is a breaking change.

NAME is a file's name, N a number, WORKSPACE what the page calls it. Names are those of English; in another language they are its
[table](../packages/react/src/locales)'s. Roles and \`data-…\` are the same in all. \`@audiotricks/testing/playwright\` finds everything by these.

${parts.join("\n\n")}
`;
}

function inCapitals(text) {
  return text.replaceAll(/\{(\w+)\}/g, (_, word) => word.toUpperCase());
}

function describeState({ attribute, values }) {
  return `\`${attribute}\`: ${values.map((value) => `\`${value}\``).join(", ")}`;
}

/** @param {string[]} head @param {string[][]} rows */
function toTable(head, rows) {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
