import { deleteHeldBack, listHeldBack, releaseHeldBack } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { readLimit } from "../read-scope.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

export const quarantineList: Command = {
  name: "quarantine list",
  synopsis: "[--limit N]",
  summary: "Files that nobody gets: in quarantine, or held until they were scanned. The newest first.",
  options: { limit: { type: "string" } },
  run: async ({ db }, words) => {
    const files = await listHeldBack(db, { limit: readLimit(words, 50) });
    const rows = files.map((file) => [
      file.fileId,
      file.state,
      file.scan,
      file.verdict ?? file.lastError ?? "",
      formatSize(file.fileSize),
      file.userId ?? "",
      file.createdAt.toISOString(),
      file.fileName,
    ]);
    const head = ["FILE", "STATE", "SCAN", "WHY", "SIZE", "USER", "CREATED", "NAME"];
    return { json: { files }, text: rows.length === 0 ? "There is none." : textTable(head, rows) };
  },
};

export const quarantineRelease: Command = {
  name: "quarantine release",
  synopsis: "ID",
  summary:
    "Lets a file go that is held back: it is what it was before, public again within two minutes if it was.",
  options: {},
  takesId: true,
  changes: (words) => ({ action: "releaseFile", resourceId: words.id() }),
  run: async ({ db, by }, words) => {
    await releaseHeldBack(db, words.id(), by);
    return { json: { fileId: words.id(), released: true }, text: "The file is given out again." };
  },
};

export const quarantineDelete: Command = {
  name: "quarantine delete",
  synopsis: "ID",
  summary: "Deletes a file that is held back: from the quota at once, at the store by the next sweep.",
  options: {},
  takesId: true,
  changes: (words) => ({ action: "deleteHeldFile", resourceId: words.id() }),
  run: async ({ db, by }, words) => {
    await deleteHeldBack(db, words.id(), by);
    return { json: { fileId: words.id(), deleted: true }, text: "The file is being deleted." };
  },
};
