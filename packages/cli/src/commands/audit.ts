import { listAuditLog } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { readLimit } from "../read-scope.ts";
import { readId } from "../read-words.ts";
import { textTable } from "../text-table.ts";

export const audit: Command = {
  name: "audit",
  synopsis: "[--user ID] [--actor cli:USER@HOST] [--resource ID] [--cursor CURSOR] [--limit N]",
  summary:
    "Who did what to which resource, from where, with what outcome, the newest first: over HTTP, and by this command.",
  options: {
    user: { type: "string" },
    actor: { type: "string" },
    resource: { type: "string" },
    cursor: { type: "string" },
    limit: { type: "string" },
  },
  run: async ({ db }, words) => {
    const { entries, nextCursor } = await listAuditLog(db, {
      userId: readId(words, "user"),
      actor: words.text("actor"),
      resourceId: readId(words, "resource"),
      cursor: words.text("cursor"),
      limit: readLimit(words, 50),
    });
    const rows = entries.map((entry) => [
      entry.at,
      entry.actor ?? entry.service ?? entry.userId ?? "nobody",
      entry.action,
      [entry.resource, entry.resourceId ?? ""].join(" ").trimEnd(),
      entry.times > 1 ? `${entry.outcome} (${entry.times} times)` : entry.outcome,
      entry.address ?? "",
      entry.change === null ? "" : JSON.stringify(entry.change),
    ]);
    const head = ["AT", "WHO", "ACTION", "RESOURCE", "OUTCOME", "FROM", "CHANGE"];
    const more = nextCursor === null ? [] : ["", `There are older ones: --cursor ${nextCursor}`];
    const text = rows.length === 0 ? "There is none." : [textTable(head, rows), ...more].join("\n");
    return { json: { entries, nextCursor }, text };
  },
};
