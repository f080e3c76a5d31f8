import { UploadError } from "@audiotricks/protocol";
import { OperatorError } from "@audiotricks/storage";
import { CliError } from "./cli-error.ts";
import type { Command, Outcome, Terminal } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { openDatabase } from "./open-database.ts";
import { readWords } from "./read-words.ts";
import { readSettings } from "./settings.ts";

/**
 * Runs one command. With `--json` there is exactly one JSON document: the result on `write`, or `{"error": …}` on `say`.
 *
 * @returns 0: done; 1: not done; 2: done, and somebody should look; 64: not understood.
 */
export async function runCli(args: string[], terminal: Terminal): Promise<ExitCode> {
  const isJson = args.includes("--json");
  try {
    const command = findCommand(args);
    if (command === undefined || args.includes("--help")) {
      await terminal.write(`${command === undefined ? HELP : helpOf(command)}\n`);
      return EXIT.ok;
    }
    const { json, text, exitCode = EXIT.ok, isAside = false } = await run(command, args, terminal);
    if (isAside) terminal.say(`${text}\n`);
    else await terminal.write(isJson ? `${JSON.stringify(json, undefined, 2)}\n` : `${text}\n`);
    return exitCode;
  } catch (error) {
    const { code, message, exitCode } = describe(error);
    terminal.say(isJson ? `${JSON.stringify({ error: { code, message } })}\n` : `${message}\n`);
    return exitCode;
  }
}

async function run(command: Command, args: string[], terminal: Terminal): Promise<Outcome> {
  const words = readWords(command, args.slice(command.name.split(" ").length));
  const settings = readSettings(terminal);
  const alone = command.alone?.({ terminal, settings }, words);
  if (alone !== undefined) return await alone;
  const db = await openDatabase(settings, { needsNoSchema: command.needsNoSchema === true });
  try {
    return await command.run({ terminal, settings, db }, words);
  } finally {
    await db.destroy();
  }
}

/** `undefined`: help is what is wanted. */
function findCommand(args: string[]): Command | undefined {
  const [first, second] = args;
  const found = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  if (found !== undefined) return found;
  if (first === undefined || first === "help" || first === "--help") return undefined;
  throw new CliError("usage", "There is no such command: audiotricks-storage --help lists all of them.");
}

const HELP = [
  "Usage: audiotricks-storage COMMAND [--json]",
  "",
  ...COMMANDS.map(({ name, synopsis, summary }) => `  ${`${name} ${synopsis}`.trimEnd()}\n      ${summary}`),
  "",
  "Settings are the server's, from the environment or .env: DATABASE_URL, STORAGE_ENCRYPTION_KEY, SPACES_…",
  "Ends with 0: done, 1: not done, 2: done and somebody should look, 64: not understood.",
].join("\n");

function helpOf({ name, synopsis, summary }: Command): string {
  return `Usage: audiotricks-storage ${`${name} ${synopsis}`.trimEnd()} [--json]\n${summary}`;
}

function describe(error: unknown): { code: string; message: string; exitCode: ExitCode } {
  if (error instanceof CliError) return error;
  if (error instanceof OperatorError || error instanceof UploadError)
    return { code: error.code, message: error.message, exitCode: EXIT.failed };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "internal", message: `This should not have happened: ${message}`, exitCode: EXIT.failed };
}
