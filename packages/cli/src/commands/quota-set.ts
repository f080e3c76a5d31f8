import { clearQuota, setQuota } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { readScope } from "../read-scope.ts";
import { formatSize, parseSize } from "../sizes.ts";

const MAX_FILES = 2 ** 31 - 1;

export const quotaSet: Command = {
  name: "quota set",
  synopsis: "--user ID | --workspace ID [--bytes SIZE|none] [--files COUNT|none] [--default]",
  summary:
    "Gives a user or workspace limits of its own, such as --bytes 10GiB; none is no limit. --default takes them away again.",
  options: {
    user: { type: "string" },
    workspace: { type: "string" },
    bytes: { type: "string" },
    files: { type: "string" },
    default: { type: "boolean" },
  },
  changes: (words) => {
    const owner = readScope(words);
    return (
      owner && { action: owner.scope === "user" ? "setUserQuota" : "setWorkspaceQuota", resourceId: owner.id }
    );
  },
  run: async ({ db, by }, words) => {
    const scope = readScope(words);
    if (scope === undefined) throw new CliError("usage", "Whose quota? Give --user ID or --workspace ID.");
    const maxBytes = readLimit("bytes", words.text("bytes"), Number.MAX_SAFE_INTEGER);
    const maxFiles = readLimit("files", words.text("files"), MAX_FILES);
    const isNamed = maxBytes !== undefined || maxFiles !== undefined;
    if (words.has("default") === isNamed)
      throw new CliError("usage", "Give --bytes, --files or both, or --default alone.");
    if (!isNamed) {
      const hadOwn = await clearQuota(db, scope, by);
      return { json: { ...scope, hadOwn }, text: "The deployment's default holds." };
    }
    const change = {
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(maxFiles === undefined ? {} : { maxFiles }),
    };
    const limits = await setQuota(db, scope, change, by);
    return {
      json: { ...scope, ...limits },
      text: `${scope.scope} ${scope.id}: ${formatSize(limits.maxBytes)}, files: ${limits.maxFiles ?? "no limit"}.`,
    };
  },
};

function readLimit(name: string, text: string | undefined, max: number): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === "none") return null;
  const limit = name === "bytes" ? parseSize(text) : /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  if (limit === undefined || limit > max)
    throw new CliError(
      "usage",
      `--${name} must be ${name === "bytes" ? "a size such as 10GiB or 10737418240" : `a whole number up to ${MAX_FILES}`}, or none.`,
    );
  return limit;
}
