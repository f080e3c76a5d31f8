import { listOldDumpKeys, rewrapSecrets } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { requireKeyring } from "../require-keyring.ts";

export const providerRewrap: Command = {
  name: "provider rewrap",
  synopsis: "",
  summary:
    "Puts all sealed secrets under the first key of STORAGE_ENCRYPTION_KEY, once every server has both it and the old one. Uploads go on.",
  options: {},
  changes: () => ({ action: "rewrapSecrets" }),
  run: async ({ db, settings, by }) => {
    const keyring = requireKeyring(settings);
    const report = await rewrapSecrets(db, keyring, by);
    const isDone = report.failures.length === 0;
    const dumpKeys = await listOldDumpKeys(db, keyring[0].id);
    const lines = [
      `Under key ${keyring[0].id}: ${report.rewrapped.length} now, ${report.current.length} before.`,
      ...report.failures.map(({ message }) => message),
      isDone
        ? dumpKeys.length === 0
          ? "The other keys of STORAGE_ENCRYPTION_KEY are not needed any more."
          : "Of the other keys of STORAGE_ENCRYPTION_KEY, keep those that backups of the database open with:"
        : "Do not take any key away yet: add the one that these were sealed with, or provider rotate them.",
      ...dumpKeys.map(
        ({ keyId, dumps, newestAt }) =>
          `  ${keyId}: ${dumps} backups, the newest of ${newestAt.toISOString()}`,
      ),
    ];
    return {
      json: {
        keyId: keyring[0].id,
        ...report,
        dumpKeys: dumpKeys.map(({ newestAt, ...key }) => ({ ...key, newestAt: newestAt.toISOString() })),
      },
      text: lines.join("\n"),
      exitCode: isDone ? EXIT.ok : EXIT.look,
    };
  },
};
