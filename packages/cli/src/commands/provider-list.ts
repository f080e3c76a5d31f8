import { listProviders, type ProviderSummary } from "@audiotricks/storage";
import type { Command } from "../command.ts";
import { textTable } from "../text-table.ts";

export const providerList: Command = {
  name: "provider list",
  synopsis: "",
  summary: "The buckets that files are in, without their secrets.",
  options: {},
  run: async ({ db }) => {
    const providers = await listProviders(db);
    const rows = providers.map((provider) => [
      provider.id,
      provider.name,
      provider.endpoint,
      provider.bucket,
      provider.accessKeyId,
      provider.secret,
      stateOf(provider),
    ]);
    return {
      json: { providers },
      text:
        providers.length === 0
          ? "There is no provider yet: provider add makes one."
          : textTable(["ID", "PROVIDER", "ENDPOINT", "BUCKET", "KEY", "SECRET", "STATE"], rows),
    };
  },
};

function stateOf({ isPrimary, isActive, purpose }: ProviderSummary): string {
  if (isPrimary) return "primary";
  if (!isActive) return "disabled";
  return purpose === "files" ? "active" : purpose;
}
