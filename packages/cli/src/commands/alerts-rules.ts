import { type AlertRule, listAlertRules, setAlertRule } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { textTable } from "../text-table.ts";

export const alertsRules: Command = {
  name: "alerts rules",
  synopsis: "",
  summary: "When a person is told, and how soon again of the same.",
  options: {},
  run: async ({ db }) => {
    const rules = await listAlertRules(db);
    return { json: { rules }, text: textTable(HEAD, rules.map(toRow)) };
  },
};

export const alertsSet: Command = {
  name: "alerts set",
  synopsis: "--kind KIND [--threshold N] [--cooldown 6h] [--on | --off]",
  summary:
    "Says when a person is told: beyond which threshold, in the unit that alerts rules shows, how soon again of the same, and whether at all.",
  options: {
    kind: { type: "string" },
    threshold: { type: "string" },
    cooldown: { type: "string" },
    on: { type: "boolean" },
    off: { type: "boolean" },
  },
  changes: () => ({ action: "setAlertRule" }),
  run: async ({ db, by }, words) => {
    const kind = words.required("kind");
    if (words.has("on") && words.has("off")) throw new CliError("usage", "Give --on or --off, not both.");
    const threshold = readWhole(words.text("threshold"));
    const cooldownSeconds = readDuration(words.text("cooldown"));
    const isEnabled = words.has("on") ? true : words.has("off") ? false : undefined;
    if ([threshold, cooldownSeconds, isEnabled].every((change) => change === undefined))
      throw new CliError("usage", "Give --threshold, --cooldown, --on or --off.");
    const rule = await setAlertRule(db, kind, { threshold, cooldownSeconds, isEnabled }, by);
    return { json: rule, text: textTable(HEAD, [toRow(rule)]) };
  },
};

const HEAD = ["KIND", "THRESHOLD", "IN", "NOT AGAIN FOR", ""];

function toRow({ kind, threshold, unit, cooldownSeconds, isEnabled }: AlertRule): string[] {
  return [
    kind,
    String(threshold),
    unit ?? "another release's",
    `${cooldownSeconds} s`,
    isEnabled ? "on" : "off",
  ];
}

function readWhole(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new CliError("usage", "--threshold must be a whole number.");
  return Number(text);
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

function readDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d{1,8})([smhd])$/.exec(text) ?? [];
  if (number === undefined) throw new CliError("usage", "--cooldown is a time such as 90s, 30m, 6h or 1d.");
  return Number(number) * SECONDS[unit as keyof typeof SECONDS];
}
