import { join } from "node:path";
import { EmbeddedError } from "@audiotricks/embedded";
import { pendingMigrations } from "@audiotricks/migrations";
import { ConfigError, readConfig, type ServerConfig } from "./config.ts";
import type { OpenDatabase } from "./database.ts";
import { loadEnvFile } from "./load-env-file.ts";
import { createLogger, type Logger } from "./logger.ts";
import { openDatabase } from "./open-services.ts";
import { StartError } from "./start-error.ts";
import { createTeardown, type Teardown } from "./teardown.ts";

const root = join(import.meta.dirname, "../../..");

/** What the server has, for a command beside it. */
export interface OperatorSite {
  config: ServerConfig;
  log: Logger;
  teardown: Teardown;
}

/** Runs a command with the server's settings and ends the process with its exit code. What a person can mend is said in one sentence. */
export async function runOperatorCommand<Wishes>(
  readArguments: () => Wishes,
  work: (site: OperatorSite, wishes: Wishes) => Promise<number>,
): Promise<void> {
  const teardown = createTeardown();
  try {
    const wishes = readArguments();
    loadEnvFile(join(root, ".env"));
    const config = readConfig(process.env, join(root, ".data"));
    process.exitCode = await work({ config, log: createLogger(config), teardown }, wishes);
  } catch (error) {
    const isForPeople =
      error instanceof ConfigError || error instanceof StartError || error instanceof EmbeddedError;
    console.error(isForPeople ? error.message : error);
    process.exitCode = 1;
  } finally {
    await teardown.run();
  }
}

/** @throws {StartError} If its schema is not this release's: a command changes nothing about that. */
export async function openMigratedDatabase({ config, log, teardown }: OperatorSite): Promise<OpenDatabase> {
  const database = await openDatabase(config, log, teardown);
  const pending = await pendingMigrations(database.db);
  if (pending.length > 0)
    throw new StartError(
      `The database lacks ${pending.length} migrations: start the server once, it makes them.`,
    );
  return database;
}

export const writeLine = (line: string): void => void process.stdout.write(`${line}\n`);
export const saySentence = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
