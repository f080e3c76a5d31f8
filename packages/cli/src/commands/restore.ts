import type { OperatorAction, RestoreReport, RestoreScope } from "@audiotricks/storage";
import type { Command, Outcome, Site, Words } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { openStorage } from "../open-storage.ts";
import { recordAround } from "../record-around.ts";
import { formatSize } from "../sizes.ts";

const INTO = { "into-bucket": { type: "string" } } as const;
const ABOUT_INTO = "--into-bucket: to another bucket at the same store instead, and nothing else changes.";

export const restoreFile: Command = {
  name: "restore file",
  synopsis: "ID [--into-bucket NAME]",
  summary: `Brings a file's object back from its copy, where it is missing or differs; never over one that is right. ${ABOUT_INTO} That also works for a deleted file, while its copy is kept.`,
  options: INTO,
  takesId: true,
  needsStore: true,
  changes: (words) => ({ action: "restoreFile", resourceId: words.id() }),
  run: async (site, words) => {
    const storage = await openStorage(site);
    try {
      const work = () => storage.backups.restoreFile(words.id(), optionsOf(site, words));
      const about = { action: "restoreFile", resourceId: words.id() } as const;
      const done = await recordAround(site, about, work, (file) => file);
      const text =
        done.outcome === "right"
          ? `Nothing to do: ${done.key} is in bucket ${done.bucket}, as its row says.`
          : `Restored ${done.key} to bucket ${done.bucket} (${formatSize(done.bytes)}).`;
      return { json: done, text };
    } finally {
      await storage.close();
    }
  },
};

export const restoreWorkspace: Command = {
  name: "restore workspace",
  synopsis: "ID [--into-bucket NAME]",
  summary: `Brings all files of a workspace back from their copies, as restore file does. What stopped goes on when it is repeated. ${ABOUT_INTO}`,
  options: INTO,
  takesId: true,
  needsStore: true,
  changes: (words) => ({ action: "restoreWorkspace", resourceId: words.id() }),
  run: (site, words) => restoreAll(site, words, "restoreWorkspace", { workspaceId: words.id() }),
};

export const restoreProvider: Command = {
  name: "restore provider",
  synopsis: "ID [--into-bucket NAME]",
  summary: `Brings all files of a bucket back from their copies, as after it was lost. What stopped goes on when it is repeated. ${ABOUT_INTO}`,
  options: INTO,
  takesId: true,
  needsStore: true,
  changes: (words) => ({ action: "restoreProvider", resourceId: words.id() }),
  run: (site, words) => restoreAll(site, words, "restoreProvider", { providerId: words.id() }),
};

async function restoreAll(
  site: Site,
  words: Words,
  action: OperatorAction,
  scope: RestoreScope,
): Promise<Outcome> {
  const storage = await openStorage(site);
  try {
    const work = () => storage.backups.restore(scope, optionsOf(site, words));
    const report = await recordAround(site, { action, resourceId: words.id() }, work, (done) => done);
    const isWell = report.failures.length === 0 && !report.isInterrupted;
    return { json: report, text: describe(report), exitCode: isWell ? EXIT.ok : EXIT.look };
  } finally {
    await storage.close();
  }
}

function optionsOf({ terminal }: Site, words: Words) {
  const intoBucket = words.text("into-bucket");
  return { signal: terminal.interrupted, ...(intoBucket === undefined ? {} : { intoBucket }) };
}

function describe({ files, right, restored, bytes, failures, isInterrupted }: RestoreReport): string {
  return [
    `Files: ${files}`,
    `There already: ${right}`,
    `Restored: ${restored} (${formatSize(bytes)})`,
    ...failures.map(({ id, code, message }) => `${id}: ${code}: ${message}`),
    ...(isInterrupted ? ["Stopped before the end: repeat it, and it goes on."] : []),
  ].join("\n");
}
