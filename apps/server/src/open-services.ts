import { lockDataDirectory, openLocalSpaces } from "@audiotricks/embedded";
import type { SpacesProvider } from "@audiotricks/storage";
import { publicHost } from "./addresses.ts";
import type { ServerConfig } from "./config.ts";
import { type OpenDatabase, openPglite, openPostgres } from "./database.ts";
import type { Logger } from "./logger.ts";
import type { Teardown } from "./teardown.ts";

/**
 * Where anything is kept under the data directory, this process alone may have it.
 *
 * @throws {EmbeddedError} If another process has it, or nothing can be kept there.
 */
export function lockEmbedded(config: ServerConfig, teardown: Teardown): void {
  if (config.databaseUrl !== undefined && config.spaces !== undefined) return;
  const lock = lockDataDirectory(config.dataDir);
  teardown.add(() => lock.release());
}

export async function openDatabase(
  { databaseUrl, dataDir, tracing }: ServerConfig,
  log: Logger,
  teardown: Teardown,
): Promise<OpenDatabase> {
  const database =
    databaseUrl === undefined
      ? await openPglite(dataDir)
      : await openPostgres(databaseUrl, log, { isTraced: tracing !== undefined });
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
