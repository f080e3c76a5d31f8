import type { ExpiryHold, HeldFile, Storage, SweepFailure } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Outcome } from "../command.ts";
import { describeHold } from "../describe-hold.ts";
import { EXIT } from "../exit-codes.ts";
import { openStorage } from "../open-storage.ts";
import { isUuid } from "../read-words.ts";
import { recordAround } from "../record-around.ts";

export const sweepCommand: Command = {
  name: "sweep",
  synopsis: "[--dry-run | --expire-held ID]",
  summary:
    "Brings to an end what crashed, expired or was left behind, as servers do every half minute. --dry-run only says what that would be. --expire-held lets files expire that are held back, once somebody has seen that their times are right.",
  options: { "dry-run": { type: "boolean" }, "expire-held": { type: "string" } },
  needsStore: true,
  changes: (words) => (words.has("dry-run") ? undefined : { action: "sweep" }),
  run: async (site, words) => {
    const holdId = words.text("expire-held");
    if (holdId !== undefined && (words.has("dry-run") || !isUuid(holdId)))
      throw new CliError(
        "usage",
        "--expire-held takes the id that --dry-run says, and not --dry-run itself.",
      );
    const storage = await openStorage(site);
    try {
      if (words.has("dry-run")) return await preview(storage, site.terminal.interrupted);
      const change = holdId === undefined ? undefined : { after: { expireHeld: holdId } };
      const work = async () => {
        if (holdId !== undefined) await storage.upkeep.endExpiryHold(holdId);
        return await sweep(storage, site.terminal.interrupted);
      };
      return await recordAround(site, { action: "sweep", change }, work, ({ json }) => json);
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

function report(
  json: { failures: SweepFailure[]; expiryHold?: ExpiryHold; filesHeld?: HeldFile[] },
  lines: string[],
): Outcome {
  const held = json.expiryHold === undefined ? [] : describeHold(json.expiryHold, json.filesHeld);
  const failures = json.failures.map(({ id, code, message, cause }) =>
    [id, code, message, ...(cause === undefined ? [] : [cause])].join(": "),
  );
  return {
    json,
    text: [...lines, ...held, ...failures].join("\n"),
    exitCode: failures.length + held.length === 0 ? EXIT.ok : EXIT.look,
  };
}
