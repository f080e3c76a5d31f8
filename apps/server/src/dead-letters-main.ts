import { type DeadLetterWishes, readDeadLetterWishes } from "./dead-letters/read-wishes.ts";
import { runDeadLetters } from "./dead-letters/run-dead-letters.ts";
import { lockEmbedded } from "./open-services.ts";
import {
  type OperatorSite,
  openMigratedDatabase,
  runOperatorCommand,
  saySentence,
  writeLine,
} from "./operator-command.ts";

// `npm run dead-letters -- …`: events that no receiver took, on stdout; sentences on stderr.
await runOperatorCommand(() => readDeadLetterWishes(process.argv.slice(2)), main);

async function main(site: OperatorSite, wishes: DeadLetterWishes): Promise<number> {
  // PostgreSQL is shared with the running server; the embedded database is not.
  if (site.config.databaseUrl === undefined) lockEmbedded(site.config, site.teardown);
  const { db } = await openMigratedDatabase(site);
  return await runDeadLetters(db, { wishes, write: writeLine, say: saySentence });
}
