import { UploadError } from "@audiotricks/protocol";
import { readSpacesProvider, type SpacesProvider } from "@audiotricks/storage";
import { z } from "zod";
import { booleanSetting, type Env, httpUrl } from "./config-settings.ts";

export interface SpacesConfig extends SpacesProvider {
  /** Make the bucket and its rules at start; wants a key that may. */
  prepare: boolean;
  /** Of DigitalOcean's own API, by which copies at the CDN are purged; `undefined`: they are not. */
  apiToken: string | undefined;
}

const REQUIRED = [
  "SPACES_ENDPOINT",
  "SPACES_REGION",
  "SPACES_BUCKET",
  "SPACES_KEY",
  "SPACES_SECRET",
] as const;

const spaces = z.object({
  SPACES_ENDPOINT: httpUrl.optional(),
  SPACES_BUCKET: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "must be a bucket's name: 3 to 63 of a-z, 0-9, dot and hyphen",
    )
    .optional(),
  SPACES_CDN_ENDPOINT: httpUrl.optional(),
  SPACES_CDN_ID: z.uuid("must be the CDN endpoint's id, a UUID; see: doctl compute cdn list").optional(),
  SPACES_FORCE_PATH_STYLE: booleanSetting.optional(),
  SPACES_TWO_HOSTS: booleanSetting.optional(),
  SPACES_PREPARE: booleanSetting.default(false),
});

/** `undefined` where nothing asks for a real store. Adds to `problems` what is wrong or half said. */
export function readSpaces(env: Env, problems: string[]): SpacesConfig | undefined {
  const before = problems.length;
  const given = Object.keys(env).filter((name) => name.startsWith("SPACES_"));
  if (given.length === 0) return undefined;
  for (const name of REQUIRED.filter((name) => env[name] === undefined))
    problems.push(
      `${name} is missing: ${given.join(", ")} ${given.length === 1 ? "asks" : "ask"} for a real store. Set it, or unset those for the local one.`,
    );
  const parsed = spaces.safeParse(env);
  for (const { path, message } of parsed.error?.issues ?? []) problems.push(`${path.join(".")} ${message}.`);
  const { SPACES_CDN_ID: cdnId, SPACES_CDN_ENDPOINT: cdn, DIGITALOCEAN_TOKEN: apiToken } = env;
  // By itself the token is for the CDNs of buckets that a command has added.
  const isForOwn = cdnId !== undefined || (apiToken !== undefined && cdn !== undefined);
  if (isForOwn && (cdnId === undefined || apiToken === undefined))
    problems.push("SPACES_CDN_ID and DIGITALOCEAN_TOKEN purge the CDN together: set both or none.");
  if (cdnId !== undefined && cdn === undefined)
    problems.push("SPACES_CDN_ENDPOINT is missing: SPACES_CDN_ID is that CDN's id.");
  if (problems.length > before || parsed.data === undefined) return undefined;
  try {
    const provider = readSpacesProvider(env);
    return provider && { ...provider, prepare: parsed.data.SPACES_PREPARE, apiToken };
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}
