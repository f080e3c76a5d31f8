import { listDeadLetters } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { readLimit } from "../read-scope.ts";
import { textTable } from "../text-table.ts";

export const deadLettersList: Command = {
  name: "dead-letters list",
  synopsis: "[--limit N]",
  summary:
    "Events that no receiver took and that were given up, the last of them first. Ends with 2 if there are any.",
  options: { limit: { type: "string" } },
  run: async ({ db }, words) => {
    const limit = readLimit(words, 100);
    const deadLetters = await listDeadLetters(db, { limit });
    const rows = deadLetters.map(({ id, type, orderingKey, gaveUpAt, attempts, lastError }) => [
      id,
      type,
      orderingKey,
      gaveUpAt.toISOString(),
      String(attempts),
      lastError ?? "",
    ]);
    const head = ["EVENT", "TYPE", "ABOUT", "GIVEN UP", "ATTEMPTS", "LAST ERROR"];
    const more = rows.length < limit ? [] : ["", "There may be more: --limit N lists more."];
    return {
      json: { deadLetters },
      text: rows.length === 0 ? "There is none." : [textTable(head, rows), ...more].join("\n"),
      exitCode: rows.length === 0 ? EXIT.ok : EXIT.look,
    };
  },
};
