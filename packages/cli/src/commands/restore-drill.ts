import { findBackupProvider, OperatorError } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { type DrillReport, drillDatabase } from "../dumps/drill-database.ts";
import { EXIT } from "../exit-codes.ts";
import { openStorage } from "../open-storage.ts";
import { readId } from "../read-words.ts";
import { recordAround } from "../record-around.ts";
import { requireKeyring } from "../require-keyring.ts";

const LISTED = 20;

export const restoreDrill: Command = {
  name: "restore drill",
  synopsis: "[--provider ID]",
  summary:
    "Proves that a backup of the database can be restored: makes one (with --provider in that bucket, where it stays), restores it into a scratch database on the same server, compares every row and every definition with the moment of the backup, and takes the scratch database away. Ends with 1 if anything differs. Servers go on meanwhile.",
  options: { provider: { type: "string" } },
  needsStore: true,
  changes: () => ({ action: "drillRestore" }),
  run: async (site, words) => {
    const { databaseUrl } = site.settings;
    requireKeyring(site.settings);
    if (databaseUrl === undefined || site.embedded !== undefined)
      throw new OperatorError(
        "dump_of_other_engine",
        "A drill needs a server that a scratch database can be made on: an embedded database is tried by restore database into another DATA_DIR.",
      );
    const providerId = readId(words, "provider") ?? (await findBackupProvider(site.db));
    const storage = await openStorage(site);
    try {
      const report = await recordAround(
        site,
        { action: "drillRestore", resourceId: providerId },
        () => drillDatabase(site, { databaseUrl, providerId, storage }),
        ({ differences, ...counts }) => ({ ...counts, differences: differences.length }),
      );
      return {
        json: report,
        text: describe(report),
        exitCode: report.differences.length === 0 ? EXIT.ok : EXIT.failed,
      };
    } finally {
      await storage.close();
    }
  },
};

function describe({
  key,
  tables,
  rows,
  objects,
  size,
  dumpMs,
  restoreMs,
  compareMs,
  differences,
}: DrillReport): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  return [
    `${rows} rows of ${tables} tables and ${objects} definitions: ${differences.length} differences.`,
    `${size} bytes; ${dumpMs === null ? "dumped and restored" : `dumped in ${seconds(dumpMs)} to ${key}, restored`} in ${seconds(restoreMs)}, compared in ${seconds(compareMs)}.`,
    ...differences
      .slice(0, LISTED)
      .map(({ what, expected, found }) => `  ${what}: ${expected} before, ${found} after`),
    ...(differences.length > LISTED ? [`  … and ${differences.length - LISTED} more`] : []),
  ].join("\n");
}
