import { join } from "node:path";
import { parseArgs } from "node:util";
import { pendingMigrations } from "@audiotricks/migrations";
import { createStorage, openProviders } from "@audiotricks/storage";
import { ConfigError, readConfig, type ServerConfig } from "./config.ts";
import { DirectoryLockedError } from "./directory-lock.ts";
import { loadEnvFile } from "./load-env-file.ts";
import { followLocalSpaces } from "./local-spaces.ts";
import { createLogger } from "./logger.ts";
import { lockEmbedded, openDatabase, openSpaces } from "./open-services.ts";
import { runReconcile } from "./reconcile/run-reconcile.ts";
import { StartError } from "./start-error.ts";
import { createTeardown, type Teardown } from "./teardown.ts";

// `npm run reconcile -- [--delete-unknown[=WORD]]`: the report as JSON lines on stdout, sentences on stderr.
const root = join(import.meta.dirname, "../../..");
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());

const teardown = createTeardown();
try {
  const deleteUnknown = readArguments();
  loadEnvFile(join(root, ".env"));
  process.exitCode = await main(readConfig(process.env, join(root, ".data")), deleteUnknown, teardown);
} catch (error) {
  const isForPeople =
    error instanceof ConfigError || error instanceof StartError || error instanceof DirectoryLockedError;
  console.error(isForPeople ? error.message : error);
  process.exitCode = 1;
} finally {
  await teardown.run();
}

function readArguments(): boolean | string {
  const args = process.argv.slice(2);
  // The word is optional, which parseArgs does not know.
  if (args.length === 1 && args[0] === "--delete-unknown") return true;
  try {
    return (
      parseArgs({ args, options: { "delete-unknown": { type: "string" } } }).values["delete-unknown"] ?? false
    );
  } catch (cause) {
    throw new StartError("Usage: npm run reconcile -- [--delete-unknown[=WORD]]", { cause });
  }
}

async function main(
  config: ServerConfig,
  deleteUnknown: boolean | string,
  teardown: Teardown,
): Promise<number> {
  const log = createLogger(config);
  // Embedded, the running server has the data for itself: then its lock refuses this, and says what to stop.
  lockEmbedded(config, teardown);
  const spaces = await openSpaces(config, teardown);
  const { db } = await openDatabase(config, log, teardown);
  const pending = await pendingMigrations(db);
  if (pending.length > 0)
    throw new StartError(
      `The database lacks ${pending.length} migrations: start the server once, it makes them.`,
    );
  if (config.spaces === undefined) await followLocalSpaces(db, spaces);
  const providers = await openProviders({ db, spaces, encryptionKey: config.encryptionKey });
  const storage = createStorage({
    db,
    providers,
    onError: (err) => log.error({ err }, "failed in the background"),
  });
  teardown.add(async () => await storage.close());
  return await runReconcile(storage, {
    deleteUnknown,
    write: (line) => process.stdout.write(`${line}\n`),
    say: (sentence) => process.stderr.write(`${sentence}\n`),
    signal: interrupted.signal,
  });
}
