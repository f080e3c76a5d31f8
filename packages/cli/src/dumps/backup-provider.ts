import { findBackupProvider, OperatorError } from "@audiotricks/storage";
import type { Site, Words } from "../command.ts";
import { readId } from "../read-words.ts";

/** The one that is named, or that is for backups. @throws {OperatorError} `backup_provider_missing`; {CliError} `usage`. */
export async function backupProviderOf({ db }: Pick<Site, "db">, words: Words): Promise<string> {
  const named = readId(words, "provider");
  const found = named ?? (await findBackupProvider(db));
  if (found !== undefined) return found;
  throw new OperatorError(
    "backup_provider_missing",
    "No bucket is set up for backups: name one by --provider ID (provider list), or --to-file FILE.",
  );
}
