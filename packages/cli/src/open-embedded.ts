import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { pendingMigrations } from "@audiotricks/migrations";
import type { Database } from "@audiotricks/storage";
import type { Kysely } from "kysely";
import { CliError } from "./cli-error.ts";
import type { Command, EmbeddedEngine } from "./command.ts";
import { requireMigrated } from "./require-migrated.ts";
import type { Settings } from "./settings.ts";
import { connectServer, type ServerConnection } from "./socket/connect-server.ts";

/** A server that is starting has the lock before it listens, and one that ends the other way round. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 250;

/** Where a command on an embedded database is run. */
export type EmbeddedPlace =
  | { kind: "server"; connection: ServerConnection }
  | {
      kind: "here";
      db: Kysely<Database>;
      embedded: EmbeddedEngine;
      settings: Settings;
      close: () => Promise<void>;
    };

/**
 * The server that has the embedded database, or, where none has it, the database itself, with its store if that is local as well.
 *
 * @throws {CliError} `embedded_database` if there is neither; `migrations_pending`.
 */
export async function openEmbedded(settings: Settings, command: Command): Promise<EmbeddedPlace> {
  const { dataDir } = settings;
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const connection = await connectServer(dataDir);
    if (typeof connection !== "string") return { kind: "server", connection };
    // PGlite and the store are loaded by whoever needs them.
    const embedded = await import("@audiotricks/embedded");
    if (!existsSync(embedded.databaseDirectory(dataDir)))
      throw new CliError(
        "embedded_database",
        `DATABASE_URL is not set, and there is no embedded database in ${dataDir}: set DATABASE_URL, here or in .env, to the PostgreSQL server that yours uses, or DATA_DIR to the directory of a server that has run.`,
      );
    try {
      return await openHere(settings, command, embedded);
    } catch (error) {
      const isHeld = error instanceof embedded.DirectoryLockedError;
      if (isHeld && performance.now() < end) {
        await delay(PAUSE_MS);
        continue;
      }
      if (error instanceof embedded.EmbeddedError)
        throw new CliError("embedded_database", error.message, { cause: error });
      throw error;
    }
  }
}

async function openHere(
  settings: Settings,
  command: Command,
  {
    lockDataDirectory,
    openEmbeddedDatabase,
    openLocalSpaces,
    followLocalSpaces,
  }: typeof import("@audiotricks/embedded"),
): Promise<EmbeddedPlace> {
  const { dataDir, spaces, emulatorPort } = settings;
  await using opened = new AsyncDisposableStack();
  const lock = lockDataDirectory(dataDir);
  opened.defer(() => lock.release());
  const database = await openEmbeddedDatabase(dataDir);
  opened.defer(database.close);
  const { db } = database;
  if (command.needsNoSchema !== true) requireMigrated(await pendingMigrations(db));
  let store = spaces;
  if (spaces === undefined && command.needsStore === true) {
    const host = "127.0.0.1";
    const local = await openLocalSpaces({ dataDir, host, port: emulatorPort, publicHost: host });
    opened.defer(local.close);
    store = local.provider;
    await followLocalSpaces(db, local.provider);
  }
  const stack = opened.move();
  return {
    kind: "here",
    db,
    embedded: database.pglite,
    settings: { ...settings, spaces: store },
    close: () => stack.disposeAsync(),
  };
}
