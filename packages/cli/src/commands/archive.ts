import { addArchiveRule, listArchiveRules, removeArchiveRule } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Words } from "../command.ts";
import { readId } from "../read-words.ts";
import { formatSize, parseSize } from "../sizes.ts";
import { textTable } from "../text-table.ts";

const KINDS = ["audio_file", "export_file", "avatar", "document", "backup"];
const LEAST_SIZE = 131_072;

export const archiveList: Command = {
  name: "archive list",
  synopsis: "",
  summary: "Which files go to a cold bucket.",
  options: {},
  run: async ({ db }) => {
    const rules = await listArchiveRules(db);
    const rows = rules.map((rule) => [
      rule.id,
      rule.providerId,
      rule.workspaceId ?? "all",
      `${rule.olderThanDays} days`,
      `${rule.unusedForDays} days`,
      rule.contentTypes?.join(", ") ?? "any",
      formatSize(rule.leastSize),
    ]);
    const head = ["RULE", "TO", "WORKSPACE", "OLDER THAN", "UNUSED FOR", "KIND", "FROM SIZE"];
    return { json: { rules }, text: rules.length === 0 ? "Nothing is archived." : textTable(head, rows) };
  },
};

export const archiveAdd: Command = {
  name: "archive add",
  synopsis:
    "--provider ID --older-than DAYS [--unused-for DAYS] [--workspace ID] [--kind KIND]… [--least-size SIZE]",
  summary: `Files that were stored, and last asked for, longer ago go to a cold bucket (provider add --cold). Whoever wants one asks for it, and waits. Not those that are public. KIND: ${KINDS.join(", ")}.`,
  options: {
    provider: { type: "string" },
    "older-than": { type: "string" },
    "unused-for": { type: "string" },
    workspace: { type: "string" },
    kind: { type: "string", multiple: true },
    "least-size": { type: "string" },
  },
  changes: (words) => {
    const resourceId = readId(words, "provider");
    return resourceId === undefined ? undefined : { action: "addArchiveRule", resourceId };
  },
  run: async ({ db, by }, words) => {
    const providerId = readId(words, "provider");
    if (providerId === undefined) throw new CliError("usage", "--provider is missing.");
    const olderThanDays = readDays(words, "older-than");
    if (olderThanDays === undefined) throw new CliError("usage", "--older-than is missing.");
    const kinds = words.all("kind");
    if (!kinds.every((kind) => KINDS.includes(kind)))
      throw new CliError("usage", `--kind must be one of ${KINDS.join(", ")}.`);
    const size = words.text("least-size");
    const leastSize = size === undefined ? LEAST_SIZE : parseSize(size);
    if (leastSize === undefined) throw new CliError("usage", "--least-size must be a size such as 1MiB.");
    const rule = {
      providerId,
      workspaceId: readId(words, "workspace") ?? null,
      olderThanDays,
      unusedForDays: readDays(words, "unused-for") ?? olderThanDays,
      contentTypes: kinds.length === 0 ? null : kinds,
      leastSize,
    };
    const id = await addArchiveRule(db, rule, by);
    return { json: { id }, text: `Added ${id}: servers archive what it means, from within a minute on.` };
  },
};

export const archiveRemove: Command = {
  name: "archive remove",
  synopsis: "RULE",
  summary: "Archives no more by this rule; what is archived stays so.",
  options: {},
  takesId: true,
  changes: () => ({ action: "removeArchiveRule", resourceId: undefined }),
  run: async ({ db, by }, words) => {
    const id = words.id();
    await removeArchiveRule(db, id, by);
    return { json: { id, removed: true }, text: `Removed ${id}.` };
  },
};

/** `90`, or `90d`. */
function readDays(words: Words, name: string): number | undefined {
  const text = words.text(name);
  if (text === undefined) return undefined;
  const days = Number(/^(\d{1,5})d?$/.exec(text)?.[1]);
  if (!(days >= 1 && days <= 36_500))
    throw new CliError("usage", `--${name} must be a number of days, from 1 on.`);
  return days;
}
