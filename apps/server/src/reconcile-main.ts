import { parseArgs } from "node:util";
import { followLocalSpaces } from "@audiotricks/embedded";
import { createStorage, openProviders } from "@audiotricks/storage";
import { lockEmbedded, openSpaces } from "./open-services.ts";
import {
  type OperatorSite,
  openMigratedDatabase,
  runOperatorCommand,
  saySentence,
  writeLine,
} from "./operator-command.ts";
import { runReconcile } from "./reconcile/run-reconcile.ts";
import { StartError } from "./start-error.ts";

// `npm run reconcile -- [--delete-unknown[=WORD]]`: the report as JSON lines on stdout, sentences on stderr.
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());

await runOperatorCommand(readArguments, main);

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

async function main(site: OperatorSite, deleteUnknown: boolean | string): Promise<number> {
  const { config, log, teardown } = site;
  // Embedded, the running server has the data for itself: then its lock refuses this, and says what to stop.
  lockEmbedded(config, teardown);
  const spaces = await openSpaces(config, teardown);
  const { db } = await openMigratedDatabase(site);
  if (config.spaces === undefined) await followLocalSpaces(db, spaces);
  const providers = await openProviders({
    db,
    spaces,
    encryptionKey: config.encryptionKey,
    allowInternalEndpoints: config.allowInternalEndpoints,
  });
  const storage = createStorage({
    db,
    providers,
    onError: (err) => log.error({ err }, "failed in the background"),
  });
  teardown.add(async () => await storage.close());
  return await runReconcile(storage, {
    deleteUnknown,
    write: writeLine,
    say: saySentence,
    signal: interrupted.signal,
  });
}
