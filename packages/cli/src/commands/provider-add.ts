import { addProvider, prepareBucket, readSpacesProvider, requireSupported } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { readSecret } from "../read-secret.ts";
import { requireKeyring } from "../require-keyring.ts";

export const providerAdd: Command = {
  name: "provider add",
  synopsis:
    "--endpoint URL --region REGION --bucket NAME --access-key-id ID [--secret-file FILE] [--name digitalocean_spaces|s3|gcs] [--cdn-endpoint URL] [--primary] [--create [--origin URL]…]",
  summary:
    "Adds a bucket, after its key was tried there. The secret comes from the file or stdin. --primary: new uploads go there. --create: makes the bucket and its rules for the pages of ALLOWED_ORIGINS, PUBLIC_URL and --origin.",
  options: {
    endpoint: { type: "string" },
    region: { type: "string" },
    bucket: { type: "string" },
    "access-key-id": { type: "string" },
    "secret-file": { type: "string" },
    name: { type: "string" },
    "cdn-endpoint": { type: "string" },
    primary: { type: "boolean" },
    create: { type: "boolean" },
    origin: { type: "string", multiple: true },
  },
  changes: () => ({ action: "addProvider" }),
  run: async ({ db, settings, terminal, by }, words) => {
    const name = words.text("name");
    const endpoint = words.required("endpoint");
    requireSupported(/\.blob\.core\./.test(endpoint) ? "azure_blob" : (name ?? "digitalocean_spaces"));
    const [encryptionKey] = requireKeyring(settings);
    const { allowInternalEndpoints } = settings;
    const allowedOrigins = [...settings.origins, ...words.all("origin")];
    if (words.has("create") && allowedOrigins.length === 0)
      throw new CliError(
        "settings",
        "--create needs to know whose pages upload: set ALLOWED_ORIGINS or PUBLIC_URL, or say --origin https://app.example.com.",
      );
    // The same checks as for SPACES_… in the environment; its sentences name those settings.
    const provider = readSpacesProvider({
      SPACES_ENDPOINT: endpoint,
      SPACES_REGION: words.required("region"),
      SPACES_BUCKET: words.required("bucket"),
      SPACES_KEY: words.required("access-key-id"),
      SPACES_SECRET: await readSecret(terminal, words.text("secret-file")),
      SPACES_CDN_ENDPOINT: words.text("cdn-endpoint"),
    });
    if (provider === undefined) throw new CliError("usage", "--endpoint is missing.");
    const isPrimary = words.has("primary");
    if (words.has("create")) await prepareBucket(provider, { allowedOrigins });
    const id = await addProvider(
      db,
      { ...provider, name, isPrimary },
      { encryptionKey, allowInternalEndpoints, by },
    );
    return {
      json: { id, isPrimary },
      text: `Added ${id}.${isPrimary ? " New uploads go there within 15 seconds." : ""}`,
    };
  },
};
