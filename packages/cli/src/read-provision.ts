import { CDN_TTLS, type CdnTtl, type SpacesProvider } from "@audiotricks/storage";
import { CliError } from "./cli-error.ts";
import type { Words } from "./command.ts";
import type { ProvisionWishes } from "./provision.ts";
import type { Settings } from "./settings.ts";

/** A bucket that copies of the files are for, with the same key. */
export interface BackupWish {
  endpoint: string;
  region: string;
  bucket: string;
  isVersioned: boolean;
}

export const PROVISION_OPTIONS = {
  create: { type: "boolean" },
  origin: { type: "string", multiple: true },
  "backup-bucket": { type: "string" },
  "backup-endpoint": { type: "string" },
  "backup-region": { type: "string" },
  "backup-versions": { type: "boolean" },
  cdn: { type: "boolean" },
  "cdn-ttl": { type: "string" },
} as const;

const ONLY_WITH: readonly (readonly [name: string, needed: string])[] = [
  ["backup-bucket", "create"],
  ["backup-endpoint", "backup-bucket"],
  ["backup-region", "backup-bucket"],
  ["cdn", "create"],
  ["cdn-ttl", "cdn"],
];

/**
 * What `--create` is to make, besides the bucket; `undefined` without it.
 *
 * @throws {CliError} `usage`, `settings`. Nothing was asked of anybody yet.
 */
export function readProvision(
  words: Words,
  provider: SpacesProvider,
  settings: Settings,
): ProvisionWishes | undefined {
  const isThere = (name: string) => words.has(name) || words.text(name) !== undefined;
  for (const [name, needed] of ONLY_WITH)
    if (isThere(name) && !isThere(needed)) throw new CliError("usage", `--${name} goes with --${needed}.`);
  const isBackup = words.all("backup-of").length > 0;
  if (words.has("backup-versions") && !isBackup && words.text("backup-bucket") === undefined)
    throw new CliError("usage", "--backup-versions goes with --backup-bucket or --backup-of.");
  if (!words.has("create")) return undefined;
  // Nobody's page has anything to do there.
  if (isBackup)
    return {
      provider,
      rules: { allowedOrigins: [], isVersioned: words.has("backup-versions") },
      backup: undefined,
      cdn: undefined,
    };
  // Nor there: what is cold comes back to its bucket before anybody reads it, and stores take no CORS rules of such buckets.
  const isCold = words.has("cold");
  const allowedOrigins = isCold
    ? []
    : [...new Set([...settings.origins, ...words.all("origin").map(readOrigin)])];
  if (allowedOrigins.length === 0 && !isCold)
    throw new CliError(
      "settings",
      "--create needs to know whose pages upload: set ALLOWED_ORIGINS or PUBLIC_URL, or say --origin https://app.example.com.",
    );
  return {
    provider,
    rules: { allowedOrigins },
    backup: readBackup(words, provider),
    cdn: words.has("cdn") ? readCdn(words, provider, settings) : undefined,
  };
}

/** Exactly as a browser sends it. */
export function readOrigin(text: string): string {
  const origin = text.trim().replace(/\/$/, "");
  if (/^https?:\/\//.test(origin) && URL.parse(origin)?.origin === origin) return origin;
  throw new CliError(
    "usage",
    "--origin must be an origin such as https://app.example.com, without a path and without *.",
  );
}

function readBackup(words: Words, provider: SpacesProvider): BackupWish | undefined {
  const bucket = words.text("backup-bucket");
  if (bucket === undefined) return undefined;
  const [where, region] = [words.text("backup-endpoint"), words.text("backup-region")];
  const endpoint = where === undefined ? provider.endpoint : URL.parse(where)?.origin;
  if (endpoint === undefined || endpoint === "null")
    throw new CliError(
      "usage",
      "--backup-endpoint must be a URL such as https://ams3.digitaloceanspaces.com.",
    );
  if ((where === undefined) !== (region === undefined))
    throw new CliError(
      "usage",
      "Another region is another endpoint: give --backup-endpoint and --backup-region.",
    );
  if (endpoint === provider.endpoint && bucket === provider.bucket)
    throw new CliError("usage", "A bucket is no backup of itself: give --backup-bucket another name.");
  return { endpoint, region: region ?? provider.region, bucket, isVersioned: words.has("backup-versions") };
}

function readCdn(words: Words, { endpoint, cdnEndpoint }: SpacesProvider, { digitalOcean }: Settings) {
  if (cdnEndpoint !== undefined)
    throw new CliError(
      "usage",
      "--cdn makes the CDN endpoint, and --cdn-endpoint names one: give one of them.",
    );
  const ttl = CDN_TTLS.find((one): one is CdnTtl => String(one) === (words.text("cdn-ttl") ?? "3600"));
  if (ttl === undefined)
    throw new CliError("usage", `--cdn-ttl must be one of ${CDN_TTLS.join(", ")}, in seconds.`);
  if (digitalOcean === undefined)
    throw new CliError(
      "settings",
      "--cdn asks DigitalOcean's API, which takes no key of Spaces: set DIGITALOCEAN_TOKEN to a token that may change CDNs.",
    );
  if (digitalOcean.apiOrigin === undefined && !new URL(endpoint).hostname.endsWith(".digitaloceanspaces.com"))
    throw new CliError(
      "usage",
      "--cdn makes a CDN at DigitalOcean, whose buckets alone can be behind it: use --cdn-endpoint.",
    );
  return { access: digitalOcean, ttl };
}
