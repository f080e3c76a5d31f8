import { parseArgs } from "node:util";
import { StartError } from "../start-error.ts";

/** What is to be done with events that were given up. */
export type DeadLetterWishes =
  | { do: "list"; limit: number; isJson: boolean }
  /** `null`: all of them. */
  | { do: "retry" | "drop"; ids: readonly string[] | null; isJson: boolean };

export const USAGE =
  "Usage: npm run dead-letters -- [list [--limit=N] | retry (ID… | --all) | drop (ID… | --all)] [--json]";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MOST_LISTED = 10_000;

/** @throws {StartError} With a sentence, for anything that is not exactly a wish. */
export function readDeadLetterWishes(args: readonly string[]): DeadLetterWishes {
  const { values, positionals } = parse(args);
  const [deed = "list", ...ids] = positionals;
  const isJson = values.json === true;
  if (deed === "list" && ids.length === 0 && values.all === undefined) {
    const limit = Number(values.limit ?? 100);
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST_LISTED)
      throw new StartError(`--limit is a whole number from 1 to ${MOST_LISTED}.`);
    return { do: "list", limit, isJson };
  }
  // Nothing is everybody's by default: who means all says so.
  const isOneOf = deed === "retry" || deed === "drop";
  if (!isOneOf || values.limit !== undefined || ids.length > 0 === (values.all === true))
    throw new StartError(USAGE);
  const odd = ids.find((id) => !UUID.test(id));
  if (odd !== undefined) throw new StartError(`${JSON.stringify(odd)} is not the id of an event.`);
  return {
    do: deed,
    ids: values.all === true ? null : [...new Set(ids.map((id) => id.toLowerCase()))],
    isJson,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { all: { type: "boolean" }, json: { type: "boolean" }, limit: { type: "string" } },
    });
  } catch (cause) {
    throw new StartError(USAGE, { cause });
  }
}
