import { z } from "zod";
import { booleanSetting, type Env, httpUrl } from "./config-settings.ts";

export interface SpacesConfig {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  cdnEndpoint: string | undefined;
  forcePathStyle: boolean;
  /** Make the bucket and its CORS rules at start; wants a key that may. */
  prepare: boolean;
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
  SPACES_REGION: z.string().optional(),
  SPACES_BUCKET: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "must be a bucket's name: 3 to 63 of a-z, 0-9, dot and hyphen",
    )
    .optional(),
  SPACES_KEY: z.string().optional(),
  SPACES_SECRET: z.string().optional(),
  SPACES_CDN_ENDPOINT: httpUrl.optional(),
  SPACES_FORCE_PATH_STYLE: booleanSetting.default(false),
  SPACES_PREPARE: booleanSetting.default(false),
});

/** `undefined` where nothing asks for a real store. Adds to `problems` what is wrong or half said. */
export function readSpaces(env: Env, problems: string[]): SpacesConfig | undefined {
  const given = Object.keys(env).filter((name) => name.startsWith("SPACES_"));
  if (given.length === 0) return undefined;
  const missing = REQUIRED.filter((name) => env[name] === undefined);
  for (const name of missing)
    problems.push(
      `${name} is missing: ${given.join(", ")} ask for a real store. Set it, or unset those for the local one.`,
    );
  const { success, data, error } = spaces.safeParse(env);
  if (!success) {
    for (const { path, message } of error.issues) problems.push(`${path.join(".")} ${message}.`);
    return undefined;
  }
  const { SPACES_ENDPOINT, SPACES_REGION, SPACES_BUCKET, SPACES_KEY, SPACES_SECRET } = data;
  if (!SPACES_ENDPOINT || !SPACES_REGION || !SPACES_BUCKET || !SPACES_KEY || !SPACES_SECRET) return undefined;
  return {
    endpoint: SPACES_ENDPOINT,
    region: SPACES_REGION,
    bucket: SPACES_BUCKET,
    accessKeyId: SPACES_KEY,
    secretAccessKey: SPACES_SECRET,
    cdnEndpoint: data.SPACES_CDN_ENDPOINT,
    forcePathStyle: data.SPACES_FORCE_PATH_STYLE,
    prepare: data.SPACES_PREPARE,
  };
}
