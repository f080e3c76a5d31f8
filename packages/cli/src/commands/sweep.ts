import type { Storage, SweepFailure } from "@audiotricks/storage";
import type { Command, Outcome } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { openStorage } from "../open-storage.ts";

export const sweepCommand: Command = {
  name: "sweep",
  synopsis: "[--dry-run]",
  summary:
    "Brings to an end what crashed, expired or was left behind, as servers do every half minute. --dry-run only says what that would be.",
  options: { "dry-run": { type: "boolean" } },
  needsStore: true,
  run: async (site, words) => {
    const storage = await openStorage(site);
    try {
      return words.has("dry-run")
        ? await preview(storage, site.terminal.interrupted)
        : await sweep(storage, site.terminal.interrupted);
    } finally {
      await storage.close();
    }
  },
};

async function preview(storage: Storage, signal: AbortSignal): Promise<Outcome> {
  const found = await storage.upkeep.previewSweep({ signal });
  return report(found, [
    `Sessions to expire: ${found.sessionsToExpire}`,
    `Files to expire: ${found.filesToExpire}`,
    `Sessions to complete: ${found.sessionsToComplete}`,
    `Sessions to abort: ${found.sessionsToAbort}`,
    `Files to delete: ${found.filesToDelete}`,
    ...listKeys("Uploads to abort at the store", found.uploadsToAbort),
    ...listKeys("Temporary objects to delete", found.temporaryToDelete),
    ...listKeys("Temporary objects to complete", found.temporaryToComplete),
  ]);
}

async function sweep(storage: Storage, signal: AbortSignal): Promise<Outcome> {
  const done = await storage.sweep({ signal });
  return report(done, [
    `Expired: ${done.expired}`,
    `Sessions completed: ${done.sessionsCompleted}`,
    `Sessions aborted: ${done.sessionsAborted}`,
    `Files deleted: ${done.filesDeleted}`,
    `Uploads aborted at the store: ${done.uploadsAborted}`,
    `Temporary objects deleted: ${done.temporaryDeleted}`,
  ]);
}

function listKeys(what: string, keys: string[]): string[] {
  return [`${what}: ${keys.length}`, ...keys.map((key) => `  ${key}`)];
}

function report(json: { failures: SweepFailure[] }, lines: string[]): Outcome {
  const failures = json.failures.map(({ id, code, message, cause }) =>
    [id, code, message, ...(cause === undefined ? [] : [cause])].join(": "),
  );
  return {
    json,
    text: [...lines, ...failures].join("\n"),
    exitCode: failures.length === 0 ? EXIT.ok : EXIT.look,
  };
}
