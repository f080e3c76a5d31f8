import { listUsage } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { readLimit, readScope } from "../read-scope.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

export const usage: Command = {
  name: "usage",
  synopsis: "[--user ID | --workspace ID] [--limit N]",
  summary: "What users and workspaces use and have reserved, and their limits; the fullest come first.",
  options: { user: { type: "string" }, workspace: { type: "string" }, limit: { type: "string" } },
  run: async ({ db }, words) => {
    const entries = await listUsage(db, { only: readScope(words), limit: readLimit(words, 50) });
    const rows = entries.map((entry) => [
      entry.scope,
      entry.id,
      formatSize(entry.usedBytes),
      formatSize(entry.reservedBytes),
      formatSize(entry.maxBytes),
      String(entry.usedFiles),
      String(entry.reservedFiles),
      entry.maxFiles === null ? "no limit" : String(entry.maxFiles),
    ]);
    const head = ["SCOPE", "ID", "USED", "RESERVED", "LIMIT", "FILES", "RESERVED", "LIMIT"];
    return { json: { usage: entries }, text: rows.length === 0 ? "Nothing is used." : textTable(head, rows) };
  },
};
