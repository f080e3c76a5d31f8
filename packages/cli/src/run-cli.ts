import { randomUUID } from "node:crypto";
import { UploadError } from "@audiotricks/protocol";
import { type Database, OperatorError, recordOperator } from "@audiotricks/storage";
import type { Kysely } from "kysely";
import { CliError } from "./cli-error.ts";
import type { Command, EmbeddedEngine, Outcome, Site, Terminal, Words } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { openDatabase } from "./open-database.ts";
import { openEmbedded } from "./open-embedded.ts";
import { readWords } from "./read-words.ts";
import { readSettings, type Settings } from "./settings.ts";
import { relayCommand } from "./socket/relay-command.ts";
import { wrap } from "./wrap.ts";

/** What a server has, for a command that is run in it. */
export interface CommandSite {
  settings: Settings;
  /** Stays open. */
  db: Kysely<Database>;
  /** Where it is the embedded one. */
  embedded?: EmbeddedEngine | undefined;
}

/**
 * Runs one command. With `--json` there is exactly one JSON document: the result on `write`, or `{"error": …}` on `say`.
 *
 * @param site Of the server that runs it; without it settings are read, and the database that they name is opened.
 * @returns 0: done; 1: not done; 2: done, and somebody should look; 64: not understood.
 */
export async function runCli(args: string[], terminal: Terminal, site?: CommandSite): Promise<ExitCode> {
  const isJson = args.includes("--json");
  try {
    const command = findCommand(args);
    if (command === undefined || args.includes("--help")) {
      await terminal.write(`${await readHelp(command, isJson)}\n`);
      return EXIT.ok;
    }
    const words = readWords(command, args.slice(command.name.split(" ").length));
    const outcome = await run({ command, words, args }, terminal, site);
    if (typeof outcome === "number") return outcome;
    const { json, text, exitCode = EXIT.ok, isAside = false } = outcome;
    if (isAside) terminal.say(`${text}\n`);
    else await terminal.write(isJson ? `${JSON.stringify(json, undefined, 2)}\n` : `${text}\n`);
    return exitCode;
  } catch (error) {
    const { code, message, exitCode } = describe(error);
    terminal.say(isJson ? `${JSON.stringify({ error: { code, message } })}\n` : `${message}\n`);
    return exitCode;
  }
}

/** @returns The exit code alone where a server has run it, and has printed what there is. */
async function run(
  { command, words, args }: { command: Command; words: Words; args: string[] },
  terminal: Terminal,
  site: CommandSite | undefined,
): Promise<Outcome | ExitCode> {
  const settings = site?.settings ?? readSettings(terminal);
  const alone = command.alone?.({ terminal, settings }, words);
  if (alone !== undefined) return await alone;
  const by = { actor: `cli:${terminal.actor}`, requestId: `cli-${randomUUID()}` };
  if (site !== undefined) return await runOn({ terminal, by, ...site }, command, words);
  if (settings.databaseUrl === undefined) {
    const place = await openEmbedded(settings, command);
    if (place.kind === "server") return await relayCommand(place.connection, args, terminal);
    try {
      return await runOn(
        { terminal, by, settings: place.settings, db: place.db, embedded: place.embedded },
        command,
        words,
      );
    } finally {
      await place.close();
    }
  }
  const db = await openDatabase(settings.databaseUrl, { needsNoSchema: command.needsNoSchema === true });
  try {
    return await runOn({ terminal, by, settings, db }, command, words);
  } finally {
    await db.destroy();
  }
}

/** What was done is written down with it; what was refused, here. */
async function runOn(site: Site, command: Command, words: Words): Promise<Outcome> {
  try {
    return await command.run(site, words);
  } catch (error) {
    const { code } = describe(error);
    // Words that were not understood have asked for nothing.
    const about = code === "usage" ? undefined : command.changes?.(words);
    if (about !== undefined)
      // The error is what is to be told, also where the database is why.
      await recordOperator(site.db, site.by, { ...about, outcome: code }).catch(() => undefined);
    throw error;
  }
}

/** `undefined`: help is what is wanted. */
function findCommand(args: string[]): Command | undefined {
  const [first, second] = args;
  const found = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  if (found !== undefined) return found;
  if (first === undefined || first === "help" || first === "--help") return undefined;
  // Only what is a name of ours is repeated: what was typed may be a secret.
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  throw new CliError(
    "usage",
    group.length > 0
      ? `Say which: ${group.join(", ")}.`
      : "There is no such command: audiotricks-storage --help lists all of them.",
  );
}

async function readHelp(command: Command | undefined, isJson: boolean): Promise<string> {
  if (command === undefined) return HELP;
  if (!isJson) return helpOf(command);
  // Loaded by whoever asks.
  const { outputSchema } = await import("./outputs.ts");
  return JSON.stringify(outputSchema(command.name), undefined, 2);
}

const HELP = [
  "Usage: audiotricks-storage COMMAND [--json]",
  "",
  ...COMMANDS.flatMap(({ name, synopsis, summary }) => [
    ...wrap(`${name} ${synopsis}`.trimEnd(), "  ", "          "),
    ...wrap(summary, "      ", "      "),
  ]),
  "",
  "COMMAND --help explains one; COMMAND --help --json prints the JSON Schema of what it prints with --json.",
  "Settings are the server's, from the environment or .env: DATABASE_URL or DATA_DIR, STORAGE_ENCRYPTION_KEY, SPACES_…",
  "Ends with 0: done, 1: not done, 2: done and somebody should look, 64: not understood.",
].join("\n");

function helpOf({ name, synopsis, summary }: Command): string {
  const usage = wrap(`Usage: audiotricks-storage ${`${name} ${synopsis}`.trimEnd()} [--json]`, "", "    ");
  return `${usage.join("\n")}\n${wrap(summary, "", "").join("\n")}\nEnds with 0: done, 1: not done, 2: done and somebody should look, 64: not understood.`;
}

function describe(error: unknown): { code: string; message: string; exitCode: ExitCode } {
  if (error instanceof CliError) return error;
  if (error instanceof OperatorError || error instanceof UploadError)
    return { code: error.code, message: error.message, exitCode: EXIT.failed };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "internal", message: `This should not have happened: ${message}`, exitCode: EXIT.failed };
}
