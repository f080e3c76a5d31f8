import { type CommandServer, serveCommands } from "@audiotricks/cli/server";
import type { Database, SpacesProvider } from "@audiotricks/storage";
import type { Kysely } from "kysely";
import type { ServerConfig } from "./config.ts";
import { scanPolicyOf } from "./config-scan.ts";
import type { OpenDatabase } from "./database.ts";
import type { Logger } from "./logger.ts";

/**
 * An embedded database is this process' alone: so `audiotricks-storage` is run here, for whoever may open the socket in the
 * data directory. Without the socket uploads go on, and the command says that the directory is in use.
 *
 * @returns `undefined` where the database is shared, or there can be no socket.
 */
export async function openOperatorSocket(
  config: ServerConfig,
  {
    db,
    spaces,
    origins,
    embedded,
    log,
  }: {
    db: Kysely<Database>;
    embedded: OpenDatabase["embedded"];
    spaces: SpacesProvider;
    origins: string[];
    log: Logger;
  },
): Promise<CommandServer | undefined> {
  if (config.databaseUrl !== undefined) return undefined;
  const apiToken = config.spaces?.apiToken;
  const { dataDir, emulatorPort, encryptionKey, allowInternalEndpoints } = config;
  const settings = {
    databaseUrl: undefined,
    dataDir,
    emulatorPort,
    encryptionKey,
    allowInternalEndpoints,
    spaces,
    origins,
    digitalOcean: apiToken === undefined ? undefined : { token: apiToken },
    scanPolicy: scanPolicyOf(config.scan),
  };
  const onError = (err: unknown) => log.error({ err }, "no commands are taken from audiotricks-storage");
  try {
    const server = await serveCommands({ dataDir, site: { settings, db, embedded }, onError });
    if (server === undefined)
      log.warn(
        "DATA_DIR has a path that is too long for a socket: audiotricks-storage cannot reach this server",
      );
    return server;
  } catch (error) {
    onError(error);
    return undefined;
  }
}
