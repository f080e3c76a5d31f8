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
    const { applied } = await migrate(db);
    // Beforehand there may be no log to write to.
    if (applied.length > 0)
      await recordOperator(db, by, { action: "migrate", outcome: "done", change: { after: { applied } } });
    const jobs = await migrateJobs(db);
    const text =
      applied.length === 0
        ? "The schema is up to date."
        : `Applied:\n${applied.map((name) => `  ${name}`).join("\n")}`;
    return { json: { applied, jobs: jobs.state }, text };
  },
};
