import type { CORSRule, LifecycleRule } from "@aws-sdk/client-s3";
import { TEMPORARY_PREFIX } from "../object-key.ts";

/** Ours among a bucket's rules; a store that does not keep it has one more rule where origins change. */
const CORS_ID = "audiotricks-uploads";

/** What a page needs to send parts and to read what came of them. */
function corsRuleFor(allowedOrigins: string[]): CORSRule {
  return {
    ID: CORS_ID,
    AllowedOrigins: allowedOrigins,
    AllowedMethods: ["GET", "HEAD", "PUT", "POST"],
    AllowedHeaders: ["*"],
    ExposeHeaders: ["ETag"],
    MaxAgeSeconds: 3600,
  };
}

/** Those that are there, with ours for exactly these origins before them: somebody made the others for a reason. */
export function withOurCors(rules: readonly CORSRule[], allowedOrigins: string[]): CORSRule[] {
  return [corsRuleFor(allowedOrigins), ...rules.filter(({ ID }) => ID !== CORS_ID)];
}

/** Origins of our rule; `undefined` where it is not there, or has lost its name. */
export function originsOfOurCors(rules: readonly CORSRule[]): string[] | undefined {
  return rules.find(({ ID }) => ID === CORS_ID)?.AllowedOrigins;
}

/** Nothing under these is ever acknowledged; both are longer than any session lives. */
export const LIFECYCLE_RULES = [
  {
    ID: "temporary-uploads",
    Status: "Enabled",
    Filter: { Prefix: TEMPORARY_PREFIX },
    Expiration: { Days: 3 },
  },
  {
    ID: "incomplete-uploads",
    Status: "Enabled",
    Filter: { Prefix: "" },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 30 },
  },
] as const satisfies LifecycleRule[];
