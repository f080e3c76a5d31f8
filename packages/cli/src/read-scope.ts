import type { UsageScope } from "@audiotricks/storage";
import { CliError } from "./cli-error.ts";
import type { Words } from "./command.ts";
import { isUuid } from "./read-words.ts";

/** `--user ID` or `--workspace ID`; `undefined` for neither. @throws {CliError} `usage`. */
export function readScope(words: Words): UsageScope | undefined {
  const [user, workspace] = [words.text("user"), words.text("workspace")];
  if (user !== undefined && workspace !== undefined)
    throw new CliError("usage", "Give --user or --workspace, not both.");
  const id = user ?? workspace;
  if (id === undefined) return undefined;
  if (!isUuid(id))
    throw new CliError("usage", "Users and workspaces are named by their ids, which are UUIDs.");
  return { scope: user === undefined ? "workspace" : "user", id: id.toLowerCase() };
}

const MAX_LIMIT = 10_000;

/** @throws {CliError} `usage`. */
export function readLimit(words: Words, byDefault: number): number {
  const text = words.text("limit") ?? String(byDefault);
  const limit = Number(text);
  if (!/^\d{1,5}$/.test(text) || limit < 1 || limit > MAX_LIMIT)
    throw new CliError("usage", `--limit must be a whole number from 1 to ${MAX_LIMIT}.`);
  return limit;
}
