import { parseArgs } from "node:util";
import { CliError } from "./cli-error.ts";
import type { Command, Words } from "./command.ts";

/** Every command has these. */
const COMMON_OPTIONS = { json: { type: "boolean" }, help: { type: "boolean" } } as const;

/**
 * @param args What follows the command's name.
 * @throws {CliError} `usage`. It repeats names of options and nothing else: what was typed may be a secret.
 */
export function readWords(command: Command, args: string[]): Words {
  const usage = (problem: string) =>
    new CliError(
      "usage",
      `${problem} Usage: audiotricks-storage ${command.name} ${command.synopsis}`.trimEnd(),
    );
  const parsed = parse(command, args, usage);
  const values: Record<string, unknown> = parsed.values;
  const ids = parsed.positionals.map((id) => id.toLowerCase());
  // Before anything is asked of a database.
  if (command.takesId === true && ids.length !== 1) throw usage("Give one id, a UUID.");
  if (!ids.every(isUuid)) throw usage("Ids are UUIDs.");
  const text: Words["text"] = (name) => {
    const value = values[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  return {
    text,
    required: (name) => {
      const value = text(name);
      if (value === undefined) throw usage(`--${name} is missing.`);
      return value;
    },
    has: (name) => values[name] === true,
    all: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
    },
    id: () => ids[0] ?? "",
    ids: () => [...new Set(ids)],
  };
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Of `--user ID` and the like, in lower case. @throws {CliError} `usage`. */
export function readId(words: Words, name: string): string | undefined {
  const id = words.text(name);
  if (id !== undefined && !isUuid(id)) throw new CliError("usage", `--${name} must be an id, a UUID.`);
  return id?.toLowerCase();
}

function parse(command: Command, args: string[], usage: (problem: string) => CliError) {
  const options = { ...command.options, ...COMMON_OPTIONS };
  // Looked at before anything could repeat what follows it.
  if (args.some((arg) => /^--(?!secret-file(=|$))[\w-]*(secret|password)/i.test(arg)))
    throw usage(
      "Secrets are not taken from arguments, which other users of the machine can read: use --secret-file, or stdin.",
    );
  try {
    return parseArgs({ args, options, allowPositionals: command.takesId !== undefined, strict: true });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const option = cause instanceof Error ? /'(?:-\w, )?(--?[\w-]+)/.exec(cause.message)?.[1] : undefined;
    if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw usage(`There is no option ${option ?? "like that"}.`);
    if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE")
      throw usage(`${option ?? "An option"} is not given as it should be.`);
    if (code === "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL") throw usage("There is a word too many.");
    throw cause;
  }
}
