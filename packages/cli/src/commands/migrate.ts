import { migrate, migrateJobs } from "@audiotricks/migrations";
import type { Command } from "../command.ts";

export const migrateCommand: Command = {
  name: "migrate",
  synopsis: "",
  summary: "Brings the database's schema and that of its jobs up to date, as a server does when it starts.",
  options: {},
  needsNoSchema: true,
  run: async ({ db }) => {
    const { applied } = await migrate(db);
    const jobs = await migrateJobs(db);
    const text =
      applied.length === 0
        ? "The schema is up to date."
        : `Applied:\n${applied.map((name) => `  ${name}`).join("\n")}`;
    return { json: { applied, jobs: jobs.state }, text };
  },
};
