import type { BackupState } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { openStorage } from "../open-storage.ts";
import { recordAround } from "../record-around.ts";
import { formatSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

export const backupStatus: Command = {
  name: "backup status",
  synopsis: "",
  summary:
    "How far the copies of files are: what waits, what failed and why, and the recovery point: every file that was stored before it has its copy, proved. Ends with 2 where somebody should look.",
  options: {},
  run: async (site) => {
    const storage = await openStorage(site);
    try {
      const state = await storage.backups.state();
      const isWell = state.recoveryPoint !== null && state.failures.length === 0;
      return { json: state, text: describeState(state), exitCode: isWell ? EXIT.ok : EXIT.look };
    } finally {
      await storage.close();
    }
  },
};

export const backupRun: Command = {
  name: "backup run",
  synopsis: "",
  summary: "Copies what is to be copied, for some minutes at most, as servers do all the time.",
  options: {},
  needsStore: true,
  changes: () => ({ action: "runBackup" }),
  run: async (site) => {
    const storage = await openStorage(site);
    try {
      const work = () => storage.backups.run({ signal: site.terminal.interrupted });
      const report = await recordAround(site, { action: "runBackup" }, work, (done) => done);
      const { copied, bytes, queued, removed, failures } = report;
      const lines = [
        `Files copied: ${copied} (${formatSize(bytes)})`,
        `Files of before queued: ${queued}`,
        `Copies of deleted files removed: ${removed}`,
        ...failures.map(({ id, code, message }) => `${id}: ${code}: ${message}`),
      ];
      return {
        json: report,
        text: lines.join("\n"),
        exitCode: failures.length === 0 ? EXIT.ok : EXIT.look,
      };
    } finally {
      await storage.close();
    }
  },
};

export const backupCompare: Command = {
  name: "backup compare",
  synopsis: "",
  summary:
    "Walks the buckets of copies beside their rows, as servers do each night: what is lost there is copied again, leftovers go, and what no row knows is told of and stays.",
  options: {},
  needsStore: true,
  changes: () => ({ action: "compareBackup" }),
  run: async (site) => {
    const storage = await openStorage(site);
    try {
      const found: string[] = [];
      const work = () =>
        storage.backups.compare({
          signal: site.terminal.interrupted,
          onFinding: ({ kind, key }) => {
            if (found.length < MOST_LINES) found.push(`${kind}: ${key}`);
          },
        });
      const report = await recordAround(site, { action: "compareBackup" }, work, (done) => done);
      const { lost, unknown, failures } = report;
      const lines = [
        `Objects: ${report.objects}, rows: ${report.rows}`,
        `Copies lost, to be made again: ${lost}`,
        `Objects that no row knows: ${unknown}`,
        `Leftovers removed: ${report.deleted + report.uploadsAborted}`,
        ...found,
        ...failures.map(({ id, code, message }) => `${id}: ${code}: ${message}`),
      ];
      const isWell = lost + unknown + failures.length === 0;
      return { json: report, text: lines.join("\n"), exitCode: isWell ? EXIT.ok : EXIT.look };
    } finally {
      await storage.close();
    }
  },
};

const MOST_LINES = 50;

function describeState({ backups, recoveryPoint, withoutBackup, failures }: BackupState): string {
  const rows = backups.map((one) => [
    one.providerId,
    one.backupId,
    String(one.copied),
    formatSize(one.copiedBytes),
    String(one.pending + one.copying),
    String(one.failed),
    formatSize(one.waitingBytes),
    String(one.kept),
    one.recoveryPoint?.toISOString() ?? (one.isFilled ? "" : "being filled"),
  ]);
  const head = [
    "FILES OF",
    "BACKUP",
    "COPIED",
    "SIZE",
    "WAITING",
    "FAILED",
    "TO COPY",
    "KEPT",
    "RECOVERY POINT",
  ];
  return [
    backups.length === 0 ? "There is no backup: provider add --backup-of makes one." : textTable(head, rows),
    ...withoutBackup.map((id) => `Files of ${id} have no backup.`),
    ...failures.map(
      ({ fileId, code, message, nextAttemptAt }) =>
        `${fileId}: ${code}: ${message} Tried again at ${nextAttemptAt.toISOString()}.`,
    ),
    `Recovery point: ${recoveryPoint?.toISOString() ?? "none yet"}`,
  ].join("\n");
}
