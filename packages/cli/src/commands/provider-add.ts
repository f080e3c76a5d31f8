import { addProvider, readSpacesProvider, requireAddable, requireSupported } from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { describeSteps, provision } from "../provision.ts";
import { PROVISION_OPTIONS, readProvision } from "../read-provision.ts";
import { readSecret } from "../read-secret.ts";
import { requireKeyring } from "../require-keyring.ts";

export const providerAdd: Command = {
  name: "provider add",
  synopsis:
    "--endpoint URL --region REGION --bucket NAME --access-key-id ID [--secret-file FILE] [--name digitalocean_spaces|s3|gcs] [--cdn-endpoint URL] [--primary] [--create [--origin URL]… [--backup-bucket NAME [--backup-endpoint URL --backup-region REGION] [--backup-versions]] [--cdn [--cdn-ttl SECONDS]]]",
  summary:
    "Adds a bucket, after its key was tried there. The secret comes from the file or stdin. --primary: new uploads go there. --create makes what is not there yet, and says what was: the bucket and its rules for the pages of ALLOWED_ORIGINS, PUBLIC_URL and --origin; a bucket for backups; a CDN endpoint at DigitalOcean (DIGITALOCEAN_TOKEN). What stopped half way goes on when it is repeated.",
  options: {
    endpoint: { type: "string" },
    region: { type: "string" },
    bucket: { type: "string" },
    "access-key-id": { type: "string" },
    "secret-file": { type: "string" },
    name: { type: "string" },
    "cdn-endpoint": { type: "string" },
    primary: { type: "boolean" },
    ...PROVISION_OPTIONS,
  },
  changes: () => ({ action: "addProvider" }),
  run: async (site, words) => {
    const { db, settings, terminal, by } = site;
    const name = words.text("name");
    const endpoint = words.required("endpoint");
    requireSupported(/\.blob\.core\./.test(endpoint) ? "azure_blob" : (name ?? "digitalocean_spaces"));
    const [encryptionKey] = requireKeyring(settings);
    const { allowInternalEndpoints } = settings;
    const given = {
      SPACES_ENDPOINT: endpoint,
      SPACES_REGION: words.required("region"),
      SPACES_BUCKET: words.required("bucket"),
      SPACES_KEY: words.required("access-key-id"),
      SPACES_CDN_ENDPOINT: words.text("cdn-endpoint"),
    };
    // The same checks as for SPACES_… in the environment; its sentences name those settings.
    const read = (secret: string) => {
      const provider = readSpacesProvider({ ...given, SPACES_SECRET: secret });
      if (provider === undefined) throw new CliError("usage", "--endpoint is missing.");
      return provider;
    };
    // Words are looked at before a secret is asked for.
    readProvision(words, read("not yet"), settings);
    const provider = read(await readSecret(terminal, words.text("secret-file")));
    const isPrimary = words.has("primary");
    const options = { encryptionKey, allowInternalEndpoints, by };
    const wishes = readProvision(words, provider, settings);
    await requireAddable(db, { ...provider, name }, options);
    if (wishes?.backup !== undefined) await requireAddable(db, { ...wishes.backup, name }, options);
    const made = wishes && (await provision(site, wishes));
    const id = await addProvider(db, { ...provider, ...made?.cdn, name, isPrimary }, options);
    const lines = [
      ...describeSteps(made?.steps ?? []).map((line) => `${line}.`),
      `Added ${id}.${isPrimary ? " New uploads go there within 15 seconds." : ""}`,
    ];
    return {
      json: {
        id,
        isPrimary,
        steps: made?.steps ?? [],
        cdnEndpoint: made?.cdn?.cdnEndpoint ?? provider.cdnEndpoint ?? null,
        cdnId: made?.cdn?.cdnId ?? null,
        backup: wishes?.backup ?? null,
      },
      text: lines.join("\n"),
    };
  },
};
