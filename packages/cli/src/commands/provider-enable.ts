import { enableProvider, openProviders } from "@audiotricks/storage";
import type { Command } from "../command.ts";

export const providerEnable: Command = {
  name: "provider enable",
  synopsis: "ID [--primary]",
  summary:
    "Uploads may go there again, after its key was tried; with --primary they do, instead of to the bucket that was primary until now.",
  options: { primary: { type: "boolean" } },
  takesId: true,
  changes: (words) => ({ action: "enableProvider", resourceId: words.id() }),
  run: async ({ db, settings, by }, words) => {
    const id = words.id();
    const { encryptionKey, allowInternalEndpoints, spaces } = settings;
    const providers = await openProviders({ db, given: spaces, encryptionKey, allowInternalEndpoints });
    const { isPrimary } = await enableProvider(db, id, { isPrimary: words.has("primary"), providers, by });
    return {
      json: { id, isActive: true, isPrimary },
      text: `Enabled ${id}${isPrimary ? "; new uploads go there within 15 s." : "."}`,
    };
  },
};
