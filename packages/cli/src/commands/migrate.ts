import { migrate, migrateJobs } from "@audiotricks/migrations";
import { recordOperator } from "@audiotricks/storage";
import type { Command } from "../command.ts";

export const migrateCommand: Command = {
  name: "migrate",
  synopsis: "",
  summary: "Brings the database's schema and that of its jobs up to date, as a server does when it starts.",
  options: {},
  needsNoSchema: true,
  run: async ({ db, by }) => {
    const { applied, newer } = await migrate(db);
    // Beforehand there may be no log to write to.
    if (applied.length > 0)
      await recordOperator(db, by, { action: "migrate", outcome: "done", change: { after: { applied } } });
    const jobs = await migrateJobs(db);
    return { json: { applied, newer, jobs: jobs.state }, text: textOf(applied, newer) };
  },
};

function textOf(applied: string[], newer: string[]): string {
  const list = (names: string[]) => names.map((name) => `\n  ${name}`).join("");
  if (applied.length > 0) return `Applied:${list(applied)}`;
  if (newer.length > 0) return `The schema belongs to a newer release, which applied:${list(newer)}`;
  return "The schema is up to date.";
}
