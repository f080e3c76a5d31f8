import { disableProvider } from "@audiotricks/storage";
import type { Command } from "../command.ts";

export const providerDisable: Command = {
  name: "provider disable",
  synopsis: "ID [--leave-no-primary]",
  summary: "No new uploads go there. Files that are there stay readable, and uploads under way go on.",
  options: { "leave-no-primary": { type: "boolean" } },
  takesId: true,
  changes: (words) => ({ action: "disableProvider", resourceId: words.id() }),
  run: async ({ db, by }, words) => {
    const id = words.id();
    await disableProvider(db, id, { leaveNoPrimary: words.has("leave-no-primary"), by });
    return { json: { id, isActive: false }, text: `Disabled ${id}.` };
  },
};
