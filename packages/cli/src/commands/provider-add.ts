import {
  addProvider,
  addProviderWithBackup,
  readSpacesProvider,
  requireAddable,
  requireSupported,
} from "@audiotricks/storage";
import { CliError } from "../cli-error.ts";
import type { Command, Words } from "../command.ts";
import { describeSteps, provision } from "../provision.ts";
import { PROVISION_OPTIONS, readProvision } from "../read-provision.ts";
import { readSecret } from "../read-secret.ts";
import { isUuid } from "../read-words.ts";
import { requireKeyring } from "../require-keyring.ts";

export const providerAdd: Command = {
  name: "provider add",
  synopsis:
    "--endpoint URL --region REGION --bucket NAME --access-key-id ID [--secret-file FILE] [--name digitalocean_spaces|s3|gcs] [--cdn-endpoint URL [--cdn-id ID]] [--primary | --backup-of ID… [--backup-versions] | --cold] [--create [--origin URL]… [--backup-bucket NAME [--backup-endpoint URL --backup-region REGION] [--backup-versions]] [--cdn [--cdn-ttl SECONDS]]]",
  summary:
    "Adds a bucket, after its key was tried there. The secret comes from the file or stdin. --primary: new uploads go there. --backup-of: the files of those providers are copied there, and nobody uploads to it. --cold: archived files go there (see archive add), and nobody uploads to it. --create makes what is not there yet, and says what was: the bucket and its rules for the pages of ALLOWED_ORIGINS, PUBLIC_URL and --origin; a bucket that its files are copied to from now on; a CDN endpoint at DigitalOcean (DIGITALOCEAN_TOKEN). What stopped half way goes on when it is repeated.",
  options: {
    endpoint: { type: "string" },
    region: { type: "string" },
    bucket: { type: "string" },
    "access-key-id": { type: "string" },
    "secret-file": { type: "string" },
    name: { type: "string" },
    "cdn-endpoint": { type: "string" },
    "cdn-id": { type: "string" },
    primary: { type: "boolean" },
    "backup-of": { type: "string", multiple: true },
    cold: { type: "boolean" },
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
      SPACES_CDN_ID: readCdnId(words),
    };
    // The same checks as for SPACES_… in the environment; its sentences name those settings.
    const read = (secret: string) => {
      const provider = readSpacesProvider({ ...given, SPACES_SECRET: secret });
      if (provider === undefined) throw new CliError("usage", "--endpoint is missing.");
      return provider;
    };
    const backupOf = readBackupOf(words);
    const isCold = words.has("cold");
    if (
      isCold &&
      (words.has("primary") ||
        backupOf !== undefined ||
        words.has("cdn") ||
        words.text("cdn-endpoint") !== undefined)
    )
      throw new CliError(
        "usage",
        "--cold goes with none of --primary, --backup-of, --cdn and --cdn-endpoint.",
      );
    // Words are looked at before a secret is asked for.
    readProvision(words, read("not yet"), settings);
    const provider = read(await readSecret(terminal, words.text("secret-file")));
    const isPrimary = words.has("primary");
    const options = { encryptionKey, allowInternalEndpoints, by };
    const wishes = readProvision(words, provider, settings);
    await requireAddable(db, { ...provider, name }, options);
    if (wishes?.backup !== undefined) await requireAddable(db, { ...wishes.backup, name }, options);
    const made = wishes && (await provision(site, wishes));
    const added = { ...provider, ...made?.cdn, name, isPrimary, backupOf, isCold };
    const { id, backupId } =
      wishes?.backup === undefined
        ? { id: await addProvider(db, added, options), backupId: undefined }
        : await addProviderWithBackup(db, added, wishes.backup, options);
    const lines = [
      ...describeSteps(made?.steps ?? []).map((line) => `${line}.`),
      `Added ${id}.${isPrimary ? " New uploads go there within 15 seconds." : ""}`,
      ...((made?.cdn ?? provider).cdnId === undefined
        ? []
        : ["Servers purge its copies by DIGITALOCEAN_TOKEN: set it where they run, too."]),
      ...(backupId === undefined ? [] : [`Its files are copied to ${backupId}.`]),
      ...(backupOf === undefined ? [] : [`Files of ${backupOf.join(", ")} are copied there.`]),
    ];
    return {
      json: {
        id,
        isPrimary,
        steps: made?.steps ?? [],
        cdnEndpoint: made?.cdn?.cdnEndpoint ?? provider.cdnEndpoint ?? null,
        cdnId: made?.cdn?.cdnId ?? provider.cdnId ?? null,
        backup:
          backupId === undefined || wishes?.backup === undefined ? null : { id: backupId, ...wishes.backup },
        backupOf: backupOf ?? [],
      },
      text: lines.join("\n"),
    };
  },
};

/** By it the vendor is told to drop copies of files that are private again. */
function readCdnId(words: Words): string | undefined {
  const id = words.text("cdn-id");
  if (id === undefined) return undefined;
  if (words.text("cdn-endpoint") === undefined)
    throw new CliError("usage", "--cdn-id is of the CDN at --cdn-endpoint: name that too.");
  if (!isUuid(id)) throw new CliError("usage", "--cdn-id must be the vendor's id of the CDN, a UUID.");
  return id.toLowerCase();
}

function readBackupOf(words: Words): string[] | undefined {
  const ids = words.all("backup-of").map((id) => id.toLowerCase());
  if (ids.length === 0) return undefined;
  if (!ids.every(isUuid)) throw new CliError("usage", "--backup-of must be the id of a provider, a UUID.");
  for (const name of ["primary", "cdn", "backup-bucket", "cdn-endpoint"])
    if (words.has(name) || words.text(name) !== undefined)
      throw new CliError(
        "usage",
        `--${name} does not go with --backup-of: nobody uploads to copies or reads them.`,
      );
  return [...new Set(ids)];
}
