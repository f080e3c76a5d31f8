import { findBackupProvider, parseKeyring, pgDumpSource, pgliteSource } from "@audiotricks/storage";
import type { ServerConfig } from "./config.ts";
import type { OpenDatabase } from "./database.ts";
import type { DatabaseBackup } from "./jobs/backup-database.ts";

/** `undefined` where there is no key that could seal it. */
export function databaseBackupOf(
  { encryptionKey, databaseUrl, databaseBackup }: ServerConfig,
  { db, embedded }: OpenDatabase,
): DatabaseBackup | undefined {
  if (encryptionKey === undefined) return undefined;
  const { policy, providerId, postgresBin } = databaseBackup;
  const source =
    embedded === undefined
      ? pgDumpSource({ databaseUrl: databaseUrl ?? "", env: process.env, binDirectory: postgresBin })
      : pgliteSource(() => embedded.dumpDataDir("gzip"));
  return {
    source,
    keyring: parseKeyring(encryptionKey),
    policy,
    findProvider: async () => providerId ?? (await findBackupProvider(db)),
  };
}
