import type { Command } from "../command.ts";
import { openStorage } from "../open-storage.ts";
import { readLimit } from "../read-scope.ts";
import { textTable } from "../text-table.ts";

const LIMIT = 50;

export const backupList: Command = {
  name: "backup list",
  synopsis: "[--limit N]",
  summary: "Backups of the database, the newest first: where each is, how it is, and which key opens it.",
  options: { limit: { type: "string" } },
  run: async (site, words) => {
    const storage = await openStorage(site);
    try {
      const dumps = (await storage.dumps.list({ limit: readLimit(words, LIMIT) })).map((dump) => ({
        id: dump.id,
        state: dump.state,
        startedAt: dump.startedAt.toISOString(),
        providerId: dump.providerId,
        key: dump.key,
        engine: dump.engine,
        serverVersion: dump.serverVersion,
        migration: dump.migration,
        keyId: dump.keyId,
        size: dump.state === "stored" ? dump.size : null,
        sha256: dump.state === "stored" ? dump.sha256 : null,
        errorCode: dump.state === "failed" ? dump.errorCode : null,
      }));
      const rows = dumps.map((dump) => [
        dump.startedAt,
        dump.errorCode === null ? dump.state : `${dump.state}: ${dump.errorCode}`,
        String(dump.size ?? ""),
        dump.keyId,
        dump.key,
      ]);
      return {
        json: { dumps },
        text:
          rows.length === 0
            ? "No backup of the database was made."
            : textTable(["STARTED", "STATE", "BYTES", "KEY", "OBJECT"], rows),
      };
    } finally {
      await storage.close();
    }
  },
};
