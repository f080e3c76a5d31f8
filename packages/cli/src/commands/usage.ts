import { usagePeriod } from "@audiotricks/protocol/messages";
import { listUsage, listUsageOf } from "@audiotricks/storage";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import type { Command, Outcome, Site, Words } from "../command.ts";
import { readLimit, readScope } from "../read-scope.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

export const usage: Command = {
  name: "usage",
  synopsis: "[--user ID | --workspace ID [--period day|week|month|year [--before DATE]]] [--limit N]",
  summary:
    "What users and workspaces use and have reserved, and their limits; the fullest come first. --period: one owner's history instead, the newest first, by days of UTC; weeks begin on Monday.",
  options: {
    user: { type: "string" },
    workspace: { type: "string" },
    period: { type: "string" },
    before: { type: "string" },
    limit: { type: "string" },
  },
  run: async (site, words) => {
    if (words.text("period") !== undefined) return await showHistory(site, words);
    if (words.text("before") !== undefined) throw new CliError("usage", "--before goes with --period.");
    const entries = await listUsage(site.db, { only: readScope(words), limit: readLimit(words, 50) });
    const rows = entries.map((entry) => [
      entry.scope,
      entry.id,
      formatSize(entry.usedBytes),
      formatSize(entry.reservedBytes),
      formatSize(entry.maxBytes),
      String(entry.usedFiles),
      String(entry.reservedFiles),
      formatFiles(entry.maxFiles),
    ]);
    const head = ["SCOPE", "ID", "USED", "RESERVED", "LIMIT", "FILES", "RESERVED", "LIMIT"];
    return { json: { usage: entries }, text: rows.length === 0 ? "Nothing is used." : textTable(head, rows) };
  },
};

async function showHistory({ db }: Site, words: Words): Promise<Outcome> {
  const scope = readScope(words);
  if (scope === undefined)
    throw new CliError("usage", "--period tells one owner's history: give --user ID or --workspace ID.");
  const period = usagePeriod.safeParse(words.text("period"));
  if (!period.success)
    throw new CliError("usage", `--period must be one of ${usagePeriod.options.join(", ")}.`);
  const before = z.iso.date().optional().safeParse(words.text("before"));
  if (!before.success || (before.data ?? "1") < "0001")
    throw new CliError("usage", "--before must be a day such as 2026-11-30.");
  const query = { period: period.data, cursor: before.data, limit: readLimit(words, 50) };
  const history = await listUsageOf(db, scope, query);
  const rows = history.entries.map((entry) => [
    entry.startsOn,
    entry.endsOn,
    formatSize(entry.usedBytes),
    formatSize(entry.peakBytes),
    formatSize(entry.limitBytes),
    String(entry.usedFiles),
    String(entry.peakFiles),
    formatFiles(entry.limitFiles),
  ]);
  const head = ["FROM", "TO", "USED", "PEAK", "LIMIT", "FILES", "PEAK", "LIMIT"];
  const more =
    history.nextCursor === null ? [] : ["", `There are older ones: --before ${history.nextCursor}`];
  const text = rows.length === 0 ? "Nothing was counted." : [textTable(head, rows), ...more].join("\n");
  return { json: history, text };
}

function formatFiles(limit: number | null): string {
  return limit === null ? "no limit" : String(limit);
}
