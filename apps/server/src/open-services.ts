import type { SpacesProvider } from "@audiotricks/storage";
import { publicHost } from "./addresses.ts";
import type { ServerConfig } from "./config.ts";
import { type OpenDatabase, openEmbeddedDatabase, openPostgres } from "./database.ts";
import { type DirectoryLock, DirectoryLockedError, lockDirectory } from "./directory-lock.ts";
import { openLocalSpaces } from "./local-spaces.ts";
import type { Logger } from "./logger.ts";
import { StartError } from "./start-error.ts";
import type { Teardown } from "./teardown.ts";

/**
 * Where anything is kept under the data directory, this process alone may have it.
 *
 * @throws {StartError} If nothing can be kept there; or `DirectoryLockedError`.
 */
export function lockEmbedded(config: ServerConfig, teardown: Teardown): void {
  if (config.databaseUrl !== undefined && config.spaces !== undefined) return;
  const lock = lockDataDirectory(config.dataDir);
  teardown.add(() => lock.release());
}

function lockDataDirectory(directory: string): DirectoryLock {
  try {
    return lockDirectory(directory);
  } catch (cause) {
    if (cause instanceof DirectoryLockedError || !(cause instanceof Error)) throw cause;
    const reason = "code" in cause ? String(cause.code) : cause.message;
    throw new StartError(
      `Cannot keep data in ${directory} (${reason}). Set DATA_DIR to a directory that this user may write to.`,
      { cause },
    );
  }
}

export async function openDatabase(
  { databaseUrl, dataDir }: ServerConfig,
  log: Logger,
  teardown: Teardown,
): Promise<OpenDatabase> {
  const database =
    databaseUrl === undefined ? await openEmbeddedDatabase(dataDir) : await openPostgres(databaseUrl, log);
  teardown.add(database.close);
  return database;
}

/** The store that is set, or the local one, started for this process. */
export async function openSpaces(config: ServerConfig, teardown: Teardown): Promise<SpacesProvider> {
  if (config.spaces !== undefined) return config.spaces;
  const { dataDir, host, emulatorPort: port, emulatorFaultToken: faultToken } = config;
  const local = await openLocalSpaces({ dataDir, host, port, publicHost: publicHost(config), faultToken });
  teardown.add(local.close);
  return local.provider;
}
